// Compares schedules, accumulation, clipping, penalties, weights, smoothing and normalisation with PyTorch's
// trajectories; the fixture's `about` says how they were made.

import { describe, expect, it } from 'vitest';
import type { Matrix } from '../../lib/base/matrix';
import type { LayerOptions } from '../../lib/layers/architecture';
import * as losses from '../../lib/layers/losses';
import { Network } from '../../lib/network/network';
import { adam, sgd } from '../../lib/optimizers/optimizers';
import * as schedules from '../../lib/schedules';
import type { FitOptions } from '../../lib/training/options';
import start from '../fixtures/pytorch-optimizers.json';
import golden from '../fixtures/pytorch-training.json';
import { expectClose } from '../native/helpers';
import { snapshot } from '../network/helpers';

const optimizers = { adam, sgd };

function networkOf({ layers }: (typeof golden.runs)[number]): Network {
  const net = new Network(layers as readonly LayerOptions[]);
  let offset = 0;
  for (const [name, { data }] of Object.entries(net.parameters) as [string, Matrix][]) {
    if (name.startsWith('gamma') || name.startsWith('beta')) continue;
    data.set(start.start.slice(offset, offset + data.length));
    offset += data.length;
  }
  return net;
}

function optionsOf({ fit, loss, smoothing, optimizer, schedule }: (typeof golden.runs)[number]): FitOptions {
  const scheduleOf = schedule && find(schedules, schedule.name);
  return {
    ...(fit as FitOptions),
    shuffle: false,
    loss: find(losses, loss)({ labelSmoothing: smoothing }),
    optimizer: find(optimizers, optimizer.name)(optimizer.options),
    ...(scheduleOf && { schedule: scheduleOf(schedule.options) }),
  };
}

// biome-ignore lint/suspicious/noExplicitAny: each takes its own options, which the fixture has
function find(factories: object, name: string): (options: any) => any {
  const [, factory] = Object.entries(factories).find(([known]) => known === name) ?? expect.fail(name);
  return factory;
}

function labelsOf({ loss }: (typeof golden.runs)[number]): number[][] | number[] {
  return loss.startsWith('sparse') ? start.Y.map((row) => row.indexOf(Math.max(...row))) : start.Y;
}

describe.each(golden.runs)('$name', (run) => {
  it('trains as in PyTorch to 1e-9, by losses, learning rates, parameters and moments', async () => {
    const net = networkOf(run);
    const history = await net.fit(start.X, labelsOf(run), optionsOf(run));
    expectClose(history.loss, run.history.loss, 1e-9, 'loss');
    expectClose(history.learningRate ?? [], run.history.learningRate ?? [], 1e-9, 'learningRate');
    expectClose(snapshot(net), run.parameters, 1e-9, 'parameters');
    const moments = (Object.values(net.statistics) as Matrix[]).flatMap(({ data }) => Array.from(data));
    expectClose(moments, run.statistics, 1e-9, 'statistics');
  });

  it('trains alike step by step, with each step’s learning rate', () => {
    const net = networkOf(run);
    const rates: number[] = [];
    const onBatchEnd = ({ learningRate }: { learningRate: number }) => void rates.push(learningRate);
    net.fitSync(start.X, labelsOf(run), { ...optionsOf(run), callbacks: { onBatchEnd } });
    expectClose(snapshot(net), run.parameters, 1e-9);
    expect(rates.length).toBeGreaterThanOrEqual(110);
    if (run.schedule !== null) expectClose(rates, run.rates, 1e-9);
  });
});
