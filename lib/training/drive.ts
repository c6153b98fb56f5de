import { AbortError } from '../base/errors';
import { pin } from '../base/pinning';
import type { Plans } from '../engine/plan-queue';
import { arraysOf } from '../samples/samples';
import type { EpochReport } from './history';
import { answerSync, type Demand, type TrainingTask } from './loop';

/** Trains on other threads; somebody else's code runs on this one, between steps. */
export async function* driveAsync(
  task: TrainingTask,
  plans: Plans,
  pace: 'epoch' | 'paced',
): AsyncGenerator<EpochReport, void, undefined> {
  plans.checkFree('fit');
  plans.fitting = true;
  const unpin = pin(
    [task.run.samples, ...(task.validation === undefined ? [] : [task.validation])].flatMap(arraysOf),
  );
  const demands = task.demands(pace);
  try {
    for (let step = demands.next(); step.done !== true; ) {
      if (step.value.kind === 'report') {
        yield step.value.report;
        step = demands.next();
        continue;
      }
      let answer: unknown;
      try {
        answer = await answerAsync(step.value, task, plans);
      } catch (error) {
        step = demands.throw(error);
        continue;
      }
      step = demands.next(answer);
    }
  } finally {
    // Who leaves the loop early ends the training.
    demands.return();
    unpin();
    plans.fitting = false;
  }
}

/** Trains on this thread. */
export function driveSync(task: TrainingTask, plans: Plans, take: (report: EpochReport) => void): void {
  const { loss, threads } = task.run.options;
  const plan = plans.inline(loss);
  const demands = task.demands('paced');
  plans.fitting = true;
  try {
    for (let step = demands.next(); step.done !== true; ) {
      if (step.value.kind === 'report') {
        take(step.value.report);
        step = demands.next();
        continue;
      }
      let answer: unknown;
      try {
        answer = answerSync(step.value, (operation) => plan.run(operation, threads));
      } catch (error) {
        step = demands.throw(error);
        continue;
      }
      step = demands.next(answer);
    }
  } finally {
    demands.return();
    plans.fitting = false;
  }
}

function answerAsync(
  demand: Exclude<Demand, { kind: 'report' }>,
  task: TrainingTask,
  plans: Plans,
): Promise<unknown> {
  const { loss, signal, threads } = task.run.options;
  switch (demand.kind) {
    case 'write':
      return plans.write(loss, demand.operation, { signal, threads });
    case 'read':
      return plans.read([], loss, demand.operation, { signal, threads });
    case 'file':
      return demand.call();
    case 'call':
      return settledUnlessAborted(demand.call, signal);
  }
}

// What never settles must not outlive an abort.
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
