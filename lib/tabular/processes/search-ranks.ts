// A search over the ranks of a group.

import { type Found, findBest, type SearchPlan, type SearchRunOptions } from '../search-run';
import type { DrawnOptions } from '../space';
import type { Trial } from '../trials';
import type { TaskChannel } from './dispatcher';
import { errorOf, type SentError, sentError } from './sent-error';

/** What the ranks cannot know of a trial. Each has drawn its options. */
type SentTrial = Omit<Trial, 'options' | 'drawn' | 'error'> & { readonly error: SentError | undefined };

export interface SentFound {
  readonly trials: readonly SentTrial[];
  /** The number of the best one. */
  readonly best: number;
  readonly models: readonly unknown[];
}

/** Runs the trials on rank 0. */
export async function findBestBy(
  plan: SearchPlan,
  options: SearchRunOptions & { readonly seed: number },
  runsOf: (channel: TaskChannel) => SearchPlan['runsOf'],
  channel: TaskChannel,
): Promise<SentFound> {
  const { trials, best, models } = await findBest({ ...plan, runsOf: runsOf(channel) }, options);
  const sent = trials.map(({ options: _, drawn: __, error, ...trial }) => {
    return { ...trial, error: error && sentError(error) };
  });
  return { trials: sent, best: best.trial, models };
}

/** What rank 0 has found, on every rank. */
export function foundBy({ trials, best, models }: SentFound, drawn: readonly DrawnOptions[]): Found {
  const all = trials.map(({ error, ...trial }, i): Trial => {
    return { ...trial, ...(drawn[i] as DrawnOptions), error: error && errorOf(error) };
  });
  return { trials: all, best: all[best - 1] as Trial, models };
}
