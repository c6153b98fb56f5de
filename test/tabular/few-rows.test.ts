// Tables with few rows of a kind: more categories than rows, and classes with one row.

import { describe, expect, test } from 'vitest';
import { adam } from '../../lib';
import { Classifier, crossValidate, type InputsOptions, Table } from '../../lib/tabular';

const options = { target: 'y', hidden: [4], epochs: 2, seed: 1 } as const;

describe('a column with more categories than rows', () => {
  const many = Table.from(
    Array.from({ length: 500 }, (_, i) => ({ id: `id${i}`, x: i % 7, y: i % 2 ? 'a' : 'b' })),
  );
  const places = [0, 1, 2, 3, 5, 8];
  const few = many.take(places);
  const ways: readonly (readonly [string, InputsOptions])[] = [
    ['by default', {}],
    ['as one-hot columns', { categories: 'oneHot' }],
    ['gathered', { categories: { encode: 'oneHot', most: 3 } }],
    ['embedded', { categories: 'embedding' }],
  ];

  test.each(ways)(
    'counts those of the rows that train, and takes others for unknown: %s',
    async (_, inputs) => {
      expect(few.column('id').categories?.length).toBe(500);
      const model = await Classifier.train(few, { ...options, inputs });
      expect(model.schema.column('id').categories).toEqual(places.map((i) => `id${i}`));
      const afresh = await Classifier.train(few.toRecords() as object[], { ...options, inputs });
      expect(model.network.parameters).toEqual(afresh.network.parameters);
      const probabilities = (id: string) => model.probabilities({ id, x: 1 });
      expect(probabilities('id400')).toEqual(probabilities('never seen'));
      expect(probabilities('id400').a).toBeGreaterThan(0);
    },
  );
});

describe('a class with one row', () => {
  const rows = Array.from({ length: 200 }, (_, i) => ({
    place: i === 7 ? 'far' : 'near',
    y: i === 7 ? 'rare' : i % 2 ? 'a' : 'b',
  }));

  test('is not held out, whatever the seed, so that the model learns it', async () => {
    for (const seed of [1, 2, 3]) {
      const fit = { epochs: 60, optimizer: adam({ learningRate: 0.05 }), calibrate: false } as const;
      const model = await Classifier.train(rows, { ...options, ...fit, seed });
      expect(model.targets[0]?.classes).toEqual(['a', 'b', 'rare']);
      expect(model.predict({ place: 'far' })).toBe('rare');
      const { confusion } = await model.evaluate(rows);
      expect(confusion[2]?.reduce((sum, count) => sum + count, 0)).toBe(1);
    }
  });

  test('is in the training rows of no fold that tests with it, which cross-validation says', async () => {
    const numbered = rows.map(({ y }, x) => ({ x, y }));
    const validate = (more: object) => crossValidate(Classifier, numbered, { ...options, folds: 2, ...more });
    await expect(validate({})).rejects.toThrow(
      'Expected folds to be at most 1, the rows of class "rare" of column "y", got 2 (number); stratify: false draws rows alone',
    );
    await expect(validate({ stratify: false })).rejects.toThrow(
      /^In fold \d: Expected row \d+, column "y" to be one of the 2 classes \("a", "b"\), got "rare" \(string\)$/,
    );
  });
});
