// Random orders of calls, aborts, swaps, rollbacks and the end, against a queue in plain code.

import fc from 'fast-check';
import { afterEach, expect, test } from 'vitest';
import { AbortError, type FloatArray, Network } from '../../lib';
import { Batcher, ModelSlot } from '../../lib/serving';

const [maxBatch, maxQueue] = [3, 7];
const rows = Array.from({ length: 12 }, (_, i) => [Math.sin(i), Math.cos(i * 2), i / 7]);

const networks = [1, 2, 3].map(
  (seed) =>
    new Network(
      [
        { inputDim: 3, outputDim: 8, activation: 'tanh' },
        { outputDim: 2, activation: 'linear' },
      ],
      { seed },
    ),
);
const expected = networks.map((net) => rows.map((_, i) => net.predictSync(rows).row(i).slice()));

type Command =
  | { readonly type: 'predict'; readonly row: number; readonly bad: boolean }
  | { readonly type: 'abort'; readonly call: number }
  | { readonly type: 'swap'; readonly to: number }
  | { readonly type: 'rollback' | 'turn' | 'settle' | 'close' };

const command: fc.Arbitrary<Command> = fc.oneof(
  {
    weight: 12,
    arbitrary: fc.record({
      type: fc.constant('predict' as const),
      row: fc.nat(rows.length - 1),
      bad: fc.nat(9).map((n) => n === 0),
    }),
  },
  { weight: 4, arbitrary: fc.record({ type: fc.constant('abort' as const), call: fc.nat(40) }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constant('swap' as const), to: fc.nat(2) }) },
  { weight: 5, arbitrary: fc.constant({ type: 'turn' as const }) },
  { weight: 2, arbitrary: fc.constant({ type: 'settle' as const }) },
  { weight: 1, arbitrary: fc.constant({ type: 'rollback' as const }) },
  { weight: 1, arbitrary: fc.constant({ type: 'close' as const }) },
);

interface Call {
  readonly id: number;
  readonly model: number;
  readonly row: number;
  readonly controller: AbortController;
  readonly settled: Promise<void>;
  outcome?: { readonly value?: FloatArray; readonly error?: Error & { code?: string } };
  /** What must come of it; undefined: the answer of its model. */
  refused?: string;
}

/** A queue in plain code: batches of one model, each with the numbers of its calls. */
class PlainQueue {
  waiting: { readonly model: number; calls: Call[] }[] = [];
  readonly started: Call[][] = [];
  rows = 0;

  get queued(): number {
    return this.waiting.reduce((sum, { calls }) => sum + calls.length, 0);
  }

  add(call: Call): void {
    const last = this.waiting.at(-1);
    if (last?.model === call.model && last.calls.length < maxBatch) last.calls.push(call);
    else this.waiting.push({ model: call.model, calls: [call] });
  }

  remove(call: Call): void {
    for (const batch of this.waiting) batch.calls = batch.calls.filter((each) => each !== call);
    this.waiting = this.waiting.filter(({ calls }) => calls.length > 0);
  }

  start(): void {
    const { calls } = this.waiting.shift() as PlainQueue['waiting'][0];
    this.started.push(calls);
    this.rows += calls.length;
  }
}

async function run(commands: readonly Command[]): Promise<void> {
  const slot = new ModelSlot<Network>(networks[0] as Network, { keep: 3 });
  const batcher = new Batcher(slot, { maxBatch, maxQueue, atOnce: 0 });
  const queue = new PlainQueue();
  const calls: Call[] = [];
  const finished: Call[] = [];
  let closed = false;

  // The batches that were started since the last look: only these are not known in advance.
  const catchUp = () => {
    const { batches, rows: predicted, queued } = batcher.figures();
    while (queue.started.length < batches) queue.start();
    expect([predicted, queued]).toEqual([queue.rows, queue.queued]);
  };

  const predict = (row: number, bad: boolean) => {
    const controller = new AbortController();
    const refused = closed
      ? 'ERR_BLASNET_CLOSED'
      : queue.queued >= maxQueue
        ? 'ERR_BLASNET_QUEUE_FULL'
        : bad
          ? 'ERR_BLASNET_SHAPE'
          : undefined;
    const model = networks.indexOf(slot.model);
    const given = bad ? [1] : (rows[row] as number[]);
    const outcome = batcher.predict(given, { signal: controller.signal });
    const settled = outcome.then(
      (value) => end({ value }),
      (error) => end({ error }),
    );
    const call: Call = { id: calls.length, model, row, controller, settled, ...(refused && { refused }) };
    const end = (what: NonNullable<Call['outcome']>) => {
      expect(call.outcome).toBeUndefined();
      call.outcome = what;
      finished.push(call);
    };
    calls.push(call);
    if (refused === undefined) queue.add(call);
  };

  const abort = (call: Call | undefined) => {
    if (call === undefined) return;
    // A call that has ended is not changed any more.
    if (call.outcome === undefined && call.refused === undefined) {
      call.refused = 'ABORT_ERR';
      queue.remove(call);
    }
    call.controller.abort(call.id);
  };

  for (const each of commands) {
    catchUp();
    if (each.type === 'predict') predict(each.row, each.bad);
    else if (each.type === 'abort') abort(calls[each.call]);
    else if (each.type === 'swap') await slot.swap(networks[each.to] as Network);
    else if (each.type === 'rollback' && slot.history.length > 1) slot.rollback();
    else if (each.type === 'turn') await new Promise(setImmediate);
    else if (each.type === 'settle') await calls.at(-1)?.settled;
    else if (each.type === 'close') {
      void batcher.close();
      closed = true;
    }
  }
  await batcher.close();
  await Promise.all(calls.map(({ settled }) => settled));
  catchUp();

  for (const { outcome, refused, model, row, id } of calls) {
    if (refused === undefined) expect(outcome?.value).toEqual(expected[model]?.[row]);
    else expect(outcome?.error).toMatchObject({ code: refused });
    if (refused === 'ABORT_ERR') expect(outcome?.error).toBeInstanceOf(AbortError);
    if (refused === 'ABORT_ERR') expect(outcome?.error?.cause).toBe(id);
  }
  // Batches are answered one after another, each as a whole.
  const answered = finished.filter(({ refused }) => refused === undefined).map(({ id }) => id);
  const started = queue.started.map((batch) => batch.filter(({ refused }) => refused === undefined));
  for (const batch of started) {
    const ids = answered.splice(0, batch.length);
    expect(ids.sort((a, b) => a - b)).toEqual(batch.map(({ id }) => id).sort((a, b) => a - b));
  }
  expect(answered).toEqual([]);
  const { requests, answered: count, failed, aborted, rejected, queued, running } = batcher.figures();
  expect([queued, running, requests]).toEqual([0, 0, calls.length]);
  const codes = calls.map(({ refused }) => refused);
  const having = (...wanted: unknown[]) => codes.filter((code) => wanted.includes(code)).length;
  expect({ count, failed, aborted, rejected }).toEqual({
    count: having(undefined),
    failed: having('ERR_BLASNET_SHAPE'),
    aborted: having('ABORT_ERR'),
    rejected: having('ERR_BLASNET_CLOSED', 'ERR_BLASNET_QUEUE_FULL'),
  });
}

const warnings: Error[] = [];
const listener = (warning: Error) => void warnings.push(warning);
process.on('warning', listener);
afterEach(() => void process.off('warning', listener));

test('any order of calls, aborts, swaps, rollbacks and the end is answered as by a plain queue', async () => {
  const property = fc.asyncProperty(fc.array(command, { minLength: 5, maxLength: 60 }), run);
  await fc.assert(property, { numRuns: 150 });
  expect(warnings).toEqual([]);
});
