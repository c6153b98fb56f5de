import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Matrix } from '../../lib/base/matrix';
import { LabelEncoder, labelEncoder } from '../../lib/preprocessing';
import { itRejects } from '../support/bad-input';

describe('labelEncoder', () => {
  const animals = labelEncoder().fit(['cow', 'cat', 'dog', 'cat']);
  const answers = labelEncoder().fit(['yes', 'no']);

  it('makes rows, in both dtypes', () => {
    expect(animals.classes).toEqual(['cat', 'cow', 'dog']);
    expect(animals.indices(['dog', 'cat'])).toEqual(Int32Array.of(2, 0));
    expect(animals.oneHot(['dog', 'cat'])).toEqual(
      Matrix.from([
        [0, 0, 1],
        [1, 0, 0],
      ]),
    );
    expect(animals.signs(['cow'], 'float32')).toEqual(Matrix.from([[-1, 1, -1]], 'float32'));
  });

  it('makes one column of two classes', () => {
    expect(answers.binary(['yes', 'no', 'yes'])).toEqual(Matrix.from([[1], [0], [1]]));
    expect(answers.signs(['yes', 'no'])).toEqual(Matrix.from([[1], [-1]]));
    expect(answers.oneHot(['yes'])).toEqual(Matrix.from([[0, 1]]));
  });

  it('names the largest output, the first of equals', () => {
    expect(
      animals.decode(
        Matrix.from([
          [0.2, 0.4, 0.4],
          [0.1, 0, 0.9],
        ]),
      ),
    ).toEqual(['cow', 'dog']);
    expect(animals.decode(Int32Array.of(2, 0))).toEqual(['dog', 'cat']);
    expect(answers.decode(Matrix.from([[0.6], [0.5]]))).toEqual(['yes', 'no']);
    expect(answers.decode(Matrix.from([[0.1], [-0.1]]), { threshold: 0 })).toEqual(['yes', 'no']);
    expect(answers.decode(Matrix.from([[0.6, 0.4]]))).toEqual(['no']);
  });

  it('takes typed arrays of numbers', () => {
    const encoder = labelEncoder().fit(Float64Array.of(7, -1, 7));
    expect(encoder.classes).toEqual([-1, 7]);
    expect(encoder.indices([7])).toEqual(Int32Array.of(1));
  });

  it('takes names of properties for names', () => {
    const encoder = labelEncoder().fit(['__proto__', 'constructor', '']);
    expect(encoder.decode(encoder.indices(['constructor', '', '__proto__']))).toEqual([
      'constructor',
      '',
      '__proto__',
    ]);
  });

  it('comes back, from a file as well', () => {
    const labels = fc.oneof(
      fc.array(fc.string({ unit: 'grapheme' }), { minLength: 1 }),
      fc.array(fc.double({ noNaN: true, noDefaultInfinity: true }), { minLength: 1 }),
    );
    fc.assert(
      fc.property(labels, (given) => {
        const encoder = labelEncoder().fit(given as string[]);
        const restored = LabelEncoder.fromJSON(JSON.parse(JSON.stringify(encoder)));
        expect(restored.toJSON()).toEqual(encoder.toJSON());
        const expected = given.map((label) => (typeof label === 'number' ? label + 0 : label));
        expect(restored.decode(restored.oneHot(given))).toEqual(expected);
        expect(new Set(encoder.classes).size).toBe(encoder.classes.length);
      }),
    );
  });

  const read = (classes: unknown, rest: object = {}) =>
    LabelEncoder.fromJSON({ name: 'labelEncoder', version: 1, classes, ...rest });

  itRejects([
    [
      'classes before fit',
      () => labelEncoder().classes,
      Error,
      'ERR_BLASNET_NOT_FITTED',
      'Expected the encoder to be used after fit, got no fit before it',
    ],
    [
      'an unknown class',
      () => animals.oneHot(['cat', 'cows']),
      RangeError,
      'ERR_BLASNET_ARG_VALUE',
      'Expected labels[1] to be one of the classes "cat", "cow", "dog", got "cows" (string)',
    ],
    [
      'labels of two kinds',
      () => labelEncoder().fit(['1', 1] as never),
      TypeError,
      'ERR_BLASNET_ARG_TYPE',
      'Expected labels[1] to be a string, as the first, got 1 (number)',
    ],
    [
      'a label that is neither',
      () => labelEncoder().fit([true] as never),
      TypeError,
      'ERR_BLASNET_ARG_TYPE',
      'Expected labels[0] to be a string or a number, got true (boolean)',
    ],
    [
      'text for labels',
      () => labelEncoder().fit('cat' as never),
      TypeError,
      'ERR_BLASNET_ARG_TYPE',
      'Expected labels to be an array of strings or of numbers, got "cat" (string)',
    ],
    [
      'no labels',
      () => labelEncoder().fit([]),
      RangeError,
      'ERR_BLASNET_SHAPE',
      'Expected labels to be a non-empty array, got an array of length 0',
    ],
    [
      'a label of NaN',
      () => labelEncoder().fit([Number.NaN]),
      RangeError,
      'ERR_BLASNET_NOT_FINITE',
      'Expected labels[0] to be a string or a finite number, got NaN (number)',
    ],
    [
      'one column for three classes',
      () => animals.binary(['cat']),
      RangeError,
      'ERR_BLASNET_SHAPE',
      'Expected binary to be used with 2 classes, got 3; oneHot takes any number',
    ],
    [
      'a dtype that does not exist',
      () => animals.oneHot(['cat'], 'float16' as never),
      RangeError,
      'ERR_BLASNET_UNKNOWN_NAME',
      `Expected dtype to be one of 'float64', 'float32', got "float16" (string)`,
    ],
    [
      'an index beyond the classes',
      () => animals.decode([3]),
      RangeError,
      'ERR_BLASNET_ARG_VALUE',
      'Expected outputs[0] to be an integer from 0 to 2, got 3 (number)',
    ],
    [
      'outputs of other columns',
      () => answers.decode(Matrix.zeros(1, 3)),
      RangeError,
      'ERR_BLASNET_SHAPE',
      'Expected outputs to have 2 or 1 columns, one a class, got 3',
    ],
    [
      'an output of NaN',
      () => answers.decode(Matrix.from([[0.5], [Number.NaN]])),
      RangeError,
      'ERR_BLASNET_NOT_FINITE',
      'Expected outputs to hold numbers, got NaN at row 1, column 0',
    ],
    [
      'text for outputs',
      () => answers.decode('yes' as never),
      TypeError,
      'ERR_BLASNET_ARG_TYPE',
      'Expected outputs to be a Matrix or an array of indices, got "yes" (string)',
    ],
    [
      'JSON of something else',
      () => read(['a'], { name: 'encoder' }),
      RangeError,
      'ERR_BLASNET_ARG_VALUE',
      `Expected labelEncoder.name to be 'labelEncoder', got "encoder" (string)`,
    ],
    [
      'JSON of another version',
      () => read(['a'], { version: '1' }),
      RangeError,
      'ERR_BLASNET_ARG_VALUE',
      'Expected labelEncoder.version to be 1, got "1" (string)',
    ],
    [
      'JSON with more',
      () => read(['a'], { size: 1 }),
      TypeError,
      'ERR_BLASNET_UNKNOWN_OPTION',
      'Unknown option "size" in labelEncoder; known: name, version, classes',
    ],
    [
      'JSON without classes',
      () => read(undefined),
      TypeError,
      'ERR_BLASNET_ARG_TYPE',
      'Expected labelEncoder.classes to be an array of strings or of numbers, got undefined',
    ],
    [
      'JSON whose classes are out of order',
      () => read(['b', 'a']),
      RangeError,
      'ERR_BLASNET_ARG_VALUE',
      'Expected labelEncoder.classes[1] to be after the class before it, in ascending order, got "a" (string)',
    ],
  ]);
});
