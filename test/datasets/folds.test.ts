// The folds of cross-validation are scikit-learn's.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { workHere } from '../../lib/addon/work';
import { groupFolds, plainFolds, stratifiedFolds, timeFolds } from '../../lib/datasets/folds';
import { classesOf, type Indices } from '../../lib/datasets/stratify';
import { RandomState } from '../../lib/random/random-state';
import fixture from '../fixtures/sklearn-folds.json';

const classesIn = (labels: readonly (number | string)[]) =>
  workHere(classesOf('y', { form: 'list', values: labels }, labels.length));
const listed = (folds: readonly Indices[]) =>
  folds.map(({ trainIndex, testIndex }) => [[...trainIndex], [...testIndex]]);

interface Case {
  readonly kind: string;
  readonly rows: number;
  readonly folds: number;
  readonly seed?: number | null;
  readonly labels?: readonly number[];
  readonly expected: number[][][];
}

function foldsOf({ kind, rows, folds, seed, labels = [] }: Case): Indices[] {
  const random = new RandomState(seed ?? 0);
  const shuffle = typeof seed === 'number';
  switch (kind) {
    case 'plain':
      return workHere(plainFolds(rows, folds, shuffle, random));
    case 'stratified':
      return workHere(stratifiedFolds('y', classesIn(labels), folds, shuffle, random));
    case 'group':
      return workHere(groupFolds('y', classesIn(labels), folds));
    default: {
      const order = labels.map((_, row) => row).sort((a, b) => (labels[a] as number) - (labels[b] as number));
      return timeFolds(Uint32Array.from(order), folds);
    }
  }
}

test.each(fixture.cases as readonly Case[])(
  "$kind folds of $rows rows in $folds, seed $seed, are scikit-learn's",
  (each) => {
    expect(listed(foldsOf(each))).toEqual(each.expected);
  },
);

test("repeated folds go on with the same generator, like scikit-learn's", () => {
  const { plain, stratified, labels } = fixture.repeated;
  let random = new RandomState(42);
  const drawn = [0, 1].flatMap(() => workHere(plainFolds(12, 3, true, random)));
  expect(listed(drawn)).toEqual(plain);
  random = new RandomState(42);
  const classes = classesIn(labels);
  const byClass = [0, 1].flatMap(() => workHere(stratifiedFolds('y', classes, 3, true, random)));
  expect(listed(byClass)).toEqual(stratified);
});

describe('all folds', () => {
  const seed = fc.integer({ min: 0, max: 99 });

  /** Expects each row to be tested once, and trained with in the other folds. */
  function expectPartition(made: readonly Indices[], rows: number): void {
    const all = Array.from({ length: rows }, (_, row) => row);
    expect(made.flatMap(({ testIndex }) => [...testIndex]).sort((a, b) => a - b)).toEqual(all);
    for (const { trainIndex, testIndex } of made) {
      expect([...trainIndex, ...testIndex].sort((a, b) => a - b)).toEqual(all);
      expect([...trainIndex]).toEqual([...trainIndex].sort((a, b) => a - b));
    }
  }

  test('test each row once; sizes of plain folds differ by one at most', () => {
    const given = fc
      .integer({ min: 2, max: 60 })
      .chain((rows) =>
        fc.record({ rows: fc.constant(rows), folds: fc.integer({ min: 2, max: rows }), seed }),
      );
    fc.assert(
      fc.property(given, ({ rows, folds, seed: of }) => {
        const made = workHere(plainFolds(rows, folds, true, new RandomState(of)));
        expectPartition(made, rows);
        const sizes = made.map(({ testIndex }) => testIndex.length);
        expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
      }),
    );
  });

  test('have each class equally often, if stratified', () => {
    const given = fc.integer({ min: 2, max: 6 }).chain((folds) =>
      fc.record({
        folds: fc.constant(folds),
        seed,
        counts: fc.array(fc.integer({ min: folds, max: 30 }), { minLength: 1, maxLength: 5 }),
      }),
    );
    fc.assert(
      fc.property(given, ({ folds, counts, seed: of }) => {
        const random = new RandomState(of);
        const labels = counts.flatMap((count, i) => new Array<string>(count).fill(`class ${i}`));
        random.shuffle(labels);
        const made = workHere(stratifiedFolds('y', classesIn(labels), folds, true, random));
        expectPartition(made, labels.length);
        for (const [i, count] of counts.entries()) {
          const own = made.map(
            ({ testIndex }) => [...testIndex].filter((row) => labels[row] === `class ${i}`).length,
          );
          expect(Math.min(...own)).toBe(Math.floor(count / folds));
          expect(Math.max(...own)).toBe(Math.ceil(count / folds));
        }
      }),
    );
  });

  test('keep groups together', () => {
    const labels = fc.array(fc.integer({ min: 0, max: 12 }), { minLength: 4, maxLength: 80 });
    fc.assert(
      fc.property(labels, fc.integer({ min: 2, max: 4 }), (groups, folds) => {
        fc.pre(new Set(groups).size >= folds);
        const made = workHere(groupFolds('y', classesIn(groups), folds));
        expectPartition(made, groups.length);
        for (const { trainIndex, testIndex } of made) {
          const tested = new Set([...testIndex].map((row) => groups[row]));
          expect([...trainIndex].filter((row) => tested.has(groups[row]))).toEqual([]);
          expect(testIndex.length).toBeGreaterThan(0);
        }
      }),
    );
  });

  test('test only times after those that they train with', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 8 }), fc.integer({ min: 0, max: 40 }), (folds, more) => {
        const rows = folds + 1 + more;
        const made = timeFolds(
          Uint32Array.from({ length: rows }, (_, i) => i),
          folds,
        );
        for (const { trainIndex, testIndex } of made) {
          expect(trainIndex.at(-1)).toBe((testIndex[0] as number) - 1);
        }
        expect(made.at(-1)?.testIndex.at(-1)).toBe(rows - 1);
      }),
    );
  });
});

describe('folds that cannot be made', () => {
  const random = () => new RandomState(1);
  test.each([
    {
      what: 'more folds than rows',
      make: () => workHere(plainFolds(3, 4, true, random())),
      message: 'Expected folds to be at most 3, the number of rows, got 4 (number)',
    },
    {
      what: 'one row',
      make: () => workHere(plainFolds(1, 2, true, random())),
      message: 'Expected at least 2 rows, to make folds of, got 1',
    },
    {
      what: 'more folds than rows of a class',
      make: () =>
        workHere(stratifiedFolds('column "y"', classesIn(['a', 'b', 'a', 'a', 'b']), 3, true, random())),
      message:
        'Expected folds to be at most 2, the rows of class "b" of column "y", got 3 (number); stratify: false draws rows alone',
    },
    {
      what: 'one group',
      make: () => workHere(groupFolds('column "g"', classesIn([5, 5, 5]), 2)),
      message: 'Expected at least 2 groups of column "g", to make folds of, got 1',
    },
    {
      what: 'more folds than groups',
      make: () => workHere(groupFolds('column "g"', classesIn([5, 6, 5]), 3)),
      message: 'Expected folds to be at most 2, the number of groups of column "g", got 3 (number)',
    },
    {
      what: 'as many folds in time as rows',
      make: () => timeFolds(Uint32Array.of(0, 1, 2), 3),
      message: 'Expected folds to be at most 2, the number of rows after the first of 3, got 3 (number)',
    },
  ])('are refused: $what', ({ make, message }) => {
    expect(make).toThrow(expect.objectContaining({ name: 'RangeError', message }));
  });
});
