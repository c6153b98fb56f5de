// The optimisers follow PyTorch's trajectories and, with Keras's convention, those of Keras.

import { expect, it } from 'vitest';
import { Network } from '../../lib/network/network';
import {
  adadelta,
  adagrad,
  adam,
  adamax,
  adamW,
  lion,
  nadam,
  type Optimizer,
  rmsProp,
  sgd,
} from '../../lib/optimizers/optimizers';
import golden from '../fixtures/optimizer-trajectories.json';
import start from '../fixtures/pytorch-optimizers.json';
import { expectClose } from '../native/helpers';
import { layers, restore, snapshot } from '../network/helpers';

const factories = { adadelta, adagrad, adam, adamax, adamW, lion, nadam, rmsProp, sgd };

it.each(golden.runs)(
  '$optimizer $options trains as in $source in batches of $batchSize (0: full)',
  async (run) => {
    const net = new Network(layers([3, 5, 2], 'tanh', 'sigmoid'));
    restore(net, start.start);
    const full = run.batchSize === 0;
    const make: (options: object) => Optimizer = factories[run.optimizer as keyof typeof factories];
    const epochs = full ? 120 : (120 * run.batchSize) / start.X.length;
    const options = {
      epochs,
      batchSize: full ? 'full' : run.batchSize,
      shuffle: false,
      optimizer: make(run.options),
    } as const;
    const { loss } = await net.fit(start.X, start.Y, options);
    expectClose(snapshot(net), run.parameters, 1e-9);
    // For smaller batches the fixture has the loss of each batch, but the history has that of each epoch.
    const losses = loss.filter((_, epoch) => full && epoch % 10 === 0);
    expectClose(losses, full ? run.loss : [], 1e-9, 'loss');

    // The grouping of epochs into native calls has no effect.
    const apart = new Network(net.architecture);
    restore(apart, start.start);
    let left = epochs;
    for await (const report of apart.epochs(start.X, start.Y, options)) left = epochs - report.epoch;
    expect(left).toBe(0);
    expect(snapshot(apart)).toEqual(snapshot(net));
  },
);
