// The pinball loss in trainings: outputs become quantiles, and the levels belong to the loss.

import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { adam, type FitOptions, Network, quantile, standardScaler } from '../../lib';
import { resolveLoss } from '../../lib/layers/losses';
import { itRejects } from '../support/bad-input';
import { newFolder } from '../support/scratch';

const levels = [0.1, 0.5, 0.8];
const m = 101;
// Numbers without an order, and with a long tail.
const y = Array.from({ length: m }, (_, i) => Math.exp(3 * Math.abs(Math.sin(i * 12.9898))));
const Y = y.map((value) => levels.map(() => value));
// One constant: an output is its bias alone.
const X = y.map(() => [0]);
const layers = [{ inputDim: 1, outputDim: 3, activation: 'linear' }] as const;
const options: FitOptions = {
  ...{ epochs: 3000, batchSize: 'full', optimizer: adam({ learningRate: 0.02 }) },
  loss: quantile({ levels }),
};

describe('the loss quantile', () => {
  it.each(['float64', 'float32'] as const)('makes outputs the quantiles of the labels, in %s', (dtype) => {
    const net = new Network(layers, { dtype, seed: 1, targetScaler: standardScaler() });
    net.fitSync(X, Y, options);
    const outputs = net.predictSync([[0]]).toArray()[0] as number[];
    for (const [i, level] of levels.entries()) {
      const below = y.filter((value) => value < (outputs[i] as number)).length / m;
      expect(Math.abs(below - level)).toBeLessThan(0.03);
    }
  });

  it('has one level for all outputs, or one for each', () => {
    const [one, three] = [quantile({ levels: [0.3] }), quantile({ levels: [0.3, 0.3, 0.3] })];
    const lossesOf = (loss: typeof one) =>
      new Network(layers, { seed: 1 }).fitSync(X, Y, { ...options, loss, epochs: 5 }).loss;
    expect(lossesOf(one)).toEqual(lossesOf(three));
    expect(lossesOf(one)).not.toEqual(lossesOf(quantile()));
    const net = new Network(layers, { seed: 1 });
    const byName = net.evaluateSync(X, Y, { loss: 'quantile' });
    expect(byName).toEqual(net.evaluateSync(X, Y, { loss: quantile() }));
    expect(byName.loss).toBeCloseTo(net.evaluateSync(X, Y, { loss: 'meanAbsoluteError' }).loss / 2, 12);
  });

  it('belongs to the training that a checkpoint continues', async () => {
    const directory = join(newFolder(), 'checkpoints');
    const short: FitOptions = { ...options, epochs: 4, checkpoint: { directory } };
    const net = new Network(layers, { seed: 1 });
    net.fitSync(X, Y, short);
    const whole = new Network(layers, { seed: 1 });
    whole.fitSync(X, Y, { ...options, epochs: 6 });
    const { network } = await Network.resume(directory, X, Y, { ...short, epochs: 6 });
    expect(network.toBytesSync()).toEqual(whole.toBytesSync());
    const other = quantile({ levels: [0.1, 0.5, 0.9] });
    await expect(Network.resume(directory, X, Y, { ...short, epochs: 6, loss: other })).rejects.toThrow(
      'loss',
    );
  });

  it('is frozen, and resolves to its levels', () => {
    const loss = quantile({ levels });
    expect(loss).toEqual({ name: 'quantile', levels });
    expect(Object.isFrozen(loss) && Object.isFrozen((loss as { levels: object }).levels)).toBe(true);
    expect(resolveLoss(loss, 'linear')).toEqual({ name: 'quantile', options: {}, levels });
    expect(resolveLoss('quantile', 'linear')).toEqual({ name: 'quantile', options: {}, levels: [0.5] });
  });
});

const rule = 'an array of numbers above 0 and below 1';

describe('quantile refuses', () => {
  itRejects([
    ...[[], [0], [1], [0.5, Number.NaN]].map(
      (bad) =>
        ({
          what: `the levels [${bad}]`,
          call: () => quantile({ levels: bad }),
          error: RangeError,
          code: 'ERR_BLASNET_ARG_VALUE',
          message: `Expected levels to be ${rule}, got an array of length ${bad.length}`,
        }) as const,
    ),
    {
      what: 'one number',
      call: () => quantile({ levels: 0.5 as never }),
      error: TypeError,
      code: 'ERR_BLASNET_ARG_TYPE',
      message: `Expected levels to be ${rule}, got 0.5 (number)`,
    },
    {
      what: 'as many levels as no output has',
      call: () => new Network(layers).fitSync(X, Y, { ...options, loss: quantile({ levels: [0.1, 0.9] }) }),
      error: RangeError,
      code: 'ERR_BLASNET_SHAPE',
      message: "Expected levels to be of length 1, or 3, the network's outputDim, got an array of length 2",
    },
  ]);
});
