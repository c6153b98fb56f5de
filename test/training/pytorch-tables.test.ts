// The layer options and schedules for tables follow PyTorch's trajectories: embedded numbers, learned factors of inputs, mixed
// activations, factors of the learning rate and of the weight decay. test/fixtures/pytorch-tables.py has the recipe.

import { it } from 'vitest';
import type { LayerOptions } from '../../lib/layers/architecture';
import { binaryCrossEntropy } from '../../lib/layers/losses';
import { Network } from '../../lib/network/network';
import { adam, adamW, sgd } from '../../lib/optimizers/optimizers';
import { coslog, flatCosine } from '../../lib/schedules';
import golden from '../fixtures/pytorch-tables.json';
import { expectClose } from '../native/helpers';
import { restore, snapshot } from '../network/helpers';

const optimizers = { adam, adamW, sgd };
const schedules = { coslog, flatCosine };
const scheduleOf = (name: string) => schedules[name as keyof typeof schedules]();

it.each(golden.runs)('$name, $optimizer.name: trains as in PyTorch to 1e-9', async (run) => {
  const { schedule, weightDecaySchedule, smoothing: labelSmoothing } = run;
  const net = new Network(run.layers as LayerOptions[]);
  restore(net, run.start);
  const classes = run.layers.at(-1)?.activation === 'sigmoid';
  const { name, options } = run.optimizer;
  const embeds = (run.layers as LayerOptions[])[0]?.embeddings !== undefined;
  const X = embeds ? { numbers: golden.X, categories: golden.codes } : golden.X;
  const Y = classes ? golden.Y.map(([y = 0]) => [y > 0 ? 1 : 0]) : golden.Y;
  const losses: number[] = [];
  const kept: number[][] = [];
  for await (const { epoch, loss } of net.epochs(X, Y, {
    ...{ epochs: golden.epochs, batchSize: golden.batchSize, shuffle: false },
    optimizer: optimizers[name as keyof typeof optimizers](options),
    ...(labelSmoothing !== undefined && { loss: binaryCrossEntropy({ labelSmoothing }) }),
    ...(schedule !== undefined && { schedule: scheduleOf(schedule) }),
    ...(weightDecaySchedule !== undefined && { weightDecaySchedule: scheduleOf(weightDecaySchedule) }),
  })) {
    losses.push(loss);
    if (epoch === 1 || epoch === golden.epochs) kept.push(snapshot(net));
  }
  expectClose(losses, run.losses, 1e-9, 'losses');
  for (const [i, expected] of run.parameters.entries()) {
    expectClose(kept[i] ?? [], expected, 1e-9, `parameters ${i}`);
  }
});
