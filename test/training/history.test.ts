// What a history knows beside its series: the best epoch, and its curves as text.

import { describe, expect, it } from 'vitest';
import { Network } from '../../lib/network/network';
import { sgd } from '../../lib/optimizers/optimizers';
import type { History } from '../../lib/training/history';
import type { FitOptions } from '../../lib/training/options';
import { expectError } from '../support/bad-input';
import { newFolder } from '../support/scratch';
import { network, X, Y } from './helpers';

/** A metric with these values, one for each epoch. */
const scripted = (values: readonly number[], name = 'scripted') => {
  let epoch = 0;
  return { name, compute: () => values[epoch++] as number };
};

const train = (options: Partial<FitOptions>) =>
  network().fitSync(X, Y, { epochs: 6, ...options } as FitOptions);
const argLeast = (values: readonly number[] = []) => 1 + values.indexOf(Math.min(...values));
const argMost = (values: readonly number[] = []) => 1 + values.indexOf(Math.max(...values));

/** Large steps, so that no series falls in every epoch. */
const wild = { optimizer: sgd({ learningRate: 4 }), batchSize: 7, seed: 3, epochs: 30 } as const;

describe('bestEpoch', () => {
  it('is the epoch of the least loss without a validation set, and of the least valLoss with one', () => {
    const plain = train(wild);
    expect(plain.bestEpoch).toBe(argLeast(plain.loss));
    const validated = train({ ...wild, validationSplit: 0.3 });
    expect(validated.bestEpoch).toBe(argLeast(validated.valLoss));
    expect(argLeast(validated.valLoss)).not.toBe(argLeast(validated.loss));
  });

  it('is that of early stopping by its own series, direction and minDelta', () => {
    const stop = (values: number[], options: object) => {
      const earlyStopping = { monitor: 'scripted', patience: 10, ...options };
      return train({ metrics: [scripted(values)], earlyStopping } as never).bestEpoch;
    };
    const values = [3, 5, 5.1, 2, 5.2, 1];
    expect(stop(values, { mode: 'max' })).toBe(argMost(values));
    expect(stop(values, { mode: 'min' })).toBe(argLeast(values));
    expect(stop(values, { mode: 'max', minDelta: 0.5 })).toBe(2);
  });

  it('is the epoch whose parameters early stopping has restored', async () => {
    const net = network();
    const seen: unknown[] = [];
    const { bestEpoch } = await net.fit(X, Y, {
      ...wild,
      earlyStopping: { monitor: 'loss', patience: 50 },
      callbacks: () => void seen.push(net.parameters.W1?.data.slice()),
    });
    expect(bestEpoch).toBeLessThan(30);
    expect(net.parameters.W1?.data).toEqual(seen[bestEpoch - 1]);
  });

  it.each([
    { what: 'the first of equals', values: [2, 1, 1, 3, 1, 2], expected: 2 },
    { what: 'no number that is not finite', values: [Number.NaN, -Infinity, 4, 3, Infinity, 9], expected: 4 },
  ])('takes $what', ({ values, expected }) => {
    const earlyStopping = { monitor: 'scripted', mode: 'min', patience: 10 } as const;
    expect(train({ metrics: [scripted(values)], earlyStopping } as never).bestEpoch).toBe(expected);
  });

  it('takes the first of equal losses', () => {
    const net = network();
    net.setTrainable([1, 2, 3], false);
    const history = net.fitSync(X, Y, { epochs: 3, batchSize: 'full' });
    expect(new Set(history.loss).size).toBe(1);
    expect(history.bestEpoch).toBe(1);
  });

  it('counts the epochs before a checkpoint', async () => {
    const directory = newFolder();
    network().fitSync(X, Y, { ...wild, epochs: 20, checkpoint: { directory } });
    const { history } = await Network.resume(directory, X, Y, wild);
    expect(history.bestEpoch).toBe(argLeast(train(wild).loss));
  });
});

describe('a history', () => {
  it('shows its series alone as its own', () => {
    const history = train({ epochs: 2 });
    expect(Object.keys(history)).toEqual(['loss', 'accuracy']);
    const { loss, accuracy } = history;
    expect(JSON.parse(JSON.stringify(history))).toEqual({ loss, accuracy });
    expect(structuredClone(history)).toEqual({ loss, accuracy });
  });

  it.each(['bestEpoch', 'stoppedBy', 'plot'])('has no series named %s', (name) => {
    const rule =
      'a letter, then letters, digits and underscores, and not a name that the history has already';
    expectError(
      () => train({ metrics: [scripted([], name)] }),
      RangeError,
      'ERR_BLASNET_ARG_VALUE',
      `Expected metrics[0].name to be ${rule}, got "${name}" (string)`,
    );
  });
});

describe('the plot of a history', () => {
  /** A history with these series beside its loss and accuracy. */
  function historyOf(series: Record<string, readonly number[]>, epochs: number): History {
    const metrics = Object.entries(series).map(([name, values]) => scripted(values, name));
    return train({ epochs, metrics });
  }

  const down = historyOf({ down: [5, 4, 3, 2, 1], up: [0, 0, 1, 2.5, 5] }, 5);
  const text = (lines: readonly string[]) => `${lines.join('\n')}\n`;

  it('draws a line from number to number', () => {
    expect(down.plot({ series: 'down', width: 30, height: 5 })).toBe(
      text([
        '5 |****',
        '  |    ******',
        '  |          *******',
        '  |                 ******',
        '1 |                       ****',
        '  +---------------------------',
        '   1                         5',
        '   * down',
      ]),
    );
  });

  it('draws several series on one scale, each with its mark', () => {
    expect(down.plot({ series: ['down', 'up'], width: 30, height: 6 })).toBe(
      text([
        '5 |****                     oo',
        '  |    ******             oo',
        '  |          *******   ooo',
        '  |                oooo***',
        '  |          oooooo       ****',
        '0 |oooooooooo',
        '  +---------------------------',
        '   1                         5',
        '   * down   o up',
      ]),
    );
  });

  it('draws the means of the epochs when these are more than the columns', () => {
    // 27 columns of ten epochs: means of 1, then one of 1.4, then means of 2.
    const values = Array.from({ length: 270 }, (_, i) => (i < 135 ? 2 * (i % 2) : 2));
    expect(historyOf({ noisy: values }, 270).plot({ series: 'noisy', width: 30, height: 3 })).toBe(
      text([
        '2 |              *************',
        '  |**************',
        '0 |',
        '  +---------------------------',
        '   1                       270',
        '   * noisy',
      ]),
    );
  });

  it('leaves out numbers that are not finite, and shows a flat series in the middle', () => {
    const history = historyOf(
      { gap: [5, Number.NaN, 3, 3, 1], flat: [2, 2, 2, 2, 2], never: Array(5).fill(Infinity) },
      5,
    );
    expect(history.plot({ series: 'gap', width: 30, height: 5 })).toBe(
      text([
        '5 |****',
        '  |',
        '  |          ************',
        '  |                      ***',
        '1 |                         **',
        '  +---------------------------',
        '   1                         5',
        '   * gap',
      ]),
    );
    expect(history.plot({ series: 'flat', width: 30, height: 3 })).toBe(
      text([
        '  |',
        '2 |***************************',
        '  |',
        '  +---------------------------',
        '   1                         5',
        '   * flat',
      ]),
    );
    expect(history.plot({ series: 'never' })).toBe('* never: no finite number\n');
  });

  it('draws a single epoch, and numbers whose difference overflows', () => {
    expect(historyOf({ one: [0.125] }, 1).plot({ series: ['one'], width: 30, height: 3 })).toBe(
      text(['      |', '0.125 |*', '      |', '      +-----------------------', '       1', '       * one']),
    );
    expect(historyOf({ huge: [-1e308, 1e308] }, 2).plot({ series: 'huge', width: 30, height: 3 })).toBe(
      text([
        ' 1.00e+308 |             *****',
        '           |     ********',
        '-1.00e+308 |*****',
        '           +------------------',
        '            1                2',
        '            * huge',
      ]),
    );
  });

  it('has the loss by default, with valLoss if there is one, in 72 columns and 12 lines', () => {
    const lines = train(wild).plot().split('\n');
    expect(lines).toHaveLength(16);
    expect(Math.max(...lines.map(({ length }) => length))).toBe(72);
    expect(lines.at(-2)?.trim()).toBe('* loss');
    expect(
      train({ ...wild, validationSplit: 0.3 })
        .plot()
        .trimEnd(),
    ).toMatch(/\* loss {3}o valLoss$/);
  });

  it.each([
    {
      options: { width: 29 },
      error: RangeError,
      code: 'ERR_BLASNET_ARG_VALUE',
      message: 'Expected width to be an integer from 30 to 500, got 29 (number)',
    },
    {
      options: { width: 80.5 },
      error: RangeError,
      code: 'ERR_BLASNET_ARG_VALUE',
      message: 'Expected width to be an integer from 30 to 500, got 80.5 (number)',
    },
    {
      options: { height: '12' },
      error: TypeError,
      code: 'ERR_BLASNET_ARG_TYPE',
      message: 'Expected height to be an integer from 3 to 200, got "12" (string)',
    },
    {
      options: { height: 201 },
      error: RangeError,
      code: 'ERR_BLASNET_ARG_VALUE',
      message: 'Expected height to be an integer from 3 to 200, got 201 (number)',
    },
    {
      options: { series: 'losss' },
      error: RangeError,
      code: 'ERR_BLASNET_UNKNOWN_NAME',
      message: `Expected series to be one of 'loss', 'accuracy', 'down', 'up', got "losss" (string); did you mean "loss"?`,
    },
    {
      options: { series: ['loss', 'plot'] },
      error: RangeError,
      code: 'ERR_BLASNET_UNKNOWN_NAME',
      message: `Expected series[1] to be one of 'loss', 'accuracy', 'down', 'up', got "plot" (string)`,
    },
    {
      options: { series: 3 },
      error: TypeError,
      code: 'ERR_BLASNET_ARG_TYPE',
      message: 'Expected series to be the name of a series, or an array of one to six names, got 3 (number)',
    },
    {
      options: { series: [] },
      error: RangeError,
      code: 'ERR_BLASNET_ARG_VALUE',
      message:
        'Expected series to be the name of a series, or an array of one to six names, got an array of length 0',
    },
    {
      options: { heigth: 3 },
      error: TypeError,
      code: 'ERR_BLASNET_UNKNOWN_OPTION',
      message: 'Unknown option "heigth"; did you mean "height"?',
    },
    {
      options: 72,
      error: TypeError,
      code: 'ERR_BLASNET_ARG_TYPE',
      message: 'Expected options to be an object, got 72 (number)',
    },
  ] as const)('refuses wrong options: $options', ({ options, error, code, message }) => {
    expectError(() => down.plot(options as never), error, code, message);
  });
});
