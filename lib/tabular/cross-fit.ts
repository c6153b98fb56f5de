// Trainings with folds of the rows, which tell the last training what it cannot learn from its own rows: where to stop, how
// sure its probabilities may be, and whether a linear network does as well.

import { type AsyncOptions, howOf, workElsewhere } from '../addon/work';
import type { Indices } from '../datasets/stratify';
import { RandomState } from '../random/random-state';
import type { EpochReport } from '../training/history';
import { foldsFor } from './hold-out';
import type { TargetValues } from './labels';
import { Ending, runTasks, shareOf } from './parallel';
import { type Part, type Rows, takePart } from './prepare';
import { type Recipe, waveEnds } from './recipe';
import { RowNetwork } from './row-network';
import type { Judgement, Task, Trained } from './task';
import type { TrainOptions } from './train-options';
import { encoded, newNetwork, samplesOf, type Training } from './train-rows';

/** The network of a fold after some epochs, and what it says about the rows that it did not learn from. */
interface Snapshot {
  readonly trained: Trained;
  readonly observed: unknown;
}

/** What the trainings have told. */
export interface CrossFit {
  /** The recipe that was best, with the epochs after which it was best. */
  readonly recipe: Recipe;
  /** The networks of the folds at that epoch. */
  readonly members: readonly Trained[];
}

/** Options of a training that only the last one follows. */
const ofLast = ['callbacks', 'progress', 'checkpoint', 'metrics', 'validationSplit'] as const;

/**
 * Trains with all folds but one, for each fold and each recipe, and chooses the recipe and the epoch at which the loss of
 * the folds is least. Probabilities are calibrated before they are compared: an epoch whose network is too sure may
 * well be the best one (Berta et al., 2025). Only the ends of the learning rate's waves are compared.
 */
export async function crossFit(
  whole: Part,
  recipes: readonly Recipe[],
  folds: number,
  training: Omit<Training, 'recipe'>,
): Promise<CrossFit> {
  const { task, seed, how } = training;
  const parts = await workElsewhere(foldsFor(whole.values, folds, new RandomState(seed)), how);
  const runs = recipes.flatMap((recipe) => parts.map((part) => ({ recipe, part })));
  const snapshots = await all(runs.length, training.options, (i, own) => {
    const { recipe, part } = runs[i] as (typeof runs)[number];
    return snapshotsOf(whole, part, { ...training, options: alone(training.options), recipe, how: own });
  });
  let best: (CrossFit & Judgement) | undefined;
  for (const [r, recipe] of recipes.entries()) {
    const own = snapshots.slice(r * parts.length, (r + 1) * parts.length);
    for (const [e, end] of waveEnds(recipe).entries()) {
      const reached = own.map((list) => list[e] as Snapshot);
      const judgement = await task.judge(
        reached.map(({ observed }) => observed),
        how,
      );
      // Of equals, the later one; a number before NaN.
      if (best !== undefined && !Number.isNaN(best.loss) && !(judgement.loss <= best.loss)) continue;
      const { temperatures } = judgement;
      const members = reached.map(({ trained }) => trained);
      best = {
        ...judgement,
        recipe: { ...recipe, end, folds, ...(temperatures && { temperatures }) },
        members,
      };
    }
  }
  return best as CrossFit;
}

function alone(options: TrainOptions): TrainOptions {
  return Object.fromEntries(
    Object.entries(options).filter(([name]) => !(ofLast as readonly string[]).includes(name)),
  ) as unknown as TrainOptions;
}

async function all<T>(
  count: number,
  options: TrainOptions,
  run: (i: number, how: AsyncOptions) => Promise<T>,
): Promise<T[]> {
  const { parallel, how } = shareOf(count, howOf(options));
  const ending = new Ending(options.signal);
  const results: T[] = [];
  try {
    await runTasks(count, parallel, ending, async (i) => {
      results[i] = await run(i, { signal: ending.signal, ...how });
    });
  } finally {
    ending.done();
  }
  return results;
}

/** Trains without a fold. @returns the network at each end of a wave */
async function snapshotsOf(
  whole: Part,
  { trainIndex, testIndex }: Indices,
  training: Training & { readonly recipe: Recipe },
): Promise<readonly Snapshot[]> {
  const { options, task, recipe, how } = training;
  const rows: Rows = { trained: await takePart(whole, trainIndex, how), held: undefined };
  const held = await takePart(whole, testIndex, how);
  const values = await settled(rows.trained.values, task, how);
  const begun = await newNetwork(rows.trained, values, training);
  const { X, Y, fitOptions } = await samplesOf(rows, begun.rows, training);
  const heldX = await encoded(begun.rows, held.table, options, how);
  const ends = waveEnds(recipe);
  const snapshots: Snapshot[] = [];
  const onEpochEnd = async ({ epoch }: EpochReport) => {
    if (!ends.includes(epoch)) return;
    const network = await begun.rows.network.cloneAsync(how);
    const { inputs, ranges } = begun.rows;
    snapshots.push({
      trained: { ...begun, rows: new RowNetwork(network, inputs, ranges) },
      observed: await task.observe(network, { X: heldX, values: held.values, weights: held.weights }, how),
    });
  };
  await begun.rows.network.fit(X, Y, { ...fitOptions, ...how, callbacks: { onEpochEnd } });
  return snapshots;
}

/** Learns what the task learns from the targets of the rows that train. */
export async function settled(
  values: TargetValues,
  { settle }: Task,
  how: AsyncOptions,
): Promise<TargetValues> {
  return settle === undefined ? values : workElsewhere(settle(values), how);
}
