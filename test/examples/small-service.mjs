// The service with a small table, for tests of what the program of the example does too fast to be seen: it learns when
// the test says so, and its model is so wide that rows wait for each other.

import { once } from 'node:events';
import { Classifier } from 'blasnet/tables';

// By their addresses, since the types of Fastify are installed with the example alone.
const example = (/** @type {string} */ file) =>
  import(new URL(`../../examples/server/${file}`, import.meta.url).href);
const { buildService } = await example('service.mjs');
const { closeOnSignals } = await example('shutdown.mjs');

const rows = Array.from({ length: 40 }, (_, i) => ({
  age: 20 + i,
  city: i % 3 ? 'Paris' : 'Rome',
  buys: i > 20,
}));
const train = (/** @type {{ target: string, hidden: number[] }} */ options) =>
  Classifier.train(rows, { epochs: 1, seed: 1, ...options });

/**
 * The message of the test: 'learn'; 'other' for a model of another target; 'fail' for an error.
 *
 * @param {{ signal: AbortSignal, onEpoch: (report: object) => void }} options
 */
async function learn({ signal, onEpoch }) {
  onEpoch({ epoch: 1, loss: 0.5 });
  const [message] = await once(process, 'message', { signal });
  if (message === 'fail') throw new Error('The table is gone');
  const target = message === 'other' ? 'city' : 'buys';
  return { model: await train({ target, hidden: [512, 256] }), metrics: { accuracy: 0.75, rows: 40 } };
}

const service = buildService({
  name: 'small',
  learn,
  file: process.env.MODEL,
  maxQueue: Number(process.env.MAX_QUEUE ?? 1000),
  maxRows: 10,
});
// It closes when the next connection comes, on which nothing is read yet.
process.once('SIGUSR2', () => {
  service.app.server.once('connection', () => process.emit('SIGTERM'));
  console.log('Closes at the next connection');
});
closeOnSignals(service, {
  onClose: process.env.ON_CLOSE ?? 'abort',
  drainSeconds: Number(process.env.DRAIN_SECONDS ?? 0),
  closeSeconds: 60,
});
console.log(`Listening on ${await service.app.listen({ host: '127.0.0.1', port: 0 })}`);
