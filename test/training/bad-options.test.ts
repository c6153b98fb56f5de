// Options that fit, fitSync and epochs refuse, in addition to test/network/bad-options.test.ts. A refused call leaves
// parameters, running moments and the generator unchanged.

import { describe, expect, it } from 'vitest';
import type { Matrix } from '../../lib/base/matrix';
import { Network } from '../../lib/network/network';
import { adam, lbfgs } from '../../lib/optimizers/optimizers';
import { layers, randomLabels, randomMatrix, withClasses } from '../network/helpers';
import { others, quasiNewton, type Row, split, watched, weights } from './bad-options';
import { expectAlike, network, randomClasses, X, Y } from './helpers';

const trainings: [string, (net: Network, options: never, y?: unknown) => unknown][] = [
  ['fit', (net, options, y = Y) => net.fit(X, y as never, options)],
  ['fitSync', (net, options, y = Y) => net.fitSync(X, y as never, options)],
  ['epochs', (net, options, y = Y) => net.epochs(X, y as never, options).next()],
];

type Refusal = Pick<Row, 'error' | 'code' | 'message'>;

async function expectRefused(call: () => unknown, { error, code, message }: Refusal): Promise<void> {
  let thrown: unknown;
  try {
    await call();
  } catch (caught) {
    thrown = caught;
  }
  expect(thrown).toMatchObject({ code, message });
  expect((thrown as Error).constructor).toBe(error);
}

const outOfRange = (message: string): Refusal => ({
  error: RangeError,
  code: 'ERR_BLASNET_ARG_VALUE',
  message,
});

const normalized = () => network({ normalization: 'batch' });

describe.each(trainings)('%s', (_, call) => {
  const rows = [...weights, ...split, ...watched, ...others, ...quasiNewton];

  it.each(rows)('rejects $what', async ({ wrong, ...refusal }) => {
    const net = normalized();
    await expectRefused(() => call(net, { epochs: 1, ...wrong } as never), refusal);
    expectAlike(net, normalized());
  });

  it.each(['dropout', 'noise', 'maxNorm', 'learningRateFactors', 'weightDecayFactors'] as const)(
    'rejects lbfgs with %s',
    async (option) => {
      const make = () => network({ [option]: 0.5 });
      const net = make();
      await expectRefused(
        () => call(net, { epochs: 1, optimizer: lbfgs() } as never),
        outOfRange(
          'Expected optimizer to be other than lbfgs for a network with dropout, noise, maxNorm, learningRateFactors or weightDecayFactors, got "lbfgs" (string)',
        ),
      );
      expectAlike(net, make());
    },
  );

  it.each([
    {
      what: 'a metric that needs probabilities',
      options: { metrics: ['f1'] },
      message:
        "Expected metrics[0] to be a metric for the output activation 'linear' ('f1' needs 'sigmoid' or 'softmax'), got \"f1\" (string)",
    },
    {
      what: 'class weights',
      options: { classWeight: 'balanced' },
      message:
        'Expected classWeight to be left out when labels are not classes (the loss is meanSquaredError, the output linear), got "balanced" (string)',
    },
    {
      what: 'stratify',
      options: { validationSplit: 0.5, stratify: true },
      message:
        'Expected stratify to be left out when labels are not classes (the loss is meanSquaredError, the output linear), got true (boolean)',
    },
  ])('rejects $what for a regression', async ({ options, message }) => {
    const make = () => new Network(layers([3, 4, 1], 'tanh', 'linear'), { seed: 1 });
    const net = make();
    await expectRefused(() => call(net, { epochs: 1, ...options } as never), outOfRange(message));
    expectAlike(net, make());
  });

  it.each([
    { what: 'class weights', options: { classWeight: 'balanced' } },
    { what: 'stratify', options: { validationSplit: 0.5, stratify: true } },
  ])('rejects $what for labels that are in no class', async ({ options }) => {
    const make = () => new Network(layers([3, 4, 3], 'tanh', 'softmax'), { seed: 1 });
    for (const [wrong, got] of [
      [-1, '-1'],
      [3, '3'],
      [2 ** 31 - 1, '2147483647'],
    ] as const) {
      const net = make();
      const labels = randomClasses(40, 3, 3);
      labels[7] = wrong;
      await expectRefused(
        () => call(net, { epochs: 1, ...options } as never, labels),
        outOfRange(`Expected Y to hold classes from 0 to 2, got ${got} at row 7`),
      );
      expectAlike(net, make(), X, withClasses(randomLabels(40, 3, 5)));
    }
    const several = randomMatrix(40, 3, 1);
    several.data.fill(1, 9, 12);
    const net = make();
    await expectRefused(
      () => call(net, { epochs: 1, ...options } as never, several),
      outOfRange('Expected Y to hold one largest label in each row, got several at row 3'),
    );
    expectAlike(net, make(), X, withClasses(randomLabels(40, 3, 5)));
  });

  it.each([
    {
      what: 'an input that is NaN',
      spoil: (x: Matrix) => x.set(1, 2, Number.NaN),
      code: 'ERR_BLASNET_NOT_FINITE',
      message: 'X to hold finite numbers, got NaN at row 1, column 2',
    },
    {
      what: 'a label that is 2',
      spoil: (_: Matrix, y: Matrix) => y.set(1, 0, 2),
      code: 'ERR_BLASNET_ARG_VALUE',
      message: 'Y to hold numbers from 0 to 1 (the loss is binaryCrossEntropy), got 2 at row 1, column 0',
    },
  ] as const)('rejects validation data with $what', async ({ spoil, code, message }) => {
    const net = normalized();
    const [x, y] = [randomMatrix(2, 3, 1), randomLabels(2, 1, 1)];
    spoil(x, y);
    const options = { epochs: 1, validationData: { X: x, Y: y } };
    const refusal = { error: RangeError, code, message: `In validationData: Expected ${message}` };
    await expectRefused(() => call(net, options as never), refusal);
    expectAlike(net, normalized());
  });

  it('rejects a single sample to be split', async () => {
    const net = network();
    await expectRefused(
      () => net.fit([[1, 2, 3]], [[1]], { epochs: 1, validationSplit: 0.5 }),
      outOfRange('Expected validationSplit to be left out for a single sample, got 0.5 (number)'),
    );
  });
});

it('accumulates all batches of an epoch when it is told to accumulate more', () => {
  const [beyond, all] = [network(), network()];
  const options = { epochs: 3, batchSize: 8, optimizer: adam() };
  const history = beyond.fitSync(X, Y, { ...options, accumulate: Number.MAX_SAFE_INTEGER });
  expect(all.fitSync(X, Y, { ...options, accumulate: 5 })).toEqual(history);
  expectAlike(beyond, all);
});

it('takes a batch size beyond the samples for a full batch', () => {
  const [beyond, full] = [network(), network()];
  const history = beyond.fitSync(X, Y, { epochs: 3, batchSize: 1000, optimizer: adam() });
  expect(full.fitSync(X, Y, { epochs: 3, batchSize: 'full', optimizer: adam() })).toEqual(history);
  expectAlike(beyond, full);
});
