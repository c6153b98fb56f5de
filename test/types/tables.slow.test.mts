// From a table to a service in TypeScript: the built declarations type a program right, and the program runs.

import { spawnSync } from 'node:child_process';
import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { checkout } from '../support/packed.mjs';
import { compile, typedUser } from '../support/typed-user.mjs';

// The README's six lines, and what they give.
const program = `
import { Classifier, readTable } from 'blasnet/tables';

const { train, test } = (await readTable('credit.csv.gz')).split({ stratify: 'Status', seed: 1 });
const model = await Classifier.train(train, { target: 'Status', epochs: 10, seed: 1 });
const { accuracy } = await model.evaluate(test);
await model.save('credit.safetensors');
const loaded = await Classifier.load('credit.safetensors');
const answer = loaded.predict(test.record(0));

const right: number = accuracy;
const one: string | number | boolean = answer;
const many: (string | number | boolean)[] = await loaded.predict(test);
const shares: Record<string, number> = loaded.probabilities(test.record(0));
console.log(right > 0.7, one, many.length, Object.keys(shares).join());
`;

// More of the types: those of several targets, of options, and what must not compile.
const more = `
import { adam } from 'blasnet';
import { Classifier, type LabelsClassifier, Regressor, type Table, type TargetsRegressor } from 'blasnet/tables';

interface Customer {
  age: number | null;
  city: string;
}

export async function use(table: Table, records: Customer[], customer: Customer) {
  const settings = { target: 'price', hidden: [64, 32], activation: 'mish', dtype: 'float32', optimizer: adam() };
  const regressor = await Regressor.train(table, settings);
  const price: number = regressor.predict(customer);
  const prices: Float64Array = await regressor.predict(records);
  const { r2 } = await regressor.evaluate(table);
  const several: TargetsRegressor = await Regressor.train(records, { target: ['a', 'b'] });
  const a: number | undefined = several.predict(customer).a;
  const labels: LabelsClassifier = await Classifier.train(table, { target: ['a', 'b'], classWeight: 'balanced' });
  const answers: Table = await labels.predict(records);
  const read = await Classifier.load<LabelsClassifier>('labels.safetensors');
  const { byLabel } = await read.evaluate(table);
  const inputs = { numbers: 'piecewise', columns: { id: 'ignore' } } as const;
  const model = await Classifier.train(records, { target: 'city', inputs, earlyStopping: false });
  // @ts-expect-error: an option that does not exist
  await Classifier.train(table, { target: 'city', epoch: 3 });
  // @ts-expect-error: a Regressor has no classes
  await Regressor.train(table, { target: 'price', classWeight: 'balanced' });
  // @ts-expect-error: the target is required
  await Classifier.train(table, { epochs: 3 });
  // @ts-expect-error: many rows give a promise
  const wrong: number[] = regressor.predict(records);
  return [price, prices, r2, a, answers, byLabel, model.schema.toTypeScript('Customer'), wrong];
}
`;

const strictest = ['--strict', '--noUncheckedIndexedAccess', '--exactOptionalPropertyTypes'];

test('The six lines compile with the oldest TypeScript, and run.', () => {
  const folder = typedUser('customers.mts', program);
  expect(compile(folder, 'typescript-5.0', 'customers.mts', strictest)).toEqual({ status: 0, stdout: '' });
  copyFileSync(join(checkout, 'examples/tables/credit.csv.gz'), join(folder, 'credit.csv.gz'));
  const { stdout, stderr } = spawnSync(process.execPath, ['customers.mjs'], {
    cwd: folder,
    encoding: 'utf8',
  });
  expect(stderr).toBe('');
  expect(stdout).toMatch(/^true (good|bad) 1114 bad,good\n$/);
});

test.each(['typescript-5.0', 'typescript-5.4', 'typescript'])(
  '%s types models of tables right, and refuses wrong options',
  (version) => {
    const folder = typedUser('user.mts', more);
    const { status, stdout } = compile(folder, version, 'user.mts', ['--noEmit', ...strictest]);
    expect(stdout).toBe('');
    expect(status).toBe(0);
  },
);
