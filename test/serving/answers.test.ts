// What a batcher answers equals what the model itself answers, bit for bit, in batches of any size.

import { beforeAll, describe, expect, test } from 'vitest';
import { Batcher, checkRecord, ModelSlot, type ServedModel } from '../../lib/serving';
import { kinds } from './models';

const rules = { missing: 'accept', notFinite: 'accept' } as const;

describe.each(kinds)('$name', ({ make, row, expected, probabilities }) => {
  let model: ServedModel;
  const rows = Array.from({ length: 37 }, (_, i) => row(i));
  beforeAll(async () => {
    model = await make(1);
  });

  test('is answered at once as by its own predict', async () => {
    const batcher = new Batcher(model, { input: rules });
    const answers: unknown[] = [];
    for (const each of rows.slice(0, 5)) answers.push(await batcher.predict(each));
    expect(answers).toEqual(expected(model as never, rows.slice(0, 5)));
    expect(batcher.figures()).toMatchObject({ requests: 5, answered: 5, batches: 5, rows: 5, queued: 0 });
    await batcher.close();
  });

  test.each([1, 8, 64])('is answered in batches of %i as by its own predict', async (maxBatch) => {
    const batcher = new Batcher(model, { maxBatch, input: rules, atOnce: 0 });
    const answers = await Promise.all(rows.map((each) => batcher.predict(each)));
    expect(answers).toEqual(expected(model as never, rows));
    if (probabilities !== undefined) {
      const shares = await Promise.all(rows.map((each) => batcher.probabilities(each)));
      expect(shares).toEqual(probabilities(model as never, rows));
    }
    const { answered, batchSize } = batcher.figures();
    expect(answered).toBe(probabilities === undefined ? 37 : 74);
    expect(batchSize.count).toBe(Math.ceil(37 / maxBatch) * (answered / 37));
    await batcher.close();
  });

  test('takes its rows at the door', () => {
    for (const each of rows) checkRecord(model, each, rules);
  });

  test('is swapped for one of another seed, and back', async () => {
    const slot = new ModelSlot(model);
    const next = await make(2);
    expect(await slot.swap(next, { probe: rows })).toBe(2);
    expect(slot.model).toBe(next);
    expect(slot.rollback()).toBe(3);
    expect(slot.model).toBe(model);
  });
});
