// The yardsticks of the benchmarks: the programs of bench/limits/, and the shares of their rates.

import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { yardstickTitle } from '../bench/harness/contestants.mjs';
import { dense, predictionFlop, trainingFlop } from '../bench/harness/jobs.mjs';
import {
  compileLimit,
  type LibraryId,
  libraryEntry,
  libraryIds,
  productRates,
  type Shape,
} from '../bench/harness/limits.mjs';
import { processorFlags } from '../bench/harness/machine.mjs';
import { ProcessError, runJson } from '../bench/harness/processes.mjs';
import { judge } from '../bench/harness/rows.mjs';
import { shareRows } from '../bench/harness/training.mjs';

const folder = mkdtempSync(join(tmpdir(), 'blasnet-bench-limits-'));
afterAll(() => rmSync(folder, { recursive: true }));

describe('the limit', () => {
  // The loop consists of fused multiply-adds.
  const fused = process.arch === 'arm64' || processorFlags().includes('fma');

  test.skipIf(!fused)('the loop of fma.cc takes the steps that it says', async () => {
    const program = compileLimit('fma', folder);
    for (const dtype of ['float32', 'float64']) {
      const { widths } = await runJson(program, [dtype, '0.001']);
      const bytes = dtype === 'float32' ? 4 : 8;
      expect(widths.length).toBeGreaterThanOrEqual(1);
      for (const { bits, chains, flopPerStep, correct, gflops } of widths) {
        expect(correct).toBe(true);
        expect(flopPerStep).toBe(2 * chains * (bits / 8 / bytes));
        expect(gflops).toBeGreaterThan(0);
      }
    }
  });
});

describe('the products of other libraries', () => {
  const shapes = ['8x6x4', '33x7x19', '50x90x50'] as const;

  test.for(libraryIds)('the program of %s has right products of every shape', async (id, { skip }) => {
    const program = compiled(id);
    if (program === undefined) return skip(`${id} is not installed`);
    const { title, dtypes } = libraryEntry(id);
    for (const dtype of dtypes) {
      const { library, rates } = await productRates(program, id, dtype, shapes, 0.001);
      // Libraries have functions of equal names: this one must be the one that was meant.
      expect(library).toContain(title);
      expect(Object.keys(rates)).toEqual([...shapes]);
      for (const rate of Object.values(rates)) expect(rate).toBeGreaterThan(0);
    }
  });

  test('a program without a known type, or with a shape that is none, ends with its usage', async ({
    skip,
  }) => {
    const program = compiled('openblas');
    if (program === undefined) return skip('OpenBLAS is not installed');
    for (const args of [['float16', '1'], ['float32'], ['float32', '1', '8x8'], ['float32', '1', '8x0x8']]) {
      await expect(runJson(program, args)).rejects.toMatchObject({
        message: 'exit status 2',
        output: expect.stringContaining('float32|float64 SECONDS [MxNxK...]'),
      });
    }
  });

  test('a wrong product is an error, and the best of several ways counts', async () => {
    const answerOf = (correct: boolean) =>
      program(`console.log(JSON.stringify({ library: 'A 1', products: [
        { shape: '2x2x2', way: 'slow', correct: true, gflops: 1 },
        { shape: '2x2x2', way: 'fast', correct: ${correct}, gflops: 3 },
      ] }))`);
    const ask = (correct: boolean) => productRates(answerOf(correct), 'openblas', 'float32', ['2x2x2'], 1);
    expect(await ask(true)).toEqual({ library: 'A 1', rates: { '2x2x2': 3 } });
    await expect(ask(false)).rejects.toThrow(new ProcessError('the product 2x2x2 of A 1, fast, is wrong'));
  });

  test.each([
    ['x.cc:3:10: fatal error: dnnl.hpp: No such file', 'dnnl.hpp: No such file'],
    ['/usr/bin/ld: cannot find -lblis: No such file', 'cannot find -lblis: No such file'],
    ["x.cc:9: error: 'sgemm' is not a member", "'sgemm' is not a member"],
  ])('the error of a compiler that says %s has one line', (says, line) => {
    const before = process.env.CXX;
    process.env.CXX = program(`console.error(${JSON.stringify(`in file\n${says}\nmore`)}); process.exit(1)`);
    try {
      expect(() => compileLimit('onednn', folder)).toThrow(new ProcessError(line));
    } finally {
      if (before === undefined) delete process.env.CXX;
      else process.env.CXX = before;
    }
  });
});

describe('the shares of a yardstick', () => {
  const layers = dense([4, 3, 2], 'relu', 'sigmoid');

  test('the operations of a network are counted for every product', () => {
    // 5 rows, 12 and 6 weights; the first layer has no gradient of its inputs.
    expect(predictionFlop(layers, 5)).toBe(2 * 5 * (12 + 6));
    expect(trainingFlop(layers, 5)).toBe(2 * 5 * (2 * 12 + 3 * 6));
  });

  test('one thread is compared with one core, and two threads with two', () => {
    const variant = {
      name: 'float64',
      task: {
        layers,
        dtype: 'float64' as const,
        data: { X: new Array(20).fill(0), Y: new Array(10).fill(0) },
      },
      verify: { epochs: 1 },
      comparisons: [],
    };
    const times = { 1: 2, 2: 1.25 };
    const share = { yardstick: 'fma' as const, must: { 1: 0.8, 2: 0.7 } };
    const rows = shareRows('moons', variant, share, { values: [1.5] }, (threads) => ({
      values: [times[threads as 1 | 2]],
    }));
    expect(rows.map(({ threads, rival, ratio }) => [threads, rival, ratio?.median])).toEqual([
      ['1', 'FMA limit', 0.75],
      ['2', '2 x FMA limit', 0.6],
    ]);
    expect(rows.map((row) => judge(row).text)).toEqual(['**missed** by 6 %', '**missed** by 14 %']);
    const absent = shareRows('moons', variant, share, { unavailable: 'no compiler' }, () => ({
      values: [1],
    }));
    expect(absent.map((row) => judge(row))).toEqual([
      { verdict: 'open', text: 'FMA limit no compiler' },
      { verdict: 'open', text: '2 x FMA limit no compiler' },
    ]);
  });

  test('a yardstick is named with its shape', () => {
    expect(yardstickTitle({ yardstick: 'onednn', shape: '512x128x784' as Shape })).toBe(
      'oneDNN, 512 x 128 x 784',
    );
  });
});

/** A program that does this in JavaScript. */
function program(code: string): string {
  const path = join(mkdtempSync(join(folder, 'program-')), 'run');
  writeFileSync(path, `#!${process.execPath}\n${code}\n`);
  chmodSync(path, 0o755);
  return path;
}

const programs = new Map<LibraryId, string | undefined>();

/** The program of a library; undefined if the library is not installed. */
function compiled(id: LibraryId): string | undefined {
  if (!programs.has(id)) programs.set(id, compileIfInstalled(id));
  return programs.get(id);
}

function compileIfInstalled(id: LibraryId): string | undefined {
  try {
    return compileLimit(id, folder);
  } catch (error) {
    if (!(error instanceof ProcessError) || !/No such file|cannot find/.test(error.message)) throw error;
    return undefined;
  }
}
