// The optimisers' trajectories are PyTorch's.

import { expect, it } from 'vitest';
import { Network } from '../../lib/network/network';
import { adam, sgd } from '../../lib/optimizers/optimizers';
import golden from '../fixtures/pytorch-optimizers.json';
import { expectClose } from '../native/helpers';
import { layers, restore, snapshot } from '../network/helpers';

const make = { sgd, adam };

it.each(golden.runs)(
  '$optimizer $options trains as in PyTorch in batches of $batchSize (0: full)',
  async (run) => {
    const net = new Network(layers([3, 5, 2], 'tanh', 'sigmoid'));
    restore(net, golden.start);
    const full = run.batchSize === 0;
    const stepsAnEpoch = full ? 1 : golden.X.length / run.batchSize;
    const options = {
      epochs: 120 / stepsAnEpoch,
      batchSize: full ? 'full' : run.batchSize,
      shuffle: false,
      optimizer: make[run.optimizer as keyof typeof make](run.options),
    } as const;
    let compared = 0;
    for await (const { epoch } of net.epochs(golden.X, golden.Y, options)) {
      const steps = epoch * stepsAnEpoch;
      if (steps % 10 !== 0) continue;
      expectClose(snapshot(net), run.parameters[steps / 10 - 1] ?? [], 1e-9, `after ${steps} steps`);
      compared++;
    }
    expect(compared).toBe(full ? 12 : 6);

    // However the epochs are grouped into native calls.
    const grouped = new Network(net.architecture);
    restore(grouped, golden.start);
    await grouped.fit(golden.X, golden.Y, options);
    expect(snapshot(grouped)).toEqual(snapshot(net));
  },
);
