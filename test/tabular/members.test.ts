// Models of several members, which share their layers.

import { describe, expect, test } from 'vitest';
import { adam } from '../../lib';
import { Classifier, choice, Regressor, search, Table } from '../../lib/tabular';
import { rejectionOf } from '../support/bad-input';

const table = Table.from(
  Array.from({ length: 200 }, (_, i) => {
    const [x, y] = [Math.sin(i * 12.9898) * 2, Math.cos(i * 4.1414)];
    const colour = ['red', 'green', 'blue'][i % 3] as string;
    return { x, y, colour, price: x * y + (colour === 'red' ? 1 : 0), side: x + y > 0 ? 'right' : 'left' };
  }),
);
const priced = table.without(['side']);
const sided = table.without(['price']);
const quick = {
  epochs: 15,
  hidden: [16],
  seed: 7,
  optimizer: adam({ learningRate: 0.02 }),
  members: 3,
} as const;

describe('a model of members', () => {
  test('answers by their mean, for a table and for each record to the last bit', async () => {
    for (const more of [{}, { numericEmbeddings: 'pbld', quantiles: [0.1, 0.5, 0.9] }] as const) {
      const model = await Regressor.train(priced, { target: 'price', ...quick, ...more });
      const { network } = model;
      expect(network.architecture.map(({ members }) => members)).toEqual([3, undefined]);
      const found = await model.predict(priced);
      expect([...priced].map((record) => model.predict(record))).toEqual(Array.from(found));
      expect(Regressor.fromBytesSync(model.toBytesSync()).predictSync(priced)).toEqual(found);
      const { r2 } = await model.evaluate(priced);
      expect(r2).toBeGreaterThan(0.5);
    }
  });

  test('is explained like others: the attributions of a record add up', async () => {
    const model = await Regressor.train(priced, { target: 'price', ...quick });
    const [record = {}] = priced.toRecords();
    const { columns, prediction, baseline, gap } = await model.attributions(record);
    const total = Object.values(columns).reduce((sum, value) => sum + value, 0);
    expect(prediction).toBeCloseTo(model.predict(record), 5);
    expect(baseline + total + gap).toBeCloseTo(prediction, 5);
    expect(Math.abs(gap)).toBeLessThan(0.02 * Math.abs(prediction - baseline));
  });

  test('is trained by a search among numbers of members', async () => {
    const { seed, ...fixed } = quick;
    const { model, options } = await search(Classifier, sided, {
      ...{ target: 'side', trials: 2, folds: 2, seed },
      space: { ...fixed, epochs: 3, members: choice([2, 4]) },
    });
    expect([2, 4]).toContain(options.members);
    expect(model?.network.architecture[0]?.members).toBe(options.members);
  });

  test.each([
    [0, 'RangeError'],
    [1.5, 'RangeError'],
    ['4', 'TypeError'],
  ] as const)('cannot have %s members', async (members, name) => {
    const error = await rejectionOf(Classifier.train(sided, { target: 'side', members: members as number }));
    expect(error.constructor.name).toBe(name);
    expect(error.message).toMatch(/^Expected members to be an integer from 1 to 10000, got /);
  });
});
