import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Matrix } from '../../lib/base/matrix';
import { LabelEncoder, labelEncoder } from '../../lib/preprocessing';
import { itRejects } from '../support/bad-input';

describe('labelEncoder', () => {
  const animals = labelEncoder().fit(['cow', 'cat', 'dog', 'cat']);
  const answers = labelEncoder().fit(['yes', 'no']);

  it('makes rows of several classes, in both dtypes', () => {
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

  it('comes back from JSON', () => {
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
    {
      what: 'classes before fit',
      call: () => labelEncoder().classes,
      error: Error,
      code: 'ERR_BLASNET_NOT_FITTED',
      message: 'Expected fit to be called before the encoder is used',
    },
    {
      what: 'an unknown class',
      call: () => animals.oneHot(['cat', 'cows']),
      error: RangeError,
      code: 'ERR_BLASNET_ARG_VALUE',
      message: 'Expected labels[1] to be one of the classes "cat", "cow", "dog", got "cows" (string)',
    },
    {
      what: 'labels of two kinds',
      call: () => labelEncoder().fit(['1', 1] as never),
      error: TypeError,
      code: 'ERR_BLASNET_ARG_TYPE',
      message: 'Expected labels[1] to be a string like labels[0], got 1 (number)',
    },
    {
      what: 'a label that is neither',
      call: () => labelEncoder().fit([true] as never),
      error: TypeError,
      code: 'ERR_BLASNET_ARG_TYPE',
      message:
        'Expected labels[0] to be a string or a number, got true (boolean); write 1 for true and 0 for false',
    },
    {
      what: 'text for labels',
      call: () => labelEncoder().fit('cat' as never),
      error: TypeError,
      code: 'ERR_BLASNET_ARG_TYPE',
      message: 'Expected labels to be an array of strings or of numbers, got "cat" (string)',
    },
    {
      what: 'no labels',
      call: () => labelEncoder().fit([]),
      error: RangeError,
      code: 'ERR_BLASNET_SHAPE',
      message: 'Expected labels to be a non-empty array, got an array of length 0',
    },
    {
      what: 'a label of NaN',
      call: () => labelEncoder().fit([Number.NaN]),
      error: RangeError,
      code: 'ERR_BLASNET_NOT_FINITE',
      message: 'Expected labels[0] to be a string or a finite number, got NaN (number)',
    },
    {
      what: 'one column for three classes',
      call: () => animals.binary(['cat']),
      error: RangeError,
      code: 'ERR_BLASNET_SHAPE',
      message: 'Expected binary to be used with 2 classes, got 3; oneHot takes any number',
    },
    {
      what: 'a dtype that does not exist',
      call: () => animals.oneHot(['cat'], 'float16' as never),
      error: RangeError,
      code: 'ERR_BLASNET_UNKNOWN_NAME',
      message: `Expected dtype to be one of 'float64', 'float32', got "float16" (string)`,
    },
    {
      what: 'an index beyond the classes',
      call: () => animals.decode([3]),
      error: RangeError,
      code: 'ERR_BLASNET_ARG_VALUE',
      message: 'Expected outputs[0] to be an integer from 0 to 2, got 3 (number)',
    },
    {
      what: 'outputs of other columns',
      call: () => answers.decode(Matrix.zeros(1, 3)),
      error: RangeError,
      code: 'ERR_BLASNET_SHAPE',
      message: 'Expected outputs to have 2 or 1 columns, one for each class, got 3',
    },
    {
      what: 'an output of NaN',
      call: () => answers.decode(Matrix.from([[0.5], [Number.NaN]])),
      error: RangeError,
      code: 'ERR_BLASNET_NOT_FINITE',
      message: 'Expected outputs to hold numbers, got NaN at row 1, column 0',
    },
    {
      what: 'text for outputs',
      call: () => answers.decode('yes' as never),
      error: TypeError,
      code: 'ERR_BLASNET_ARG_TYPE',
      message: 'Expected outputs to be a Matrix, an array of rows or an array of indices, got "yes" (string)',
    },
    {
      what: 'JSON of something else',
      call: () => read(['a'], { name: 'encoder' }),
      error: RangeError,
      code: 'ERR_BLASNET_ARG_VALUE',
      message: `Expected labelEncoder.name to be 'labelEncoder', got "encoder" (string)`,
    },
    {
      what: 'JSON of another version',
      call: () => read(['a'], { version: '1' }),
      error: RangeError,
      code: 'ERR_BLASNET_ARG_VALUE',
      message: 'Expected labelEncoder.version to be 1, got "1" (string)',
    },
    {
      what: 'JSON with more',
      call: () => read(['a'], { size: 1 }),
      error: TypeError,
      code: 'ERR_BLASNET_UNKNOWN_OPTION',
      message: 'Unknown option "size" in labelEncoder; known: name, version, classes, stated',
    },
    {
      what: 'JSON without classes',
      call: () => read(undefined),
      error: TypeError,
      code: 'ERR_BLASNET_ARG_TYPE',
      message: 'Expected labelEncoder.classes to be an array of strings or of numbers, got undefined',
    },
    {
      what: 'JSON whose classes are out of order',
      call: () => read(['b', 'a']),
      error: RangeError,
      code: 'ERR_BLASNET_ARG_VALUE',
      message: 'Expected labelEncoder.classes[1] to be greater than the class before it, got "a" (string)',
    },
  ]);
});
