// The report of a run, and the pictures in it.

import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { amount, drawChart, logScale, ticksAround } from '../bench/harness/chart.mjs';
import { writeResults } from '../bench/harness/report.mjs';

const folder = mkdtempSync(join(tmpdir(), 'blasnet-bench-report-'));
afterAll(() => rmSync(folder, { recursive: true }));

const picture = {
  title: 'Rates <of> "A & B"',
  xTitle: 'rows',
  yTitle: 'GFLOP/s',
  xTicks: [1, 10, 100],
  panels: [
    {
      title: 'float64',
      lines: [
        { name: 'training', points: [[1, 2] as const, [10, 20] as const, [100, 50] as const] },
        { name: 'prediction', points: [[1, 4] as const] },
      ],
      limits: [{ name: 'the limit', y: 50 }],
    },
    { title: 'float32', lines: [{ name: 'prediction', points: [[100, 80] as const] }], limits: [] },
  ],
};

describe('a chart', () => {
  const svg = drawChart(picture);
  const attributes = (kind: string, name: string) =>
    [...svg.matchAll(new RegExp(`<[^>]*class="[^"]*\\b${kind}\\b[^>]* ${name}="([^"]*)"`, 'g'))].map(
      ([, value]) => Number(value),
    );

  test('equal ratios have equal distances', () => {
    const place = logScale([1, 1000], [0, 300]);
    expect([1, 10, 100, 1000].map(place).map(Math.round)).toEqual([0, 100, 200, 300]);
    expect(logScale([1, 100], [200, 0])(10)).toBeCloseTo(100, 12);
  });

  test.each([
    [3, 40, [2, 5, 10, 20, 50]],
    [1, 10, [1, 2, 5, 10, 20]],
    [0.02, 3000, [0.01, 0.1, 1, 10, 100, 1000, 10_000]],
  ])('the ticks from %f to %f surround both', (least, greatest, expected) => {
    expect(ticksAround(least, greatest)).toEqual(expected);
  });

  test.each([
    [0.5, '0.5'],
    [1000, '1000'],
    [30_000, '30 k'],
    [1_000_000, '1 M'],
  ])('a tick at %f is written as %s', (value, text) => expect(amount(value)).toBe(text));

  test('a limit is as high as a point of its rate, and higher rates are above it', () => {
    const [limit] = attributes('limit', 'y1');
    expect(attributes('limit', 'y2')).toEqual([limit]);
    // The points of both panels in their order, then those of the legend.
    const heights = attributes('dot', 'cy');
    expect(heights).toHaveLength(3 + 1 + 1 + 2);
    expect(heights[2]).toBe(limit);
    expect(heights[4]).toBeLessThan(limit as number);
    expect(heights[0]).toBeGreaterThan(heights[1] as number);
  });

  test('lines of one name look the same in every panel, and two lines differ without colours', () => {
    const dots = [...svg.matchAll(/<circle class="([^"]*)"/g)].map(([, kind]) => kind);
    const [full, hollow] = ['dot look0', 'dot look1 hollow'];
    expect(dots).toEqual([full, full, full, hollow, hollow, full, hollow]);
    const fifth = { name: 'E', points: [] };
    const lines = ['A', 'B', 'C', 'D'].map((name) => ({ name, points: [] }));
    const panel = { title: '', lines: [...lines, fifth], limits: [{ name: '', y: 1 }] };
    expect(() => drawChart({ ...picture, panels: [panel] })).toThrow('5 lines of 4 looks');
  });

  test('it has colours for light and for dark, and texts are escaped', () => {
    const [light, dark] = svg.split('@media (prefers-color-scheme: dark)');
    const defined = (text = '') => [...text.matchAll(/--(\w+): #/g)].map(([, name]) => name);
    expect(defined(light)).toEqual(['paper', 'ink', 'grid', 'first', 'second']);
    expect(defined(dark)).toEqual(defined(light));
    expect(svg).toContain('>Rates &lt;of> "A &amp; B"</text>'.replaceAll('"', '&quot;'));
  });

  test('every element that begins also ends, and no number is missing', () => {
    const open: string[] = [];
    for (const [, closing, name, inside] of svg.matchAll(/<(\/?)(\w+)((?:[^>"]|"[^"]*")*)>/g)) {
      if (closing === '/') expect(open.pop()).toBe(name);
      else if (!inside?.endsWith('/')) open.push(String(name));
    }
    expect(open).toEqual([]);
    expect(svg).not.toMatch(/NaN|undefined|Infinity/);
  });
});

test('the report refers to its pictures by the names of their files', () => {
  const results = {
    ...{
      date: '2026-01-02T03:04:05Z',
      took: '3 s',
      quick: false,
      rounds: 1,
      machine: {},
      versions: {},
      limits: {},
    },
    ...{ rows: [], verified: [], tables: [] },
    pictures: [{ name: 'rows', title: picture.title, svg: drawChart(picture) }],
  };
  writeResults(folder, 'some', results);
  expect(readdirSync(folder).sort()).toEqual(['some-rows.svg', 'some.json', 'some.md']);
  expect(readFileSync(join(folder, 'some.md'), 'utf8')).toContain(`![${picture.title}](some-rows.svg)`);
  expect(readFileSync(join(folder, 'some-rows.svg'), 'utf8')).toBe(drawChart(picture));
  expect(readFileSync(join(folder, 'some.json'), 'utf8')).not.toContain('svg');
});
