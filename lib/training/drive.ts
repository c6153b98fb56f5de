import { workAnywhere, workHere } from '../addon/work';
import { AbortError, blasnetError } from '../base/errors';
import { pin } from '../base/pinning';
import type { Plan } from '../engine/plan';
import type { PlanQueue } from '../engine/plan-queue';
import { arraysToPin } from '../samples/samples';
import type { Effect, Workplace } from './effects';
import { type EpochReport, type History, record } from './history';
import { measureElsewhere, measureHere } from './measure';
import type { TrainingSession } from './session';

/** Trains to the end on other threads. The history begins with the epochs of a resumed training. */
export async function fitAsync(session: TrainingSession, queue: PlanQueue): Promise<History> {
  const history = session.emptyHistory();
  for (const report of session.reports) record(history, report);
  for await (const report of driveAsync(session, queue, 'paced')) record(history, report);
  return history;
}

/** Trains to the end on this thread. */
export function fitHere(session: TrainingSession, queue: PlanQueue): History {
  const history = session.emptyHistory();
  driveSync(session, queue, (report) => record(history, report));
  return history;
}

/**
 * Trains on other threads. The user's code runs on this thread, between native calls.
 *
 * @param pace 'epoch' if the reader of the reports acts between epochs, 'paced' otherwise
 */
export async function* driveAsync(
  session: TrainingSession,
  queue: PlanQueue,
  pace: 'epoch' | 'paced',
): AsyncGenerator<EpochReport, void, undefined> {
  queue.checkFree('fit');
  queue.fitting = true;
  const { samples, validation } = session;
  const unpin = pin([samples, ...(validation === undefined ? [] : [validation])].flatMap(arraysToPin));
  const at = onOtherThreads(session, queue);
  const training = session.train(pace);
  try {
    for (let step = training.next(); step.done !== true; ) {
      if (typeof step.value !== 'function') {
        yield step.value;
        step = training.next();
        continue;
      }
      let answer: unknown;
      try {
        const pending = step.value(at);
        // An answer that is there already costs no turn of the promises.
        answer = pending instanceof Promise ? await pending : pending;
      } catch (error) {
        step = training.throw(error);
        continue;
      }
      step = training.next(answer);
    }
  } finally {
    // Leaving the loop early ends the training.
    training.return();
    unpin();
    queue.fitting = false;
  }
}

/** Trains on this thread. */
export function driveSync(
  session: TrainingSession,
  queue: PlanQueue,
  take: (report: EpochReport) => void,
): void {
  const { loss, threads } = session.options;
  const at = onThisThread(queue.inline(loss), threads);
  const training = session.train('paced');
  queue.fitting = true;
  try {
    for (let step = training.next(); step.done !== true; ) {
      if (typeof step.value !== 'function') {
        take(step.value);
        step = training.next();
        continue;
      }
      let answer: unknown;
      try {
        answer = (step.value as Effect<unknown>)(at);
      } catch (error) {
        step = training.throw(error);
        continue;
      }
      step = training.next(answer);
    }
  } finally {
    training.return();
    queue.fitting = false;
  }
}

function onOtherThreads(session: TrainingSession, queue: PlanQueue): Workplace {
  const { loss, signal, threads } = session.options;
  const options = { threads, ...(signal && { signal }) };
  return {
    write: (operation) => queue.write(loss, operation, { signal, threads }),
    read: (operation) => queue.read([], loss, operation, { signal, threads }),
    work: (work) => workAnywhere(work, { signal, threads }),
    measure: (metrics, samples, out) => measureElsewhere(metrics, samples, out, options),
    call: (_, call) => settledUnlessAborted(call, signal),
    file: (file) => file.async(),
  };
}

function onThisThread(plan: Plan, threads: number): Workplace {
  return {
    write: (operation) => plan.run(operation, threads),
    read: (operation) => plan.run(operation, threads),
    measure: (metrics, samples, out) => measureHere(metrics, samples, out, threads),
    work: (work) => workHere(work, threads),
    call: (name, call) => noPromise(name, call()),
    file: (file) => file.sync(),
  };
}

function noPromise(name: string, answer: unknown): unknown {
  if (typeof (answer as { then?: unknown } | null | undefined)?.then !== 'function') return answer;
  // Nothing awaits the promise, so a later rejection is handled here.
  (answer as Promise<unknown>).then(undefined, () => {});
  throw blasnetError(
    'ERR_BLASNET_ARG_TYPE',
    `${name} returned a promise. fitSync cannot wait for promises: use fit, or return a plain value`,
  );
}

// An abort ends the wait, even for a promise that never settles.
async function settledUnlessAborted(call: () => unknown, signal: AbortSignal | undefined): Promise<unknown> {
  const answer = call();
  if (signal === undefined) return answer;
  return new Promise((resolve, reject) => {
    const giveUp = () => reject(new AbortError(signal.reason));
    if (signal.aborted) giveUp();
    signal.addEventListener('abort', giveUp);
    Promise.resolve(answer)
      .finally(() => signal.removeEventListener('abort', giveUp))
      .then(resolve, reject);
  });
}
