// The tables of the case `tabular` of the benchmarks.

import { describe, expect, test } from 'vitest';
import { meansOf, rankTable, scoreTable } from '../bench/harness/tabular-tables.mjs';

describe('scores on real tables', () => {
  const fit = { seconds: 2, cpu: 3 };
  const mean = (value: number) => ({ mean: value, std: 0 });

  test('the scores of folds become means and deviations of the population', () => {
    const fits = [
      { ...fit, accuracy: 0.5, logLoss: 1 },
      { ...fit, accuracy: 0.7, logLoss: 2, seconds: 4 },
    ];
    expect(meansOf('ours', fits)).toEqual({
      method: 'ours',
      accuracy: { mean: 0.6, std: expect.closeTo(0.1, 12) },
      logLoss: { mean: 1.5, std: 0.5 },
      ...{ seconds: 3, cpu: 3 },
    });
  });

  test('a table has the scores that a method has, and says when it was measured', () => {
    const known = {
      method: 'MLP',
      rmse: { mean: 28_680, std: 4407 },
      seconds: 1.8,
      date: '2026-11-29',
      folds: [0, 2],
    };
    const { header, body } = scoreTable('ames', [
      meansOf('ours', [{ ...fit, rmse: 25_000.4, r2: 0.9 }]),
      known,
    ]);
    expect(header).toEqual(['method', 'RMSE', 'R2', 's a fit', 'processor s a fit', 'measured']);
    expect(body).toEqual([
      ['ours', '25,000 ± 0', '0.9000 ± 0.0000', '2.00', '3.00', 'in this run'],
      ['MLP', '28,680 ± 4,407', '', '', '1.80', '2026-11-29, folds 1, 3'],
    ]);
  });

  test('ranks are means over the sets, of the methods that all sets have', () => {
    const sets = new Map([
      [
        'classes',
        [
          { method: 'a', accuracy: mean(0.9), logLoss: mean(0.5) },
          { method: 'b', accuracy: mean(0.8), logLoss: mean(0.2) },
          { method: 'LogisticRegression', accuracy: mean(0.8), logLoss: mean(0.3) },
          { method: 'rare', accuracy: mean(1), logLoss: mean(0) },
          { method: 'broken', failure: 'TypeError: unknown' },
        ],
      ],
      [
        'numbers',
        [
          { method: 'b', rmse: mean(2) },
          { method: 'Ridge', rmse: mean(1) },
          { method: 'a', rmse: mean(3) },
          { method: 'broken', rmse: mean(0) },
        ],
      ],
    ]);
    expect(
      scoreTable('classes', sets.get('classes') ?? [])
        .body.at(-1)
        ?.at(-1),
    ).toBe('failed: TypeError: unknown');
    expect(rankTable(sets).body).toEqual([
      ['LogisticRegression or Ridge', '1.75', '1.50'],
      ['a', '2.00', '3.00'],
      ['b', '2.25', '1.50'],
    ]);
  });
});
