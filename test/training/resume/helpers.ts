// Interrupts trainings after an epoch, resumes them, and compares them with uninterrupted ones.

import { readdirSync } from 'node:fs';
import { expect } from 'vitest';
import type { Dtype } from '../../../lib/base/matrix';
import type { LayerOptions } from '../../../lib/layers/architecture';
import { Network } from '../../../lib/network/network';
import type { Callbacks } from '../../../lib/training/callbacks';
import type { History } from '../../../lib/training/history';
import type { FitOptions } from '../../../lib/training/options';
import { bits } from '../../network/files/helpers';
import { inputsFor, randomLabels } from '../../network/helpers';
import { newFolder } from '../../support/scratch';

/** Everything that has a state: moments, running moments, random numbers. */
export const random: readonly LayerOptions[] = [
  { inputDim: 3, outputDim: 8, activation: 'tanh', normalization: 'batch', dropout: 0.2 },
  { outputDim: 6, activation: 'relu', normalization: 'layer', noise: 0.1, l2: 0.01, maxNorm: 3 },
  { outputDim: 1, activation: 'sigmoid' },
];

/** The layers of `random` without random numbers and limits, for lbfgs. */
export const plain: readonly LayerOptions[] = random.map(withoutRandom);

function withoutRandom({ dropout: _, noise: __, maxNorm: ___, ...layer }: LayerOptions): LayerOptions {
  return layer;
}

/** Tables, then random layers with residual connections. */
export const stacked: readonly LayerOptions[] = [
  {
    inputDim: 3,
    outputDim: 9,
    activation: 'tanh',
    name: 'body',
    skip: true,
    embeddings: [
      { categories: 8, outputDim: 4 },
      { categories: 3, outputDim: 2 },
    ],
    noise: 0.1,
  },
  { outputDim: 9, activation: 'relu', skip: true, normalization: 'batch', dropout: 0.2 },
  { outputDim: 9, activation: 'gelu', skip: 'body', l2: 0.01, maxNorm: 3 },
  { outputDim: 1, activation: 'sigmoid' },
];

/** The layers of `stacked` without random numbers and limits, for lbfgs. */
export const plainStacked: readonly LayerOptions[] = stacked.map(withoutRandom);

export interface Training {
  readonly layers?: readonly LayerOptions[];
  readonly dtype?: Dtype;
  readonly rows?: number;
  /** Makes new options for a training that begins after this epoch, as a new process does. */
  readonly options: (after: number) => FitOptions;
}

export function samplesOf({ layers = random, rows = 60, dtype = 'float64' }: Partial<Training>) {
  return { X: inputsFor(layers, rows, 1, dtype), Y: randomLabels(rows, 1, 2, dtype) };
}

export function networkOf({ layers = random, dtype = 'float64' }: Training): Network {
  return new Network(layers, { dtype, seed: 11 });
}

/** The epochs of the checkpoints in a folder, which may also hold a killed process's temporary file. */
export function epochsIn(folder: string): number[] {
  return readdirSync(folder).flatMap((name) => /^checkpoint-(\d+)/.exec(name)?.slice(1).map(Number) ?? []);
}

const interruption = new Error('interrupted');

/** Trains until a callback throws in the next epoch. Returns the folder, whose newest checkpoint is of `epoch`. */
export async function interruptedAfter(epoch: number, training: Training): Promise<string> {
  const directory = newFolder();
  const { X, Y } = samplesOf(training);
  const onEpochEnd = (report: { epoch: number }) => {
    if (report.epoch > epoch) throw interruption;
  };
  const given = training.options(0);
  const callbacks = { ...(given.callbacks as Callbacks | undefined), onEpochEnd };
  const options = { ...given, callbacks, checkpoint: { directory } };
  await expect(networkOf(training).fit(X, Y, options)).rejects.toBe(interruption);
  return directory;
}

export interface Ended {
  readonly network: Network;
  readonly history: History;
}

/** Trains without an interruption and without checkpoints. */
export async function uninterrupted(training: Training): Promise<Ended> {
  const { X, Y } = samplesOf(training);
  const network = networkOf(training);
  return { network, history: await network.fit(X, Y, training.options(0)) };
}

/** Expects two trainings to have bit-identical results, including the generators. */
export function expectSame(resumed: Ended, whole: Ended, training: Training): void {
  expect(resumed.history).toEqual(whole.history);
  expect(bits(resumed.network)).toEqual(bits(whole.network));
  // The next fit shows that the generators draw equal numbers.
  const { X, Y } = samplesOf(training);
  const next = { epochs: 2, batchSize: 16 };
  expect(resumed.network.fitSync(X, Y, next)).toEqual(whole.network.fitSync(X, Y, next));
  expect(bits(resumed.network)).toEqual(bits(whole.network));
}

/** Interrupts after some epochs, resumes, and compares with the uninterrupted training. */
export async function expectResumable(training: Training, after = 3): Promise<void> {
  const directory = await interruptedAfter(after, training);
  const { X, Y } = samplesOf(training);
  const resumed = await Network.resume(directory, X, Y, { ...training.options(after), threads: 2 });
  expectSame(resumed, await uninterrupted(training), training);
}
