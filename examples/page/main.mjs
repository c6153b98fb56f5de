// Puts a model into a page: one HTML file that asks about a customer and answers, without a server and without this package.
//
//   npm run example:page

import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Classifier, readTable } from 'blasnet/tables';

const path = (name) => fileURLToPath(new URL(name, import.meta.url));

const table = await readTable(path('../tables/credit.csv.gz'));
const { train, test } = table.split({ testSize: 0.25, stratify: 'Status', seed: 1 });
const model = await Classifier.train(train, { target: 'Status', positive: 'bad', epochs: 20, seed: 1 });
const { accuracy } = await model.evaluate(test);
console.log(`A model that is right about ${Math.round(100 * accuracy)} of 100 customers`);

// Whom the form shows first.
const customer = {
  ...{ Age: 30, Marital: 'married', Home: 'rent', Job: 'partime', Seniority: 1, Records: 'no' },
  ...{ Income: null, Expenses: 73, Assets: 0, Debt: 0, Amount: 800, Price: 846, Time: 60 },
};
const { bad } = model.probabilities(customer);
console.log(`The customer in the form will not pay back with a probability of ${Math.round(100 * bad)} %`);

const module = Buffer.from(await model.exportBytes({ format: 'module' })).toString();
const page = readFileSync(path('page.html'), 'utf8')
  .replace('/* the model */', () => module)
  .replace('{ /* the customer */ }', () => JSON.stringify(customer));
writeFileSync('credit.html', page);
console.log(`Open credit.html (${Math.round(page.length / 1024)} kB) in a browser`);
