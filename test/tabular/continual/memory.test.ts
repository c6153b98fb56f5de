// What a model remembers: a uniform sample, and summaries of all rows.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { workHere } from '../../../lib/addon/work';
import { RandomState } from '../../../lib/random/random-state';
import { Table } from '../../../lib/tabular';
import { joinTables } from '../../../lib/tabular/continual/join-tables';
import {
  type Memory,
  memoryJson,
  readMemory,
  remember,
  rememberMore,
} from '../../../lib/tabular/continual/memory';
import { sampleOn } from '../../../lib/tabular/continual/reservoir';
import { deviationOf, type NumberSummary, type TextSummary } from '../../../lib/tabular/continual/summary';
import { customers, early, late } from './rows';

const about = { seed: 3, capacity: 100, inputs: {}, weight: undefined };

/** The summary of a column of numbers in one pass over all, in plain loops. */
function plain(values: readonly (number | null)[]) {
  const present = values.filter((value) => value !== null);
  const mean = present.reduce((sum, value) => sum + value, 0) / present.length;
  const squares = present.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return {
    present: present.length,
    missing: values.length - present.length,
    ...{ mean, deviation: Math.sqrt(squares / present.length) },
    ...{ least: Math.min(...present), greatest: Math.max(...present) },
  };
}

describe('the memory of rows in several parts', () => {
  test('has the moments of one pass over all rows', async () => {
    const parts = [customers(300, 4), customers(17, 5, { shift: 50 }), customers(120, 6, { shift: -3 })];
    let memory: Memory | undefined;
    for (const part of parts.map((rows) => Table.from(rows))) {
      memory = memory === undefined ? await remember(about, part, {}) : await rememberMore(memory, part, {});
    }
    const summary = memory?.columns.get('x') as NumberSummary;
    const expected = plain(parts.flat().map(({ x }) => x));
    const { present, missing, mean, least, greatest } = summary;
    expect({ present, missing, least, greatest }).toEqual({
      ...{ present: expected.present, missing: expected.missing },
      ...{ least: expected.least, greatest: expected.greatest },
    });
    expect(mean).toBeCloseTo(expected.mean, 12);
    expect(deviationOf(summary)).toBeCloseTo(expected.deviation, 12);
    expect(memory?.seen).toBe(437);
    expect(memory?.columns.get('member')).toMatchObject({
      truths: parts.flat().filter(({ member }) => member).length,
    });
  });

  test('counts the rows of each bin and each category', async () => {
    const memory = await rememberMore(await remember(about, early, {}), late, {});
    const all = [...early.toRecords(), ...late.toRecords()] as { x: number | null; city: string | null }[];
    const { edges, counts } = memory.columns.get('x') as NumberSummary;
    const bins = [Number.NEGATIVE_INFINITY, ...edges, Number.POSITIVE_INFINITY];
    expect(counts).toEqual(
      counts.map(
        (_, bin) =>
          all.filter(({ x }) => x !== null && x >= (bins[bin] as number) && x < (bins[bin + 1] as number))
            .length,
      ),
    );
    const { texts, counts: ofTexts } = memory.columns.get('city') as TextSummary;
    for (const [i, text] of texts.entries()) {
      expect(ofTexts[i]).toBe(all.filter(({ city }) => city === text).length);
    }
    expect(texts).toHaveLength(3);
  });

  test('keeps whole rows, at most its capacity, and survives its JSON', async () => {
    const memory = await rememberMore(await remember(about, early, {}), late, {});
    expect(memory.sample.rows).toBe(100);
    const all = new Set([...early.toRecords(), ...late.toRecords()].map((row) => JSON.stringify(row)));
    for (const row of memory.sample.toRecords()) expect(all).toContain(JSON.stringify(row));
    const again = workHere(readMemory(JSON.parse(JSON.stringify(workHere(memoryJson(memory))))));
    expect(again.sample.toRecords()).toEqual(memory.sample.toRecords());
    expect({ ...again, sample: null }).toEqual({ ...memory, sample: null });
  });
});

describe('the sample', () => {
  // Pearson's statistic of 60 rows, of which each is in the sample with probability 1/6, has 59 degrees of freedom: it is
  // above 98.3 in one of a thousand cases.
  test('has each row with equal probability, wherever a part ends', () => {
    const [rows, capacity, repeats] = [60, 10, 4000];
    const counts = new Array<number>(rows).fill(0);
    for (let seed = 0; seed < repeats; seed++) {
      const first = 1 + (seed % (rows - 1));
      const random = new RandomState(seed);
      const start = workHere(sampleOn({ seen: 0, kept: 0, capacity, rows: first }, random));
      const sizes = { seen: first, kept: start.length, capacity, rows: rows - first };
      const end = workHere(sampleOn(sizes, random));
      expect(end).toHaveLength(capacity);
      for (const place of end) {
        const row = place < start.length ? (start[place] as number) : first + place - start.length;
        (counts[row] as number)++;
      }
    }
    const expected = (repeats * capacity) / rows;
    const statistic = counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
    expect(statistic).toBeLessThan(98.3);
  });
});

describe('joined tables', () => {
  const cell = fc.record(
    {
      x: fc.option(fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => value + 0)),
      word: fc.option(fc.constantFrom('a', 'b', 'c', 'd')),
      flag: fc.option(fc.boolean()),
    },
    { requiredKeys: ['x', 'word', 'flag'] },
  );
  const types = { x: 'number', word: 'category', flag: 'boolean' } as const;

  test('have the rows of both, in order', () => {
    fc.assert(
      fc.property(fc.array(cell, { minLength: 1 }), fc.array(cell, { minLength: 1 }), (one, other) => {
        const joined = workHere(
          joinTables(Table.from(one, { types }), Table.from(other, { types }), ['word', 'x', 'flag']),
        );
        expect(joined.names).toEqual(['word', 'x', 'flag']);
        expect(joined.select(['x', 'word', 'flag']).toRecords()).toEqual([...one, ...other]);
      }),
      { numRuns: 200 },
    );
  });
});
