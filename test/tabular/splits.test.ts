// Bins by the target: scikit-learn's trees, and a tree in plain loops.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { workHere } from '../../lib/addon/work';
import { Matrix } from '../../lib/base/matrix';
import { type LearnedColumns, learnSplits, type SplitTarget } from '../../lib/preprocessing/learn';
import { Schema, Table } from '../../lib/tables';
import { Classifier, inputs, Regressor } from '../../lib/tabular';
import { LearnedInputs } from '../../lib/tabular/learned-inputs';
import golden from '../fixtures/sklearn-splits.json';
import { type TreeRow, treeEdges } from '../support/oracle-trees';

function edgesOf(x: readonly (number | null)[], target: SplitTarget, bins: number, least: number): number[] {
  const values = Float64Array.from(x, (value) => value ?? Number.NaN);
  const from: LearnedColumns = {
    name: 'x',
    X: new Matrix(values, values.length, 1),
    columns: [0],
    skipMissing: true,
  };
  return [...workHere(learnSplits(from, target, { bins, least }))];
}

function targetOf(kind: string, target: readonly unknown[]): SplitTarget {
  if (kind === 'classes') {
    const classes = Int32Array.from(target as number[]);
    return { classes, count: Math.max(...classes) + 1 };
  }
  return { values: (target as number[][]).map((each) => Float64Array.from(each)) };
}

describe('the bins of a tree on the target', () => {
  test.each(golden.cases.map((each, i) => ({ ...each, i })))(
    "are scikit-learn's: case $i, $kind, at most $bins bins of $least rows",
    (each) => {
      const edges = edgesOf(each.x, targetOf(each.kind, each.target), each.bins, each.least);
      expect(edges).toHaveLength(each.edges.length);
      for (const [i, edge] of each.edges.entries()) expect(edges[i]).toBeCloseTo(edge, 12);
    },
  );

  const x = fc.array(fc.option(fc.integer({ min: -9, max: 9 }), { freq: 8 }), {
    minLength: 1,
    maxLength: 40,
  });
  const limits = { bins: fc.integer({ min: 1, max: 9 }), least: fc.integer({ min: 1, max: 5 }) };
  const seed = fc.integer({ min: 1, max: 1e6 });
  // Numbers without ties: no two splits are equally good.
  const noise = (of: number, i: number) => Math.sin(of * 1.7 + i * i * 3.1 + i);

  test('are those of a tree in plain loops, for classes; other codes are left out', () => {
    const classes = fc.array(fc.integer({ min: -1, max: 3 }), { minLength: 40, maxLength: 40 });
    fc.assert(
      fc.property(fc.record({ x, classes, ...limits }), ({ x: given, classes: codes, bins, least }) => {
        const target = { classes: Int32Array.from(codes), count: 3 };
        const rows = given.flatMap((value, i): TreeRow[] => {
          const code = codes[i] as number;
          return value === null || code < 0 || code > 2 ? [] : [{ x: value, target: code }];
        });
        expect(edgesOf(given, target, bins, least)).toEqual(treeEdges(rows, bins, least));
      }),
      { numRuns: 300, seed: 1 },
    );
  });

  test('are those of a tree in plain loops, for one number or several; rows without all of them are left out', () => {
    fc.assert(
      fc.property(
        fc.record({ x, seed, targets: fc.integer({ min: 1, max: 3 }), ...limits }),
        ({ x: given, seed: of, targets, bins, least }) => {
          const values = Array.from({ length: targets }, (_, t) =>
            Float64Array.from(given, (_value, i) =>
              (i * 7 + t + of) % 11 === 0
                ? ([Number.NaN, Number.POSITIVE_INFINITY][i % 2] as number)
                : 10 ** t * noise(of + t, i),
            ),
          );
          const rows = given.flatMap((value, i): TreeRow[] => {
            const target = values.map((each) => each[i] as number);
            return value === null || !target.every(Number.isFinite) ? [] : [{ x: value, target }];
          });
          expect(edgesOf(given, { values }, bins, least)).toEqual(treeEdges(rows, bins, least));
        },
      ),
      { numRuns: 300, seed: 1 },
    );
  });

  test('have no edges without rows, one edge for equal numbers, and two for a target without differences', () => {
    const target = { values: [Float64Array.of(5, 5, 5, 5)] };
    expect(edgesOf([null, null, null, null], target, 4, 1)).toEqual([]);
    expect(edgesOf([3, 3, null, 3], target, 4, 1)).toEqual([3]);
    expect(edgesOf([3, 1, 2, 7], target, 4, 1)).toEqual([1, 7]);
  });

  test('differ even if their edges are neighbouring doubles', () => {
    const [a, b] = [1, 1 + Number.EPSILON];
    expect(edgesOf([a, b, 2], { classes: Int32Array.of(0, 1, 0), count: 2 }, 3, 1)).toEqual([
      a,
      1.5 + Number.EPSILON / 2,
      2,
    ]);
  });

  test('do not depend on the order of the rows of a large column', () => {
    const rows = 100_000;
    const order = Uint32Array.from({ length: rows }, (_, i) => (i * 37) % rows);
    const values = [...order].map((i) => Math.floor(i / 4));
    const classes = Int32Array.from(values, (value) => (value < 5000 ? 0 : value < 20_000 ? 1 : 0));
    const sorted = values.map((_, i) => Math.floor(i / 4));
    const ofSorted = Int32Array.from(sorted, (value) => (value < 5000 ? 0 : value < 20_000 ? 1 : 0));
    const expected = [0, 4999.5, 19_999.5, 24_999];
    expect(edgesOf(values, { classes, count: 2 }, 16, 64)).toEqual(expected);
    expect(edgesOf(sorted, { classes: ofSorted, count: 2 }, 16, 64)).toEqual(expected);
  });
});

describe('inputs with bins by the target', () => {
  const rows = Array.from({ length: 300 }, (_, i) => ({
    x: i === 5 ? null : (i * 7) % 300,
    name: `n${i % 3}`,
  }));
  const table = Table.from(rows);
  const schema = Schema.of(table);
  const y = Float64Array.from(rows, ({ x: value }) => Math.sqrt(value ?? 0));
  const declared = (options: object) =>
    inputs({ numbers: { encode: 'piecewise', bins: 5, by: 'target', ...options }, missing: 'fill' });

  test('have the edges of the tree, with at least a hundredth of the rows in a bin', () => {
    const learned = workHere(LearnedInputs.learn(table, schema, declared({}), { values: [y] }));
    const known = rows.flatMap(({ x: value }, i) =>
      value === null ? [] : [{ x: value, target: [y[i] as number] }],
    );
    expect(learned.columns[0]?.parts[0]?.numbers.slice(1)).toEqual(treeEdges(known, 5, 3));
    const coarse = workHere(LearnedInputs.learn(table, schema, declared({ least: 120 }), { values: [y] }));
    expect(coarse.columns[0]?.parts[0]?.numbers.slice(1)).toEqual(treeEdges(known, 5, 120));
  });

  test('are refused where there is no target', () => {
    expect(() => workHere(LearnedInputs.learn(table, schema, declared({})))).toThrow(
      expect.objectContaining({
        message: `Expected inputs.numbers.by to be 'quantiles' where there is no target, got "target" (string)`,
        code: 'ERR_BLASNET_ARG_VALUE',
      }),
    );
  });
});

test('models give the bins their targets: a target with one step needs two bins', async () => {
  const rows = Array.from({ length: 200 }, (_, i) => {
    const x = (i * 37) % 200;
    return { x, class: x < 50 ? 'low' : 'high', label: x < 50, number: x < 50 ? 3 : 1e6 };
  });
  const given = Table.from(rows);
  const options = {
    inputs: inputs({ numbers: { encode: 'piecewise', bins: 8, by: 'target' } }),
    ...{ hidden: [], epochs: 1, seed: 1, validationSplit: 0 },
  } as const;
  const models = [
    await Classifier.train(given.select(['x', 'class']), { ...options, target: 'class' }),
    await Classifier.train(given.select(['x', 'class', 'label']), { ...options, target: ['class', 'label'] }),
    await Regressor.train(given.select(['x', 'number']), { ...options, target: 'number' }),
  ];
  expect(models.map(({ network }) => network.parameters.W1?.cols)).toEqual([2, 2, 2]);
});
