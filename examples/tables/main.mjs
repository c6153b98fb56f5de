// Learns from a bank's table of customers who will not pay a credit back, and asks a service that has the model.
//
//   npm run example:tables

import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Classifier, readTable } from 'blasnet/tables';

const path = (name) => fileURLToPath(new URL(name, import.meta.url));

const table = await readTable(path('credit.csv.gz'));
const { train, test } = table.split({ testSize: 0.25, stratify: 'Status', seed: 1 });
const model = await Classifier.train(train, { target: 'Status', positive: 'bad', seed: 1 });

console.log(`${train.rows} customers, from whom the model learns:\n`);
console.log(`${model.schema}\n`);
console.log(`${test.rows} other customers:\n`);
console.log(`${await model.evaluate(test)}\n`);

const folder = mkdtempSync(join(tmpdir(), 'blasnet-tables-'));
await model.save(join(folder, 'credit.safetensors'));

const service = fork(path('service.mjs'), [join(folder, 'credit.safetensors')]);
const [url] = await once(service, 'message');

async function ask(record) {
  const response = await fetch(url, { method: 'POST', body: JSON.stringify(record) });
  console.log(response.status, JSON.stringify(await response.json()));
}

const customer = {
  ...{ Age: 30, Marital: 'married', Home: 'rent', Job: 'partime', Seniority: 1, Records: 'no' },
  ...{ Income: null, Expenses: 73, Assets: 0, Debt: 0, Amount: 800, Price: 846, Time: 60 },
};
console.log(
  'A service answers about a customer whose income is not known, and about one with a wrong age:\n',
);
await ask(customer);
await ask({ ...customer, Age: 'thirty' });

service.disconnect();
await once(service, 'exit');
rmSync(folder, { recursive: true });
