// The parts of bench/ that need no rival and no clock: arithmetic, formatting, verdicts.

import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { compare, fastest } from '../bench/harness/comparison.mjs';
import { together } from '../bench/harness/figures.mjs';
import { readOptions, UsageError } from '../bench/harness/options.mjs';
import { ProcessError, runJson } from '../bench/harness/processes.mjs';
import { number, rate, time, withSpread } from '../bench/harness/quantities.mjs';
import { summary } from '../bench/harness/report.mjs';
import { takeTurns } from '../bench/harness/rounds.mjs';
import { judge, type Row } from '../bench/harness/rows.mjs';
import { growth, largestDifference, median, quantile, ratios, spread } from '../bench/harness/statistics.mjs';
import { markdownTable, resultTable } from '../bench/harness/table.mjs';
import { tabularSets } from '../bench/harness/tabular-data.mjs';
import { medianBlock } from '../bench/rivals/blocks.mjs';

const root = join(import.meta.dirname, '..');
const folder = mkdtempSync(join(tmpdir(), 'blasnet-bench-test-'));
afterAll(() => rmSync(folder, { recursive: true }));

describe('statistics', () => {
  test('the median is the middle value, or the mean of the two in the middle', () => {
    expect(median([3, 1, 2])).toBe(2);
    expect(median([4, 1, 3, 2])).toBe(2.5);
    expect(median([7])).toBe(7);
    expect(() => median([])).toThrow('The median of nothing');
  });

  test('a quantile is the smallest value that this share does not exceed', () => {
    const hundred = Array.from({ length: 100 }, (_, i) => 100 - i);
    expect(quantile(hundred, 0.99)).toBe(99);
    expect(quantile(hundred, 1)).toBe(100);
    expect(quantile([5], 0.5)).toBe(5);
    expect(() => quantile([], 0.5)).toThrow('The quantile of nothing');
  });

  test('the growth of a series is that of the line of least squares', () => {
    const { first, last, slope } = growth([10, 12, 14, 16]);
    expect([first, last]).toEqual([10, 16]);
    expect(slope).toBeCloseTo(6, 12);
    expect(growth([10, 30, 10, 30, 10]).slope).toBeCloseTo(0, 12);
  });

  test('numbers are sorted as numbers', () => expect(median([10, 9, 100])).toBe(10));

  test('the spread has the median, the least and the largest', () =>
    expect(spread([2, 5, 1])).toEqual({ median: 2, min: 1, max: 5 }));

  test('a ratio is taken round by round', () => {
    expect(ratios([1, 2, 4], [4, 6, 8])).toEqual({ median: 3, min: 2, max: 4 });
    expect(() => ratios([1], [1, 2])).toThrow('Rounds that do not pair');
  });

  test('the largest difference is relative, above the floor', () => {
    expect(largestDifference([1.1, 100], [1, 100], 0)).toBeCloseTo(0.1, 12);
    expect(largestDifference([0.001], [0.002], 0.1)).toBeCloseTo(0.01, 12);
    expect(largestDifference([1, 2], [1, 2], 0)).toBe(0);
  });

  test.each([
    { what: 'other lengths', actual: [1], expected: [1, 2] },
    { what: 'nothing', actual: [], expected: [] },
    { what: 'NaN of ours', actual: [Number.NaN], expected: [1] },
    { what: 'NaN of theirs', actual: [1], expected: [Number.NaN] },
    { what: 'NaN before a number', actual: [Number.NaN, 1], expected: [1, 1] },
  ])('no difference is small enough for $what', ({ actual, expected }) => {
    expect(largestDifference(actual, expected, 0)).toBe(Number.POSITIVE_INFINITY);
  });
});

describe('figures', () => {
  test.each([
    [0, '0'],
    [0.041234, '0.0412'],
    [1, '1.00'],
    [27.34, '27.3'],
    [343.4, '343'],
    [13812, '13,800'],
    [72_000, '72,000'],
    [Number.POSITIVE_INFINITY, 'Infinity'],
  ])('%f is written as %s', (value, text) => expect(number(value)).toBe(text));

  test('a single round has no spread', () => {
    expect(withSpread({ median: 0.724, min: 0.71, max: 0.76 })).toBe('0.724 (0.710..0.760)');
    expect(withSpread({ median: 2, min: 2, max: 2 })).toBe('2.00');
  });

  test('rates come from times', () => {
    expect(rate('rows', 1000).of(500)).toBe(2000);
    expect(rate('rows', 1000).unit).toBe('rows/s');
    expect(time('an epoch').of(7)).toBe(7);
  });
});

const row = (change: Partial<Row>): Row => ({
  case: 'moons',
  variant: 'float64',
  threads: '1',
  unit: 'ms',
  ours: { median: 2, min: 2, max: 2 },
  ...change,
});
const exactly = (value: number) => ({ median: value, min: value, max: value });

describe('verdicts', () => {
  test.each<{ what: string; change: Partial<Row>; verdict: string; text: string }>([
    { what: 'nothing to reach', change: {}, verdict: 'none', text: '' },
    {
      what: 'the ratio exactly',
      change: { ratio: exactly(4), must: { ratio: 4 } },
      verdict: 'met',
      text: 'met',
    },
    {
      what: 'half the ratio',
      change: { ratio: exactly(2), must: { ratio: 4 } },
      verdict: 'missed',
      text: '**missed** by 50 %',
    },
    {
      what: 'a ratio that is too small by a hair',
      change: { ratio: exactly(3.999), must: { ratio: 4 } },
      verdict: 'missed',
      text: '**missed** by 1 %',
    },
    { what: 'a figure that is low enough', change: { must: { atMost: 2 } }, verdict: 'met', text: 'met' },
    {
      what: 'a figure far below, and negative',
      change: { ours: exactly(-1), must: { atMost: 2 } },
      verdict: 'met',
      text: 'met',
    },
    {
      what: 'a figure that is too high',
      change: { must: { atMost: 1 } },
      verdict: 'missed',
      text: '**missed** by 50 %',
    },
    { what: 'a figure that is high enough', change: { must: { atLeast: 2 } }, verdict: 'met', text: 'met' },
    {
      what: 'a figure that is too low',
      change: { must: { atLeast: 4 } },
      verdict: 'missed',
      text: '**missed** by 50 %',
    },
    {
      what: 'no figure of ours',
      change: { ours: null, must: { atMost: 1 }, note: 'adam is missing' },
      verdict: 'open',
      text: 'adam is missing',
    },
    {
      what: 'no figure of theirs',
      change: { must: { ratio: 4 }, note: 'not installed' },
      verdict: 'open',
      text: 'not installed',
    },
    {
      what: 'other results',
      change: { wrong: true, note: 'by 0.1' },
      verdict: 'wrong',
      text: '**not equal**: by 0.1',
    },
  ])('the verdict on $what is $verdict', ({ change, verdict, text }) => {
    expect(judge(row(change))).toEqual({ verdict, text });
  });

  test('the summary counts verdicts', () => {
    const met = row({ must: { atMost: 2 } });
    expect(summary([met, met, row({ must: { atMost: 1 } }), row({}), row({ ours: null })])).toBe(
      '2 met, 1 missed, 1 without a figure',
    );
  });
});

describe('comparison', () => {
  const what = { case: 'moons', variant: 'float64', threads: '1', quantity: time('an epoch') };

  test('a row compares two contestants', () => {
    const compared = compare(
      { ...what, must: { ratio: 3 } },
      { values: [1, 2] },
      { title: 'PyTorch', outcome: { values: [4, 4] } },
    );
    expect(compared).toMatchObject({
      unit: 'ms an epoch',
      rival: 'PyTorch',
      ratio: { median: 3, min: 2, max: 4 },
    });
    expect(judge(compared).verdict).toBe('met');
  });

  test('a contestant without a figure says why', () => {
    const absent = { unavailable: 'not installed' };
    expect(compare(what, absent, { title: 'PyTorch', outcome: { values: [1] } }).note).toBe('not installed');
    expect(compare(what, { values: [1] }, { title: 'PyTorch', outcome: absent }).note).toBe(
      'PyTorch not installed',
    );
    const wrong = { unavailable: '20 losses differ by 0.1', wrong: true };
    expect(judge(compare(what, { values: [1] }, { title: 'PyTorch', outcome: wrong }))).toEqual({
      verdict: 'wrong',
      text: '**not equal**: 20 losses differ by 0.1',
    });
  });

  test('the fastest has the least median, and those without a figure lose', () => {
    const sides = [
      { title: 'absent', outcome: { unavailable: 'not installed' } },
      { title: 'slow', outcome: { values: [5, 6, 7] } },
      { title: 'fast', outcome: { values: [1, 4, 90] } },
    ];
    expect(fastest(sides).title).toBe('fast');
    expect(fastest(sides.slice(0, 1)).title).toBe('absent');
  });
});

describe('rounds', () => {
  test('everyone takes a turn in every round', async () => {
    const turns: string[] = [];
    const contestant = (key: string) => ({
      key,
      measure: async () => {
        turns.push(key);
        return { value: turns.length };
      },
    });
    const outcomes = await takeTurns([contestant('A'), contestant('B')], 2, () => {});
    expect(turns).toEqual(['A', 'B', 'A', 'B']);
    expect(outcomes.get('B')).toEqual({ values: [2, 4] });
  });

  test('contestants that share a process take their figures from one answer in each round', async () => {
    let processes = 0;
    const contestants = together('A', ['time', 'usage', 'absent'], async () => {
      processes++;
      return { time: processes, usage: 10 * processes };
    });
    const outcomes = await takeTurns(contestants, 2, () => {});
    expect(processes).toBe(2);
    expect(outcomes.get('A time')).toEqual({ values: [1, 2] });
    expect(outcomes.get('A usage')).toEqual({ values: [10, 20] });
    expect(outcomes.get('A absent')).toEqual({ unavailable: 'not measured' });
  });

  test('a contestant that fails is left out from then on, and a fault of the suite itself is not hidden', async () => {
    let calls = 0;
    const failing = (error: Error) => ({
      key: 'A',
      measure: async () => {
        calls++;
        throw error;
      },
    });
    const outcomes = await takeTurns([failing(new ProcessError('ImportError: torch'))], 3, () => {});
    expect(outcomes.get('A')).toEqual({ unavailable: 'failed: ImportError: torch' });
    expect(calls).toBe(1);
    await expect(takeTurns([failing(new TypeError('a bug'))], 3, () => {})).rejects.toThrow('a bug');
  });

  test('a block is many pieces of work, and its time is that of one piece', async () => {
    let pieces = 0;
    const milliseconds = await medianBlock((count) => {
      for (let i = 0; i < count; i++) pieces++;
    }, 0.01);
    expect(pieces).toBeGreaterThanOrEqual(4); // one to warm up, three blocks
    expect(Number.isFinite(milliseconds)).toBe(true);
  });
});

describe('processes', () => {
  const node = (code: string) => runJson(process.execPath, ['-e', code]);

  test('the last line is the answer', async () => {
    expect(await node('console.log("chatter"); console.log(JSON.stringify({ a: 1 }))')).toEqual({ a: 1 });
  });

  test.each([
    { what: 'an error', program: 'throw new TypeError("broken")', message: 'TypeError: broken' },
    { what: 'an exit status', program: 'process.exit(3)', message: 'exit status 3' },
    { what: 'no JSON', program: 'console.log("well")', message: 'printed no JSON' },
  ])('an error has one line about $what', async ({ program, message }) => {
    const failure = await node(program).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(ProcessError);
    expect((failure as ProcessError).message).toBe(message);
  });

  test('a program that is not there is an error of the process', async () => {
    await expect(runJson(join(folder, 'absent'), [])).rejects.toThrow(ProcessError);
  });
});

describe('tables', () => {
  test('columns are as wide as their cells, and bars in them are escaped', () => {
    expect(markdownTable(['a', 'case'], [['longer', 'x|y']])).toBe(
      ['| a      | case |', '| ------ | ---- |', '| longer | x\\|y |'].join('\n'),
    );
  });

  test('a row of the result has the figures, the ratio and the verdict', () => {
    const result = row({ rival: 'PyTorch (1)', theirs: exactly(6), ratio: exactly(3), must: { ratio: 2.7 } });
    expect(
      resultTable([result])
        .split('\n')[2]
        ?.split('|')
        .map((cell) => cell.trim()),
    ).toEqual(['', 'moons', 'float64', '1', '2.00 ms', 'PyTorch (1): 6.00', '3.00', '2.7x', 'met', '']);
  });
});

describe('options', () => {
  const cases = ['moons-full', 'mnist'];

  test('a quick run has one round, any other five', () => {
    expect(readOptions([], cases)).toMatchObject({ quick: false, only: cases, rounds: 5 });
    expect(readOptions(['--quick', '--only', 'mnist'], cases)).toMatchObject({
      quick: true,
      only: ['mnist'],
      rounds: 1,
    });
  });

  test('several cases are named at once or one by one, and the results may have a name', () => {
    expect(readOptions(['--only', 'mnist,moons-full'], cases).only).toEqual(['mnist', 'moons-full']);
    expect(readOptions(['--only', 'mnist', '--only', 'moons-full'], cases).only).toEqual([
      'mnist',
      'moons-full',
    ]);
    expect(readOptions(['--name', '2026-01-02'], cases).name).toBe('2026-01-02');
  });

  test('the case of tables trains all sets and folds, and one fold in a quick run', () => {
    expect(readOptions([], cases).tabular).toEqual({ presets: undefined, sets: tabularSets, folds: 5 });
    const some = ['--quick', '--preset', 'fast,best', '--sets', 'ames,credit'];
    expect(readOptions(some, cases).tabular).toEqual({
      ...{ presets: ['fast', 'best'], sets: ['ames', 'credit'], folds: 1 },
    });
  });

  test.each([
    [['--sets', 'ames,iris'], 'Unknown value iris of --sets; there are credit, churn'],
    [['--folds', '0'], 'Expected --folds to be a positive integer, got 0'],
    [['--only', 'mnist,moon'], 'Unknown case moon; there are moons-full, mnist'],
    [['--only', 'moon'], 'Unknown case moon; there are moons-full, mnist'],
    [['--rounds', '0'], 'Expected --rounds to be a positive integer, got 0'],
    [['--rounds', '1.5'], 'Expected --rounds to be a positive integer, got 1.5'],
    [['--seconds', 'long'], 'Expected --seconds to be a positive number, got long'],
    [['--fast'], "Unknown option '--fast'"],
  ])('the options %j are refused', (args, message) => {
    expect(() => readOptions(args, cases)).toThrow(UsageError);
    expect(() => readOptions(args, cases)).toThrow(message);
  });

  test('the command lists the cases, one a file', () => {
    const { status, stdout } = spawnSync(process.execPath, ['bench/run.mjs', '--list'], {
      cwd: root,
      encoding: 'utf8',
    });
    expect(status).toBe(0);
    const files = readdirSync(join(root, 'bench/cases')).filter((file) => file !== 'index.mjs');
    expect(
      stdout
        .trim()
        .split('\n')
        .map((line) => `${line.split(' ')[0]}.mjs`)
        .sort(),
    ).toEqual(files.sort());
  });

  test('an unknown option ends it with the usage', () => {
    const { status, stderr } = spawnSync(process.execPath, ['bench/run.mjs', '--fast'], {
      cwd: root,
      encoding: 'utf8',
    });
    expect(status).toBe(2);
    expect(stderr).toContain('Usage: npm run bench');
  });
});
