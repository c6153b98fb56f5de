import { describe, expect, it } from 'vitest';
import { imputer, minMaxScaler, oneHotEncoder, Preprocessing, preprocessing } from '../../lib/preprocessing';
import { expectError, itRejects } from '../support/bad-input';
import { range, shape, type, unknownOption } from './rows';

const nan = Number.NaN;

describe('JSON from elsewhere', () => {
  const whole = preprocessing([
    imputer({ indicators: true }),
    oneHotEncoder({ columns: [1] }),
    minMaxScaler({ clip: true }),
  ])
    .fit([
      [1, 2],
      [nan, 3],
    ])
    .toJSON();

  /** Reads a copy with one value changed: at ['steps', 0, 'fill'] for instance. */
  const withChange = (path: readonly (string | number)[], value: unknown) => () => {
    const copy = structuredClone(whole) as never;
    let parent: Record<string | number, unknown> = copy;
    for (const key of path.slice(0, -1)) parent = parent[key] as typeof parent;
    parent[path.at(-1) as string] = value;
    return Preprocessing.fromJSON(copy);
  };
  const at = 'preprocessing.steps';

  it('is taken as it was written', () => {
    expect(Preprocessing.fromJSON(JSON.parse(JSON.stringify(whole))).toJSON()).toEqual(whole);
  });

  itRejects([
    type('null', () => Preprocessing.fromJSON(null), 'preprocessing to be an object, got null'),
    type('text', () => Preprocessing.fromJSON('{}'), 'preprocessing to be an object, got "{}" (string)'),
    range(
      'something else',
      withChange(['name'], 'model'),
      `preprocessing.name to be 'preprocessing', got "model" (string)`,
    ),
    range(
      'a version to come',
      withChange(['version'], 2),
      'preprocessing.version to be an integer from 1 to 1, got 2 (number)',
    ),
    unknownOption('more', withChange(['extra'], 1), '"extra" in preprocessing; known: name, version, steps'),
    type(
      'steps in an object',
      withChange(['steps'], {}),
      `${at} to be an array of steps, got an object (Object)`,
    ),
    shape(
      'no steps',
      withChange(['steps'], []),
      `${at} to be an array of 1 to 100 steps, got an array of length 0`,
    ),
    shape(
      'endless steps',
      withChange(['steps'], Array(2 ** 32 - 1)),
      `${at} to be an array of 1 to 100 steps, got an array of length 4294967295`,
    ),
    type('a hole for a step', withChange(['steps'], Array(1)), `${at}[0] to be an object, got undefined`),
    type(
      'a step without a name',
      withChange(['steps', 0, 'name'], 3),
      `${at}[0].name to be the name of a step, got 3 (number)`,
    ),
    {
      what: 'a step that does not exist',
      call: withChange(['steps', 0, 'name'], '__proto__'),
      error: RangeError,
      code: 'ERR_BLASNET_UNKNOWN_NAME',
      message: `Unknown step "__proto__" in ${at}[0]; known: standardScaler, minMaxScaler, robustScaler, imputer, oneHotEncoder. Pass your own steps in the option steps`,
    },
    unknownOption(
      'another step’s state',
      withChange(['steps', 0, 'name'], 'minMaxScaler'),
      `"fill" in ${at}[0]; known: name, inputColumns, columns, center, scale, offset, clip`,
    ),
    range(
      'no columns',
      withChange(['steps', 0, 'inputColumns'], 0),
      `${at}[0].inputColumns to be an integer from 1 to 1048576, got 0 (number)`,
    ),
    range(
      'endless columns',
      withChange(['steps', 0, 'inputColumns'], 1e15),
      `${at}[0].inputColumns to be an integer from 1 to 1048576, got 1000000000000000 (number)`,
    ),
    range(
      'a column beyond',
      withChange(['steps', 0, 'columns'], [0, 2]),
      `${at}[0].columns[1] to be an integer from 0 to 1, got 2 (number)`,
    ),
    range(
      'columns out of order',
      withChange(['steps', 0, 'columns'], [1, 0]),
      `${at}[0].columns[1] to be above 1, the number before it, got 0 (number)`,
    ),
    type(
      'columns of text',
      withChange(['steps', 0, 'columns'], ['0', 1]),
      `${at}[0].columns[0] to be an integer from 0 to 1, got "0" (string)`,
    ),
    type(
      'no list',
      withChange(['steps', 0, 'fill'], { length: 2 }),
      `${at}[0].fill to be an array of numbers, got an object (Object)`,
    ),
    shape(
      'a short list',
      withChange(['steps', 0, 'fill'], [1]),
      `${at}[0].fill to be of length 2, got an array of length 1`,
    ),
    shape(
      'a huge list',
      withChange(['steps', 0, 'columns'], Array(2 ** 31)),
      `${at}[0].columns to be of a length from 1 to 1048576, got an array of length 2147483648`,
    ),
    type(
      'null in a list',
      withChange(['steps', 0, 'fill'], [1, null]),
      `${at}[0].fill[1] to be a finite number, got null`,
    ),
    range(
      'NaN in a list',
      withChange(['steps', 0, 'fill'], [1, nan]),
      `${at}[0].fill[1] to be a finite number, got NaN (number)`,
    ),
    range(
      'an indicator beyond',
      withChange(['steps', 0, 'indicators'], [7]),
      `${at}[0].indicators[0] to be an integer from 0 to 1, got 7 (number)`,
    ),
    type(
      'no indicators',
      withChange(['steps', 0, 'indicators'], undefined),
      `${at}[0].indicators to be an array of numbers, got undefined`,
    ),
    type(
      'categories of one',
      withChange(['steps', 1, 'categories'], [2]),
      `${at}[1].categories[0] to be an array of numbers, got 2 (number)`,
    ),
    type(
      'categories in text',
      withChange(['steps', 1, 'categories'], '23'),
      `${at}[1].categories to be an array of arrays of numbers, got "23" (string)`,
    ),
    shape(
      'more categories',
      withChange(['steps', 1, 'categories'], [[1], [2]]),
      `${at}[1].categories to be of length 1, one for each column, got an array of length 2`,
    ),
    range(
      'a category twice',
      withChange(['steps', 1, 'categories'], [[2, 2]]),
      `${at}[1].categories[0][1] to be above 2, the number before it, got 2 (number)`,
    ),
    type(
      'no rule for the unknown',
      withChange(['steps', 1, 'unknown'], null),
      `${at}[1].unknown to be one of 'error', 'zeros', got null`,
    ),
    range(
      'a divisor of zero',
      withChange(['steps', 2, 'scale', 1], 0),
      `${at}[2].scale[1] to be a positive finite number, got 0 (number)`,
    ),
    range(
      'an endless offset',
      withChange(['steps', 2, 'offset'], Infinity),
      `${at}[2].offset to be a finite number, got Infinity (number)`,
    ),
    range(
      'a clip of nothing',
      withChange(['steps', 2, 'clip'], [1, 1]),
      `${at}[2].clip to be two finite numbers, the first one smaller, got an array of length 2`,
    ),
    shape(
      'steps that do not fit',
      withChange(['steps', 1, 'categories'], [[1, 2, 3]]),
      `${at}[2].inputColumns to be 5, the output columns of the step before it, got 4 (number)`,
    ),
  ]);

  it('cannot ask for more memory than it brings along', () => {
    const tens = Array.from({ length: 100 }, (_, i) => i);
    const step = {
      name: 'oneHotEncoder',
      inputColumns: 2 ** 20,
      columns: [0],
      categories: [tens],
      unknown: 'error',
    };
    expectError(
      () => Preprocessing.fromJSON({ name: 'preprocessing', version: 1, steps: [step] }),
      RangeError,
      'ERR_BLASNET_SHAPE',
      'Expected the categories of preprocessing.steps[0] to make at most 1048576 columns, got 1048675',
    );
  });
});
