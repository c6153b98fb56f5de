// Gets a URL every 5 milliseconds, whether the answers before have come or not.
//
//   node pulse.mjs '{"url": ..., "seconds": ...}'
//
// prints { p50, p99, longest }: the milliseconds from a request to its whole answer.

import { Agent, get } from 'node:http';
import { setInterval } from 'node:timers/promises';
import { median, quantile } from '../harness/statistics.mjs';

const { url, seconds } = JSON.parse(process.argv[2] ?? '');
const agent = new Agent({ keepAlive: true });
await Promise.all(Array.from({ length: 20 }, answerTime)); // the warm-up
/** @type {Promise<number>[]} */
const answers = [];
const end = performance.now() + 1000 * seconds;
for await (const _ of setInterval(5)) {
  if (performance.now() >= end) break;
  answers.push(answerTime());
}
const times = await Promise.all(answers);
agent.destroy();
console.log(JSON.stringify({ p50: median(times), p99: quantile(times, 0.99), longest: Math.max(...times) }));

/** @returns {Promise<number>} */
function answerTime() {
  const start = performance.now();
  return new Promise((resolve, reject) => {
    get(url, { agent }, (answer) => {
      if (answer.statusCode !== 200) reject(new Error(`${url} answers ${answer.statusCode}`));
      answer.resume().on('end', () => resolve(performance.now() - start));
    }).on('error', reject);
  });
}
