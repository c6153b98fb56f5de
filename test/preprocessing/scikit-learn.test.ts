// Compares the steps with scikit-learn's; the fixture's `about` says how its numbers were made.

import { describe, expect, it } from 'vitest';
import { Matrix } from '../../lib/base/matrix';
import {
  imputer,
  labelEncoder,
  minMaxScaler,
  oneHotEncoder,
  Preprocessing,
  type PreprocessingStep,
  preprocessing,
  robustScaler,
  standardScaler,
} from '../../lib/preprocessing';
import golden from '../fixtures/preprocessing.json';

type Table = readonly (readonly (number | null)[])[];

const factories: Record<string, (options: never) => PreprocessingStep> = {
  standardScaler,
  minMaxScaler,
  robustScaler,
  imputer,
  oneHotEncoder,
};

const matrix = (table: Table) => Matrix.from(table.map((row) => row.map((value) => value ?? Number.NaN)));

/** `sizes`: the largest numbers of the columns; errors are relative to them. */
function expectTable(actual: Matrix, expected: Table, what: string, sizes: readonly number[] = []): void {
  expect([actual.rows, actual.cols], what).toEqual([expected.length, expected[0]?.length]);
  for (const [r, row] of expected.entries()) {
    for (const [c, value] of row.entries()) {
      const got = actual.get(r, c);
      const place = `${what}, row ${r}, column ${c}: ${got}, not ${value}`;
      if (value === null) expect(got, place).toBeNaN();
      else
        expect(Math.abs(got - value) / Math.max(1, Math.abs(value), sizes[c] ?? 0), place).toBeLessThan(
          1e-12,
        );
    }
  }
}

describe.each(Object.keys(factories))('%s', (step) => {
  const cases = golden.cases.filter((one) => one.step === step);

  it('transforms and inverts as scikit-learn does', () => {
    expect(cases.length).toBeGreaterThanOrEqual(25);
    for (const [index, { options, X, T, out, inverse }] of cases.entries()) {
      const factory = factories[step] as (options: unknown) => PreprocessingStep;
      const fitted = preprocessing([factory(options)]).fit(matrix(X));
      const transformed = fitted.transform(matrix(T));
      expectTable(transformed, out, `case ${index}`);
      if (inverse === undefined) continue;
      const sizes = X[0]?.map((_, c) => Math.max(...X.map((row) => Math.abs(row[c] ?? 0))));
      expectTable(fitted.inverse(transformed), inverse, `inverse of case ${index}`, sizes);
    }
  });

  it('does the same, bit for bit, after JSON', () => {
    for (const { options, X, T } of cases) {
      const factory = factories[step] as (options: unknown) => PreprocessingStep;
      const fitted = preprocessing([factory(options)]).fit(matrix(X));
      const json = fitted.toJSON();
      const text = JSON.stringify(fitted);
      expect(JSON.parse(text)).toEqual(json);
      const restored = Preprocessing.fromJSON(JSON.parse(text));
      expect(restored.toJSON()).toEqual(json);
      const transformed = fitted.transform(matrix(T));
      expect(restored.transform(matrix(T)).data).toEqual(transformed.data);
      expect(restored.inverse(transformed).data).toEqual(fitted.inverse(transformed).data);
    }
  });
});

describe('labelEncoder', () => {
  it.each(golden.labels)('orders $classes as scikit-learn does', ({ labels, classes, indices, signs }) => {
    const encoder = labelEncoder().fit(labels as string[]);
    expect(encoder.classes).toEqual(classes);
    expect(Array.from(encoder.indices(labels as string[]))).toEqual(indices);
    expect(encoder.signs(labels as string[]).toArray()).toEqual(signs);
    expect(encoder.decode(indices)).toEqual(labels);
    expect(encoder.decode(encoder.oneHot(labels as string[]))).toEqual(labels);
    expect(encoder.decode(encoder.signs(labels as string[]), { threshold: 0 })).toEqual(labels);
  });
});
