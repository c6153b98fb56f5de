// How rows differ from earlier ones, beside plain loops.

import { describe, expect, test } from 'vitest';
import { Classifier, Table, type TableRecord } from '../../../lib/tabular';
import { customers, early, late } from './rows';

const quick = { target: 'y', hidden: [4], epochs: 2, seed: 1 } as const;

function rowOf(table: Table, column: string): TableRecord {
  return table.toRecords().find((row) => row.column === column) as TableRecord;
}

/** The stability index in plain loops: shares with half a row more in each bin that is not empty in both. */
function stability(before: readonly number[], now: readonly number[]): number {
  const bins = before.flatMap((count, i) => (count + (now[i] as number) > 0 ? [i] : []));
  const all = bins.reduce((sum, i) => sum + (before[i] as number) + 0.5, 0);
  const allNow = bins.reduce((sum, i) => sum + (now[i] as number) + 0.5, 0);
  let index = 0;
  for (const i of bins) {
    const p = ((before[i] as number) + 0.5) / all;
    const q = ((now[i] as number) + 0.5) / allNow;
    index += (q - p) * (Math.log(q) - Math.log(p));
  }
  return index;
}

const present = (table: Table, name: string) =>
  table.toRecords().flatMap((row) => (row[name] === null ? [] : [row[name] as number]));

describe('drift', () => {
  test('tells moments, gaps, new categories and distances of each column', async () => {
    const model = await Classifier.train(early, { ...quick, remember: 1000 });
    const drift = await model.drift(late);
    expect(drift.column('column').toArray()).toEqual(['x', 't', 'city', 'member', 'y']);
    expect(drift.column('role').toArray()).toEqual(['input', 'input', 'input', 'input', 'target']);

    const [before, now] = [present(early, 'x'), present(late, 'x')];
    const x = rowOf(drift, 'x');
    expect(x).toMatchObject({ kind: 'number', rowsBefore: 500, rowsNow: 400, newCategories: null });
    expect(x.missingBefore).toBeCloseTo(1 - before.length / 500, 12);
    expect(x.missingNow).toBeCloseTo(1 - now.length / 400, 12);
    const mean = now.reduce((sum, value) => sum + value, 0) / now.length;
    expect(x.meanNow).toBeCloseTo(mean, 12);
    const squares = now.reduce((sum, value) => sum + (value - mean) ** 2, 0);
    expect(x.deviationNow).toBeCloseTo(Math.sqrt(squares / now.length), 12);
    const share = (values: readonly number[], at: number) =>
      values.filter((value) => value <= at).length / values.length;
    const distances = [...before, ...now].map((at) => Math.abs(share(before, at) - share(now, at)));
    expect(x.ks).toBeCloseTo(Math.max(...distances), 12);
    expect(x.psi).toBeGreaterThan(0.25);

    const cities = (table: Table) => {
      const texts = table.toRecords().map(({ city }) => city);
      const count = (name: string) => texts.filter((text) => text === name).length;
      return [...new Set([...early.column('city').categories, 'Oslo'])].map(count);
    };
    const city = rowOf(drift, 'city');
    expect(city.newCategories).toBe(1);
    expect(city.psi).toBeCloseTo(stability(cities(early), cities(late)), 12);
    expect(city.shareOfNew).toBeCloseTo(
      (cities(late)[2] as number) / cities(late).reduce((sum, count) => sum + count, 0),
      12,
    );
    expect(rowOf(drift, 'y')).toMatchObject({ kind: 'category', newCategories: 1 });
  });

  test('is small for rows of the same kind, and takes rows without the target', async () => {
    const model = await Classifier.train(early, { ...quick, remember: 1000 });
    const same = await model.drift(Table.from(customers(4000, 9)).without(['y']));
    expect(same.column('column').toArray()).not.toContain('y');
    for (const psi of same.column('psi').toArray()) expect(psi).toBeLessThan(0.05);
  });

  test('needs no memory if earlier rows are given', async () => {
    const model = await Classifier.train(early, quick);
    const remembering = await Classifier.train(early, { ...quick, remember: 1000 });
    const given = await model.drift(late, { old: early });
    expect(given.toRecords()).toEqual((await remembering.drift(late)).toRecords());
  });

  test('is computed by equal bits on any number of threads', async () => {
    const model = await Classifier.train(early, { ...quick, remember: 50 });
    const drift = async (threads: number) => (await model.drift(late, { threads })).toRecords();
    expect(await drift(2)).toEqual(await drift(1));
  });
});
