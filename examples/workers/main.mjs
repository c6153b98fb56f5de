// A pool of worker threads answers by one model. A successor is trained meanwhile, and takes its place.
//
//   npm run example:workers

import { Classifier, readTable } from 'blasnet/tables';
import { Piscina } from 'piscina';

const table = await readTable(new URL('../tables/credit.csv.gz', import.meta.url));
const { train, test } = table.split({ testSize: 0.25, stratify: 'Status', seed: 1 });
const options = { target: 'Status', positive: 'bad', preset: 'fast' };
const customers = test.toRecords();

let live = await Classifier.train(train, { ...options, seed: 1 });

const threads = 4;
const before = residentMegabytes();
const pool = new Piscina({
  filename: new URL('worker.mjs', import.meta.url).href,
  minThreads: threads,
  maxThreads: threads,
});

/** Asks the pool. The handle says which model answers: the live one of now, whatever is swapped later. */
const ask = (records) => pool.run({ handle: live.share(), records });

/** Asks about all customers, a few in each request, and counts the answers that differ from those of this thread. */
async function compare() {
  const model = live;
  const requests = Array.from({ length: Math.ceil(customers.length / 10) }, (_, i) =>
    customers.slice(10 * i, 10 * i + 10),
  );
  const answers = (await Promise.all(requests.map(ask))).flat();
  const wrong = answers.filter((answer, i) => answer !== model.probabilities(customers[i]).bad);
  return { answers: answers.length, wrong: wrong.length };
}

const first = await compare();
const { networks } = live.share();
console.log(`${threads} threads answer by one model of ${live.network.parameterCount} parameters`);
console.log(`${networks[0].bytes} bytes in shared memory, once for all threads`);
console.log(`${before} MB of memory before there was a pool, ${residentMegabytes()} MB with it`);
console.log(`${first.answers} answers of the first model, ${first.wrong} unlike those of the main thread`);

// The training takes what the pool leaves of the processors.
let trained = false;
const training = Classifier.train(train, { ...options, seed: 2, threads: 1, priority: 'low' });
const swap = training.then((successor) => {
  live = successor;
  trained = true;
});

const meanwhile = { answers: 0, wrong: 0 };
while (!trained) {
  const { answers, wrong } = await compare();
  meanwhile.answers += answers;
  meanwhile.wrong += wrong;
}
await swap;
console.log(
  `${meanwhile.answers} answers while the second was trained and swapped, ${meanwhile.wrong} unlike`,
);

const second = await compare();
console.log(`${second.answers} answers of the second model, ${second.wrong} unlike those of the main thread`);

// Ends the threads. What they had attached is freed with the last handle.
await pool.close();
console.log(`${residentMegabytes()} MB of memory at the end`);

function residentMegabytes() {
  return Math.round(process.memoryUsage.rss() / 2 ** 20);
}
