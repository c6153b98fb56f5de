// An update learns as the training did: with its loss and its class weights.

import { expect, test } from 'vitest';
import { huber, RandomState } from '../../../lib';
import { Classifier, Regressor, Table } from '../../../lib/tabular';

const random = new RandomState(3);
const x = Float64Array.from({ length: 400 }, () => random.uniform(-1, 1));
const table = Table.from({
  x,
  price: Float64Array.from(x, (value) => 3 * value + random.normal(0, 1) ** 3),
  // A tenth of the rows, and x tells nothing.
  bad: Array.from(x, () => (random.random() < 0.1 ? 'yes' : 'no')),
});
const [early, late] = [table.slice(0, 300), table.slice(300)];
const options = { hidden: [4], epochs: 20, seed: 1, remember: 400 } as const;

test('the gate compares by the loss of the training, also after the model was in a file', async () => {
  const ofPrice = { ...options, target: 'price', inputs: { columns: { bad: 'ignore' } } } as const;
  const model = await Regressor.train(early, { ...ofPrice, loss: 'meanAbsoluteError' });
  const loaded = await Regressor.fromBytes(await model.toBytes());
  const { before, model: next } = await loaded.update(late, { epochs: 1, tolerance: 1e9 });
  const { meanAbsoluteError } = await model.evaluate(early.slice(0, before.oldRows.rows));
  expect(before.oldRows.rows).toBe(300);
  expect(before.oldRows.loss).toBeCloseTo(meanAbsoluteError, 5);
  const again = await next.update(late, { epochs: 1 });
  const all = Table.from([...early.toRecords(), ...late.toRecords()]);
  expect(again.before.oldRows.loss).toBeCloseTo((await next.evaluate(all)).meanAbsoluteError, 5);

  const robust = await Regressor.train(early, { ...ofPrice, loss: huber({ delta: 0.5 }) });
  const found = (await robust.update(late, { epochs: 1 })).before.oldRows.loss;
  const errors = Array.from(await robust.predict(early), (value, i) =>
    Math.abs(value - (early.column('price').values[i] as number)),
  );
  const loss = (error: number) => (error <= 0.5 ? error ** 2 / 2 : 0.5 * (error - 0.25));
  expect(found).toBeCloseTo(errors.reduce((sum, error) => sum + loss(error), 0) / 300, 5);
});

test('weighted classes stay weighted, and a loss of two classes makes room for that of three', async () => {
  const ofBad = { ...options, target: 'bad', inputs: { columns: { price: 'ignore' } } } as const;
  const mean = async (model: Classifier) => {
    const { values } = (await model.probabilities(table)).column('yes');
    return (values as Float64Array).reduce((sum, share) => sum + share, 0) / table.rows;
  };
  for (const [classWeight, least, most] of [
    ['balanced', 0.35, 0.65],
    [{ yes: 3 }, 0.18, 0.5],
    [undefined, 0.03, 0.17],
  ] as const) {
    const own = { ...ofBad, calibrate: false, ...(classWeight && { classWeight }) };
    const model = await Classifier.train(early, own);
    const { model: next } = await model.update(late, { epochs: 60, learningRate: 0.03, tolerance: 1e9 });
    const share = await mean(next);
    expect(share).toBeGreaterThan(least);
    expect(share).toBeLessThan(most);
  }
  const squared = await Classifier.train(early, { ...ofBad, loss: 'binaryCrossEntropy' });
  const more = Table.from({ x: [0, 0.5, 1, 0.2], bad: ['maybe', 'no', 'yes', 'maybe'] });
  const { model: grown } = await squared.update(more, { epochs: 1, tolerance: 1e9 });
  expect(grown.targets[0]?.classes).toContain('maybe');
});
