// The optimisers follow PyTorch's trajectories, in plain networks and in those with residual connections or embeddings.

import { expect, it } from 'vitest';
import type { LayerOptions } from '../../lib/layers/architecture';
import { Network } from '../../lib/network/network';
import { adam, adamW, sgd } from '../../lib/optimizers/optimizers';
import stacks from '../fixtures/pytorch-layers.json';
import shared from '../fixtures/pytorch-members.json';
import golden from '../fixtures/pytorch-optimizers.json';
import { expectClose } from '../native/helpers';
import { layers, restore, snapshot } from '../network/helpers';

const optimizers = { sgd, adam, adamW };

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
      optimizer: optimizers[run.optimizer as keyof typeof optimizers](run.options),
    } as const;
    let compared = 0;
    for await (const { epoch } of net.epochs(golden.X, golden.Y, options)) {
      const steps = epoch * stepsAnEpoch;
      if (steps % 10 !== 0) continue;
      expectClose(snapshot(net), run.parameters[steps / 10 - 1] ?? [], 1e-9, `after ${steps} steps`);
      compared++;
    }
    expect(compared).toBe(full ? 12 : 6);

    // The grouping of epochs into native calls has no effect.
    const grouped = new Network(net.architecture);
    restore(grouped, golden.start);
    await grouped.fit(golden.X, golden.Y, options);
    expect(snapshot(grouped)).toEqual(snapshot(net));
  },
);

// Every step acts on whole tables: momentum, Adam's means and the decay also move rows that no sample of the batch
// picked.
it.each(stacks.runs)('$name train as in PyTorch by $optimizer.name $optimizer.options', async (run) => {
  const make = () => {
    const net = new Network(run.layers as LayerOptions[]);
    restore(net, run.start);
    return net;
  };
  const { numbers, categories, Y, batchSize } = stacks;
  const X = run.name === 'embeddings' ? { numbers, categories } : stacks.X;
  const { name, options } = run.optimizer;
  const optimizer = optimizers[name as keyof typeof optimizers](options);
  const fitOptions = { epochs: 17, batchSize, shuffle: false, optimizer };

  const net = make();
  const kept: number[][] = [];
  const losses: number[] = [];
  for await (const { epoch, loss } of net.epochs(X, Y, fitOptions)) {
    losses.push(loss);
    if ([6, 12, 17].includes(epoch)) kept.push(snapshot(net));
  }
  const relative = (values: readonly number[]) => values.map((value) => 1e-9 * Math.abs(value));
  expectClose(losses, run.losses, relative(run.losses), 'losses');
  for (const [i, expected] of run.parameters.entries()) {
    expectClose(kept[i] ?? [], expected, relative(expected), `parameters ${i}`);
  }

  const grouped = make();
  expect(grouped.fitSync(X, Y, fitOptions).loss).toEqual(losses);
  expect(snapshot(grouped)).toEqual(snapshot(net));
});

it.each(shared.runs)('members train and answer as in PyTorch: $name, $optimizer.name', async (run) => {
  const net = new Network(run.layers as LayerOptions[]);
  restore(net, run.start);
  const labels = shared.labels[run.name as keyof typeof shared.labels];
  const Y = run.name === 'softmax' ? Int32Array.from(labels as number[]) : (labels as number[][]);
  const { name, options } = run.optimizer;
  const optimizer = optimizers[name as keyof typeof optimizers](options);
  const kept: number[][] = [];
  const losses: number[] = [];
  const fitOptions = { epochs: 15, batchSize: shared.batchSize, shuffle: false, optimizer };
  for await (const { epoch, loss } of net.epochs(shared.X, Y, fitOptions)) {
    losses.push(loss);
    if (epoch % 5 === 0) kept.push(snapshot(net));
  }
  expectClose(losses, run.losses, 1e-9, 'losses');
  for (const [i, expected] of run.parameters.entries()) {
    expectClose(kept[i] ?? [], expected, 1e-9, `parameters ${i}`);
  }
  expectClose(net.predictSync(shared.X).data, run.answers, 1e-9, 'answers');
  expectClose([net.evaluateSync(shared.X, Y).loss], [run.answerLoss], 1e-9, 'loss of the answers');
});
