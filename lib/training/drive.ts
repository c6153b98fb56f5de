import { howOf, workAnywhere, workHere } from '../addon/work';
import { onAbort } from '../base/aborts';
import { AbortError, argumentError, blasnetError } from '../base/errors';
import { pin } from '../base/pinning';
import type { Plan } from '../engine/plan';
import type { PlanQueue } from '../engine/plan-queue';
import { arraysToPin } from '../samples/samples';
import type { Effect, Training, Workplace } from './effects';
import type { EpochReport, History } from './history';
import { measureElsewhere, measureHere } from './measure';
import type { TrainingSession } from './session';

/** Trains to the end on other threads. The history begins with the epochs of a resumed training. */
export async function fitAsync(session: TrainingSession, queue: PlanQueue): Promise<History> {
  for await (const _ of driveAsync(session, queue, 'paced'));
  return session.history;
}

/** Trains to the end on this thread. */
export function fitHere(session: TrainingSession, queue: PlanQueue): History {
  driveSync(session, queue);
  return session.history;
}

/**
 * Trains on other threads, epoch by epoch. A loop that is dropped without its end is ended when it is collected; until then
 * the network is busy.
 */
export function loopOver(
  session: TrainingSession,
  queue: PlanQueue,
): AsyncGenerator<EpochReport, void, undefined> {
  const training = driveAsync(session, queue, 'epoch');
  // The training must not know the loop, or the loop would never be collected.
  const loop = through(training);
  droppedLoops.register(loop, training);
  return loop;
}

async function* through<T>(inner: AsyncGenerator<T, void, undefined>): AsyncGenerator<T, void, undefined> {
  yield* inner;
}

const droppedLoops = new FinalizationRegistry<AsyncGenerator>((training) => {
  // Nobody waits for an error.
  training.return(undefined).catch(() => {});
});

/**
 * Trains on other threads. The user's code runs on this thread, between native calls.
 *
 * @param pace 'epoch' if the reader of the reports acts between epochs, 'paced' otherwise
 */
async function* driveAsync(
  session: TrainingSession,
  queue: PlanQueue,
  pace: 'epoch' | 'paced',
): AsyncGenerator<EpochReport, void, undefined> {
  queue.checkFree('fit');
  if (pace === 'epoch' && session.options.shared !== undefined) {
    session.runner.refuse();
    const rule = 'left out of epochs(): use fit, with callbacks';
    throw argumentError('ERR_BLASNET_ARG_VALUE', 'distributed', rule, session.options.shared.group.size);
  }
  queue.training = 'elsewhere';
  queue.lastLoss = session.options.givenLoss;
  const { samples, validation } = session;
  const unpin = pin([samples, ...(validation === undefined ? [] : [validation])].flatMap(arraysToPin));
  const at = onOtherThreads(session, queue);
  const training = session.train(pace);
  let step: Step | Promise<Step> = training.next();
  try {
    while (step.done !== true) {
      if (typeof step.value !== 'function') {
        yield step.value;
        step = training.next();
        continue;
      }
      step = afterEffect(training, step.value, at);
      // An answer that is there already costs no turn of the promises.
      if (step instanceof Promise) step = await step;
    }
  } finally {
    try {
      // Leaving the loop early ends the training. It may then restore the best parameters.
      for (let last: Step = training.return(); last.done !== true; ) {
        last = await afterEffect(training, last.value as Effect<unknown>, at);
      }
    } finally {
      unpin();
      queue.training = undefined;
    }
  }
}

type Step = IteratorResult<Effect<unknown> | EpochReport, void>;

function afterEffect(training: Training, effect: Effect<unknown>, at: Workplace): Step | Promise<Step> {
  let answer: unknown;
  try {
    answer = effect(at);
  } catch (error) {
    return training.throw(error);
  }
  if (!(answer instanceof Promise)) return training.next(answer);
  return answer.then(
    (value) => training.next(value),
    (error) => training.throw(error),
  );
}

/** Trains on this thread. */
function driveSync(session: TrainingSession, queue: PlanQueue): void {
  // A network may have no parameters yet.
  const at = onThisThread(() => queue.inline(session.minimised), session.options.threads);
  const training = session.train('paced');
  queue.training = 'here';
  queue.lastLoss = session.options.givenLoss;
  try {
    for (let step: Step = training.next(); step.done !== true; ) {
      step = typeof step.value === 'function' ? afterEffectHere(training, step.value, at) : training.next();
    }
  } finally {
    queue.training = undefined;
  }
}

function afterEffectHere(training: Training, effect: Effect<unknown>, at: Workplace): Step {
  let answer: unknown;
  try {
    answer = effect(at);
  } catch (error) {
    return training.throw(error);
  }
  return training.next(answer);
}

function onOtherThreads(session: TrainingSession, queue: PlanQueue): Workplace {
  const { signal, threads, priority } = session.options;
  const options = howOf({ signal, threads, priority });
  return {
    write: (operation) => queue.write(session.minimised, operation, options),
    read: (operation) => queue.read([], session.minimised, operation, options),
    work: (work) => workAnywhere(work, options),
    measure: (metrics, samples, out) => measureElsewhere(metrics, samples, out, options),
    call: (_, call) => settledUnlessAborted(call, signal),
    change: (work) => queue.change(work, { threads, priority }),
    file: (file) => file.async(options),
  };
}

function onThisThread(plan: () => Plan, threads: number): Workplace {
  return {
    write: (operation) => plan().run(operation, threads),
    read: (operation) => plan().run(operation, threads),
    measure: (metrics, samples, out) => measureHere(metrics, samples, out, threads),
    work: (work) => workHere(work, threads),
    change: (work) => workHere(work, threads),
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
    Promise.resolve(answer).finally(onAbort(signal, giveUp)).then(resolve, reject);
  });
}
