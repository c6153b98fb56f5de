// Tasks in the processes that a launcher, such as mpirun, started. Each has the data and the options of the call, so that
// nothing but the numbers of tasks and their results is sent. Rank 0 hands the tasks out, and runs some itself.

import { onAbort } from '../../base/aborts';
import { AbortError } from '../../base/errors';
import { nodeV8 } from '../../base/lazy-modules';
import { type Distribution, knownToAll } from '../../training/distribution';
import { type ParallelOptions, shareOf, type TaskHow } from '../parallel';
import { Dispatcher, type Place, type TaskChannel } from './dispatcher';
import type { FromWorker, Task, TaskMessage, TaskResult } from './messages';
import { errorOf, type SentError, sentError } from './sent-error';
import { type Begin, TaskRuns } from './task-runs';

/** From rank 0: a task, or what the call has found, or why it cannot go on. */
type ToRank = TaskMessage | { readonly type: 'found'; readonly found: unknown } | Failed<'over'>;
/** To rank 0: a result, why this rank cannot go on, or the last letter. */
type FromRank = FromWorker | Failed<'stop'> | { readonly type: 'bye' };

interface Failed<Type> {
  readonly type: Type;
  readonly error: SentError;
}

/**
 * Calls `body` on rank 0 with a channel to all ranks. What it finds goes to all of them, and so does its error.
 *
 * @param begin finds out what a task trains, on the rank where it runs
 * @param body what it finds must be plain data
 */
export async function overRanks<T>(
  group: Distribution,
  begin: Begin,
  options: ParallelOptions,
  body: (channel: TaskChannel) => Promise<T>,
): Promise<T> {
  const { how } = shareOf(group.size, options);
  try {
    if (group.rank > 0) return (await serveRank(group, begin, how, options.signal)) as T;
    return await new RankChannel(group, begin, how).lead(body);
  } catch (error) {
    throw knownToAll(error as Error);
  }
}

function packed(message: ToRank | FromRank): Uint8Array {
  return nodeV8().serialize(message);
}

function unpacked<T>(bytes: Uint8Array): T {
  return nodeV8().deserialize(bytes) as T;
}

class RankPlace implements Place {
  readonly #group: Distribution;
  readonly #rank: number;

  constructor(group: Distribution, rank: number) {
    this.#group = group;
    this.#rank = rank;
  }

  send(message: TaskMessage): void {
    // The rank knows the options.
    const own = message.type === 'task' ? { ...message, task: { ...message.task, options: {} } } : message;
    this.#group.post([this.#rank], packed(own));
  }
}

class RankChannel extends Dispatcher<Place> {
  readonly #group: Distribution;
  readonly #own: TaskRuns;
  readonly #others = new Map<number, RankPlace>();
  // Ends all tasks when a rank cannot go on.
  readonly #end = new AbortController();
  #stopped: { readonly error: unknown } | undefined;

  constructor(group: Distribution, begin: Begin, how: Omit<TaskHow, 'signal'>) {
    super();
    this.#group = group;
    this.#own = new TaskRuns(begin, how, (message) => this.answer(this.#own, message));
    for (let rank = 1; rank < group.size; rank++) this.#others.set(rank, new RankPlace(group, rank));
  }

  override run(task: Task, signal: AbortSignal): Promise<TaskResult> {
    const stopped = this.#end.signal;
    if (stopped.aborted) return Promise.reject(new AbortError(stopped.reason));
    const ended = new AbortController();
    const unlisten = [signal, stopped].map((each) => onAbort(each, () => ended.abort(each.reason)));
    if (signal.aborted) ended.abort(signal.reason);
    return super.run(task, ended.signal).finally(() => {
      for (const each of unlisten) each();
    });
  }

  async lead<T>(body: (channel: TaskChannel) => Promise<T>): Promise<T> {
    const listening = this.#listen().catch((error: unknown) => this.#stop(error));
    for (const place of [...this.#others.values(), this.#own]) this.add(place);
    try {
      const found = await body(this);
      if (this.#stopped !== undefined) throw this.#stopped.error;
      this.#tellAll({ type: 'found', found });
      return found;
    } catch (thrown) {
      const error = this.#stopped?.error ?? thrown;
      this.#tellAll({ type: 'over', error: sentError(error) });
      throw error;
    } finally {
      await Promise.all([listening, this.#own.close()]);
    }
  }

  #tellAll(message: ToRank): void {
    this.#group.post([...this.#others.keys()], packed(message));
  }

  #stop(error: unknown): void {
    this.#stopped ??= { error };
    this.#end.abort(error);
  }

  // Hears all ranks, until each has sent its last letter.
  async #listen(): Promise<void> {
    const talking = new Set(this.#others.keys());
    while (talking.size > 0) {
      for (const { rank, bytes } of await this.#group.listen([...talking])) {
        const message = unpacked<FromRank>(bytes);
        if (message.type === 'bye') talking.delete(rank);
        else if (message.type === 'stop') this.#stop(errorOf(message.error));
        else this.answer(this.#others.get(rank) as Place, message);
      }
    }
    await this.#group.listen([]);
  }
}

/** Runs the tasks of rank 0. @returns what the call has found */
async function serveRank(
  group: Distribution,
  begin: Begin,
  how: Omit<TaskHow, 'signal'>,
  signal: AbortSignal | undefined,
): Promise<unknown> {
  const say = (message: FromRank) => {
    if (!said) group.post([0], packed(message));
  };
  let said = false;
  const runs = new TaskRuns(begin, how, say);
  const stop = () => say({ type: 'stop', error: sentError(new AbortError(signal?.reason)) });
  const unlisten = onAbort(signal, stop);
  if (signal?.aborted) stop();
  try {
    for (;;) {
      for (const { bytes } of await group.listen([0])) {
        const message = unpacked<ToRank>(bytes);
        if (message.type === 'task' || message.type === 'end') {
          runs.send(message);
          continue;
        }
        await runs.close();
        say({ type: 'bye' });
        said = true;
        await group.listen([]);
        if (message.type === 'found') return message.found;
        throw errorOf(message.error);
      }
    }
  } finally {
    unlisten();
    await runs.close();
  }
}
