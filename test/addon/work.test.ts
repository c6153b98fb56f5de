// The driver of work through rows, with real native objects.

import { describe, expect, it } from 'vitest';
import { type NativeColumns, native } from '../../lib/addon/binding';
import { newOutcome, readOutcome, statusCodes } from '../../lib/addon/outcome';
import {
  begun,
  Idle,
  inSlices,
  pause,
  type Work,
  workAnywhere,
  workElsewhere,
  workHere,
} from '../../lib/addon/work';
import { rejectionOf } from '../support/bad-input';
import { withStillClock } from '../support/still-clock';

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
    const means = new Float64Array(1);
    function* once(): Work<number> {
      yield moments(object, X, means);
      return means[0] as number;
    }
    const controller = new AbortController();
    const aborted = workElsewhere(once(), { signal: controller.signal });
    controller.abort();
    await rejectionOf(aborted);
    means.fill(0);
    expect(workHere(once())).toBe(3);
    expect(readOutcome(outcome).status).toBe(statusCodes.done);
  });
});

describe('pauses', () => {
  /** Holds the thread for longer than a slice. */
  function busy(): void {
    const start = performance.now();
    while (performance.now() - start < 6);
  }

  /** Counts the turns of the event loop, until `stop`. */
  function turns() {
    let count = 0;
    let going = true;
    setImmediate(function turn() {
      count++;
      if (going) setImmediate(turn);
    });
    return {
      get count() {
        return count;
      },
      stop: () => {
        going = false;
      },
    };
  }

  /** Notes the turn before and after each of two pauses. */
  function* paused(
    clock: { readonly count: number },
    hold: () => void,
    ended: string[] = [],
  ): Work<number[]> {
    const seen: number[] = [];
    try {
      for (let part = 0; part < 3; part++) {
        if (part > 0) yield pause;
        hold();
        seen.push(clock.count);
      }
      return seen;
    } finally {
      ended.push('finally');
    }
  }

  it('let the event loop turn after work that took long', async () => {
    const clock = turns();
    const [first = 0, second = 0, third = 0] = await workElsewhere(paused(clock, busy), {});
    clock.stop();
    expect(second).toBeGreaterThan(first);
    expect(third).toBeGreaterThan(second);
  });

  it('cost no turn of the event loop or of the promises after brief work', () => {
    const clock = turns();
    clock.stop();
    const work = paused(clock, () => {});
    expect(withStillClock(() => workAnywhere(work, {}))).toEqual([0, 0, 0]);
  });

  it('do not matter to work on this thread', () => {
    const clock = turns();
    clock.stop();
    expect(workHere(paused(clock, busy))).toEqual([0, 0, 0]);
  });

  it('continue one piece of work in each turn, however many wait', async () => {
    const clock = turns();
    const all = await Promise.all([1, 2, 3].map(() => workElsewhere(paused(clock, busy), {})));
    clock.stop();
    const later = all.flatMap(([, ...rest]) => rest);
    expect(new Set(later).size).toBe(6);
  });

  it('end work whose signal is aborted in it, unless it is done', async () => {
    const clock = turns();
    clock.stop();
    for (const part of [1, 2, 3]) {
      const ended: string[] = [];
      const controller = new AbortController();
      let parts = 0;
      const hold = () => {
        if (++parts === part) controller.abort('why');
      };
      const work = workElsewhere(paused(clock, hold, ended), { signal: controller.signal });
      if (part === 3) expect(await work).toHaveLength(3);
      else expect(await rejectionOf(work)).toMatchObject({ name: 'AbortError', cause: 'why' });
      expect(parts).toBe(part);
      expect(ended).toEqual(['finally']);
    }
  });

  it('are not needed by an abort before a native call, which is not started', async () => {
    const controller = new AbortController();
    function* work(): Work<void> {
      controller.abort();
      yield { ...moments(learner().object, X, new Float64Array(1)), start: () => expect.fail('started') };
    }
    const error = await rejectionOf(workElsewhere(work(), { signal: controller.signal }));
    expect(error).toMatchObject({ name: 'AbortError' });
  });

  it('leave the rest of work that begins at once', async () => {
    const seen: string[] = [];
    function* work(pauses: boolean): Work<void> {
      try {
        yield { ...moments(learner().object, X, new Float64Array(1)), brief: true };
        seen.push('brief');
        if (pauses) yield pause;
        seen.push('later');
      } finally {
        seen.push('finally');
      }
    }
    expect(begun(work(false))).toBe(undefined);
    expect(seen.splice(0)).toEqual(['brief', 'later', 'finally']);
    const rest = begun(work(true)) ?? expect.fail();
    expect(seen).toEqual(['brief']);
    workHere(rest);
    expect(seen).toEqual(['brief', 'later', 'finally']);
  });

  it.each([
    [0, 1],
    [1, 1],
    [4096, 1],
    [4097, 1],
    [10_000, 3],
    [5, 100_000],
  ])('stand between the parts of %d numbers in rows of %d', (length, width) => {
    const parts: [number, number][] = [];
    let pauses = 0;
    for (const step of inSlices(length, (from, to) => parts.push([from, to]), width)) {
      expect(step).toBe(pause);
      pauses++;
    }
    expect(pauses).toBe(Math.max(0, parts.length - 1));
    expect(parts.flatMap(([from, to]) => Array.from({ length: to - from }, (_, i) => from + i))).toEqual(
      Array.from({ length }, (_, i) => i),
    );
    for (const [from, to] of parts) expect(to - from).toBeLessThanOrEqual(Math.max(1, 4096 / width));
  });
});

it('idle objects are taken again before others are made', () => {
  let made = 0;
  const idle = new Idle(() => ++made);
  const [a, b] = [idle.take(), idle.take()];
  idle.giveBack(a);
  expect([idle.take(), idle.take(), b]).toEqual([1, 3, 2]);
});

describe('brief calls', () => {
  function* calls(count: number, seen: string[], after = () => {}): Work<void> {
    const { object } = learner();
    for (let call = 0; call < count; call++) {
      yield { ...moments(object, X, new Float64Array(1)), brief: true };
      seen.push('call');
      after();
    }
  }

  it('run on this thread, one after another, while they take no time', () => {
    const seen: string[] = [];
    expect(withStillClock(() => workAnywhere(calls(100, seen), {}))).toBe(undefined);
    expect(seen).toHaveLength(100);
  });

  it('run on another thread when they have held the event loop for some milliseconds', async () => {
    const seen: string[] = [];
    const working = withStillClock((pass) =>
      workElsewhere(
        calls(2, seen, () => pass(5)),
        {},
      ),
    );
    expect(seen).toEqual(['call']);
    await working;
    expect(seen).toEqual(['call', 'call']);
  });
});
