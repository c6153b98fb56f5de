// Real tables from file to service: a model is trained and saved here, loaded by a process of its own, and asked there by
// JSON.

import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { Classifier, Regressor, Table } from '../../lib/tabular';
import { foldOf, realTable, realTableNames } from '../support/real-tables';
import { newFolder, write } from '../support/scratch';

const asked = 200;

// What a service does, in a process that has only the built library.
const service = `
const { readFileSync } = require('node:fs');
const { Classifier, Regressor } = require(process.argv[2] + '/dist/tables.js');
const [, , , kind, file, records] = process.argv;
(async () => {
  const model = await { Classifier, Regressor }[kind].load(file);
  const rows = JSON.parse(readFileSync(records, 'utf8'));
  const outputs = rows.map((row) => (kind === 'Regressor' ? model.predict(row) : model.probabilities(row)));
  const together = await model.predict(rows);
  process.stdout.write(JSON.stringify({ answers: rows.map((row) => model.predict(row)), outputs, together: [...together] }));
})();
`;

describe.each(realTableNames)('%s', (name) => {
  test('predicts in another process, from records of JSON, what it predicted here, to the last bit', async () => {
    const real = await realTable(name);
    const { train, test: held } = foldOf({ ...real, table: real.table });
    const { target, task, positive } = real;
    const options = { target, seed: 5, epochs: 3, hidden: [32, 16], batchSize: 256 };
    const model =
      task === 'regression'
        ? await Regressor.train(train, options)
        : await Classifier.train(train, { ...options, ...(positive !== undefined && { positive }) });
    const rows = held.slice(0, asked).without([target]);
    const folder = newFolder();
    await model.save(join(folder, 'model.safetensors'));
    write(folder, 'rows.json', JSON.stringify(rows.toRecords()));
    write(folder, 'service.cjs', service);
    const { stdout, stderr, status } = spawnSync(
      process.execPath,
      [
        join(folder, 'service.cjs'),
        join(__dirname, '../..'),
        model.constructor.name,
        ...['model.safetensors', 'rows.json'].map((file) => join(folder, file)),
      ],
      { encoding: 'utf8', maxBuffer: 2 ** 26 },
    );
    expect(stderr).toBe('');
    expect(status).toBe(0);
    const got = JSON.parse(stdout) as { answers: unknown[]; outputs: unknown[]; together: unknown[] };
    const answers = [...(await model.predict(rows))];
    expect(got.answers).toEqual(answers);
    expect(got.together).toEqual(answers);
    expect(got.outputs).toEqual(
      model instanceof Classifier ? (await model.probabilities(rows)).toRecords() : answers,
    );
    // The whole table is split into the same answers as its part.
    const whole = await model.predict(held);
    expect([...(whole as Iterable<unknown>)].slice(0, asked)).toEqual(answers);
  });
});

test('A table of the same rows in another form trains the same model, to the last bit.', async () => {
  const real = await realTable('credit');
  const { target, table } = real;
  const part = table.slice(0, 800);
  const options = { target, seed: 5, epochs: 2, hidden: [8] };
  const model = await Classifier.train(part, options);
  const columns = Object.fromEntries(part.names.map((column) => [column, part.column(column).toArray()]));
  for (const form of [part.toRecords(), Table.from(columns)]) {
    expect((await Classifier.train(form, options)).toBytesSync()).toEqual(model.toBytesSync());
  }
});
