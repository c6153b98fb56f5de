// labelEncoder({ classes }): classes that are stated, and not learned.

import { describe, expect, it } from 'vitest';
import { LabelEncoder, labelEncoder } from '../../lib/preprocessing';
import { expectError, itRejects, rejectionOf } from '../support/bad-input';
import { notFinite, range, shape, type, unknownOption } from './rows';

const sizes = ['small', 'medium', 'large'] as const;

describe('stated classes', () => {
  it('are known at once, in their order', async () => {
    const encoder = labelEncoder({ classes: sizes });
    expect([encoder.fitted, encoder.classes]).toEqual([true, ['small', 'medium', 'large']]);
    expect([...encoder.indices(['large', 'small'])]).toEqual([2, 0]);
    expect(encoder.oneHot(['medium']).toArray()).toEqual([[0, 1, 0]]);
    expect((await encoder.signsAsync(['medium'])).toArray()).toEqual([[-1, 1, -1]]);
    expect(encoder.decode([1, 2])).toEqual(['medium', 'large']);
    expect(
      labelEncoder({ classes: ['yes', 'no'] })
        .binary(['no', 'yes'])
        .toArray(),
    ).toEqual([[1], [0]]);
    expect(labelEncoder({ classes: Float64Array.of(3, 1) as never }).decode([0])).toEqual([3]);
  });

  it('stay when labels are fitted, which must be among them', async () => {
    const encoder = labelEncoder({ classes: sizes });
    encoder.fit(['large', 'small']);
    await encoder.fitAsync(['medium']);
    expect(encoder.classes).toEqual(['small', 'medium', 'large']);
    const message =
      'Expected labels[1] to be one of the classes "small", "medium", "large", got "huge" (string)';
    expectError(() => encoder.fit(['small', 'huge']), RangeError, 'ERR_BLASNET_ARG_VALUE', message);
    expect(await rejectionOf(encoder.fitAsync(['small', 'huge']))).toMatchObject({ message });
    expect(encoder.classes).toEqual(['small', 'medium', 'large']);
  });

  it('stay stated in JSON and in a copy', () => {
    const encoder = labelEncoder({ classes: sizes });
    const json = { name: 'labelEncoder', version: 1, classes: ['small', 'medium', 'large'], stated: true };
    expect(encoder.toJSON()).toEqual(json);
    for (const copy of [LabelEncoder.fromJSON(JSON.parse(JSON.stringify(encoder))), encoder.copy()]) {
      expect(copy.toJSON()).toEqual(json);
      expect(() => copy.fit(['huge'])).toThrow('one of the classes');
    }
    // Learned classes have the JSON that they had.
    expect(labelEncoder().fit(['b', 'a']).toJSON()).toEqual({
      name: 'labelEncoder',
      version: 1,
      classes: ['a', 'b'],
    });
  });

  it('are the caller’s array no longer', () => {
    const classes = ['b', 'a'];
    const encoder = labelEncoder({ classes });
    classes.reverse();
    expect(encoder.classes).toEqual(['b', 'a']);
  });

  const read = (changes: object) =>
    LabelEncoder.fromJSON({ ...labelEncoder({ classes: sizes }).toJSON(), ...changes });
  itRejects([
    type(
      'one name',
      () => labelEncoder({ classes: 'ab' as never }),
      'classes to be an array of strings or of numbers, got "ab" (string)',
    ),
    type(
      'no array',
      () => labelEncoder({ classes: null as never }),
      'classes to be an array of strings or of numbers, got null',
    ),
    shape(
      'no class',
      () => labelEncoder({ classes: [] }),
      'classes to be a non-empty array, got an array of length 0',
    ),
    range(
      'a class twice',
      () => labelEncoder({ classes: ['a', 'b', 'a'] }),
      'classes[2] to be unlike the classes before it, got "a" (string)',
    ),
    range(
      'a zero of each sign',
      () => labelEncoder({ classes: [0, -0] }),
      'classes[1] to be unlike the classes before it, got 0 (number)',
    ),
    type(
      'strings and numbers',
      () => labelEncoder({ classes: ['a', 1] }),
      'classes[1] to be a string like classes[0], got 1 (number)',
    ),
    type(
      'a class that is no name',
      () => labelEncoder({ classes: [true] as never }),
      'classes[0] to be a string or a number, got true (boolean); write 1 for true and 0 for false',
    ),
    notFinite(
      'NaN',
      () => labelEncoder({ classes: [Number.NaN] }),
      'classes[0] to be a string or a finite number, got NaN (number)',
    ),
    unknownOption(
      'another option',
      () => labelEncoder({ class: ['a'] } as never),
      '"class"; did you mean "classes"?',
    ),
    range(
      'JSON with a class twice',
      () => read({ classes: ['a', 'a'] }),
      'labelEncoder.classes[1] to be unlike the classes before it, got "a" (string)',
    ),
    type(
      'JSON that states by a word',
      () => read({ stated: 'yes' }),
      'labelEncoder.stated to be true or false, got "yes" (string)',
    ),
    range(
      'JSON of learned classes in another order',
      () => read({ stated: undefined, classes: ['b', 'a'] }),
      'labelEncoder.classes[1] to be greater than the class before it, got "a" (string)',
    ),
  ]);

  it('are at most a million', () => {
    const classes = Array.from({ length: 2 ** 20 + 1 }, (_, i) => i);
    const message = 'Expected classes to have at most 1048576 classes, got 1048577';
    expectError(() => labelEncoder({ classes }), RangeError, 'ERR_BLASNET_SHAPE', message);
  });
});
