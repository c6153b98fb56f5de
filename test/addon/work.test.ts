// The driver of work through rows, with real native objects.

import { describe, expect, it } from 'vitest';
import { type NativeColumns, native } from '../../lib/addon/binding';
import { newOutcome, readOutcome, statusCodes } from '../../lib/addon/outcome';
import { Idle, type Work, workElsewhere, workHere } from '../../lib/addon/work';
import { rejectionOf } from '../support/bad-input';

const X = Float64Array.of(1, 2, 3, 6);

function learner() {
  const outcome = newOutcome();
  return { object: new native.Columns(outcome), outcome };
}

function moments(object: NativeColumns, data: Float64Array, means: Float64Array) {
  const numbers = () => new Float64Array(1);
  const given = { X: data, rows: data.length, width: 1, columns: Uint32Array.of(0), skipMissing: false };
  return {
    object,
    start: (callback?: (error: Error | undefined) => void) =>
      object.moments({ ...given, means, variances: numbers(), present: numbers() }, callback),
  };
}

/** The mean of each array, one native call after another; `ended` notes how the work ended. */
function* meansOf(arrays: readonly Float64Array[], ended: string[] = []): Work<number[]> {
  const { object } = learner();
  const results: number[] = [];
  try {
    for (const array of arrays) {
      const means = new Float64Array(1);
      yield moments(object, array, means);
      results.push(means[0] as number);
    }
    ended.push('done');
    return results;
  } finally {
    ended.push('finally');
  }
}

describe('work through rows', () => {
  it('has the same result on this thread and on others', async () => {
    const arrays = [X, X.map((x) => 2 * x)];
    expect(workHere(meansOf(arrays))).toEqual([3, 6]);
    expect(await workElsewhere(meansOf(arrays), {})).toEqual([3, 6]);
    expect(await workElsewhere(meansOf(arrays), { threads: 1 })).toEqual([3, 6]);
  });

  it('passes on the errors of its own code, and ends', async () => {
    function* failing(ended: string[]): Work<never> {
      yield* meansOf([X], ended);
      throw new RangeError('mine');
    }
    for (const run of [
      (work: Work<never>) => workElsewhere(work, {}),
      async (work: Work<never>) => workHere(work),
    ]) {
      const ended: string[] = [];
      expect(await rejectionOf(run(failing(ended)))).toMatchObject({ name: 'RangeError', message: 'mine' });
      expect(ended).toEqual(['done', 'finally']);
    }
  });

  it('starts nothing when the signal is aborted before', async () => {
    const ended: string[] = [];
    const error = await rejectionOf(workElsewhere(meansOf([X], ended), { signal: AbortSignal.abort('why') }));
    expect(error).toMatchObject({ name: 'AbortError', cause: 'why' });
    expect(ended).toEqual([]);
  });

  it('ends at an abort, with its code after yield left out and its finally run', async () => {
    const controller = new AbortController();
    const ended: string[] = [];
    const work = workElsewhere(meansOf([X, X], ended), { signal: controller.signal });
    controller.abort();
    expect(await rejectionOf(work)).toMatchObject({ name: 'AbortError' });
    expect(ended).toEqual(['finally']);
  });

  it('uses an object again after an abort that stopped it', async () => {
    const { object, outcome } = learner();
    object.stop();
    const means = new Float64Array(1);
    function* once(): Work<number> {
      yield moments(object, X, means);
      return means[0] as number;
    }
    expect(workHere(once())).toBe(3);
    object.stop();
    expect(await workElsewhere(once(), {})).toBe(3);
    expect(readOutcome(outcome).status).toBe(statusCodes.done);
  });
});

it('idle objects are taken again before others are made', () => {
  let made = 0;
  const idle = new Idle(() => ++made);
  const [a, b] = [idle.take(), idle.take()];
  idle.giveBack(a);
  expect([idle.take(), idle.take(), b]).toEqual([1, 3, 2]);
});
