// The predict route of a service at full speed: idle, and while the service trains and swaps.
//
//   node serving-training.mjs '{"served": ..., "atOnce": ..., "priority": ..., "seconds": ..., "swaps": ...}'
//
// prints { idleP50, idleP99, p50, p99, idle, requests }: milliseconds, and the milliseconds of a request at full speed. It fails if
// a request fails, or if an answer is not one version's, bit for bit.

import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { load, rowBody, startService } from '../harness/services.mjs';

const { served, atOnce, priority, seconds, swaps } = JSON.parse(process.argv[2] ?? '');
const connections = 16;
const service = await startService(
  { ...served, rows: connections, atOnce },
  { file: fileURLToPath(new URL('../services/retraining.mjs', import.meta.url)) },
);
const url = `${service.url}/predict`;
const bodies = Array.from({ length: connections }, (_, i) => rowBody(served, i));
/** What each row was answered. @type {Set<string>[]} */
const seen = bodies.map(() => new Set());
const loaded = {
  ...{ body: bodies, form: /** @type {const} */ ('json'), connections },
  onAnswer: (/** @type {number} */ connection, /** @type {string} */ body) => seen[connection]?.add(body),
};

await load(url, { ...loaded, seconds: Math.min(2, seconds) });
const idle = await load(url, { ...loaded, seconds: Math.min(10, seconds) });
const ended = once(service.child, 'message');
service.child.send({ train: { seconds, swaps, priority } });
const training = await load(url, { ...loaded, seconds });
const [{ answers, version, epochs }] = await ended;
await service.stop();

if (version !== swaps + 1) throw new Error(`The version is ${version} after ${swaps} swaps`);
if (epochs < swaps) throw new Error('Nothing was trained');
let versions = 0;
for (const [row, texts] of seen.entries()) {
  const allowed = new Set(answers.map((/** @type {number[][]} */ all) => JSON.stringify(all[row])));
  for (const text of texts) {
    const { prediction } = JSON.parse(text);
    if (!allowed.has(JSON.stringify(prediction))) throw new Error(`The answer ${text} is of no version`);
  }
  versions = Math.max(versions, texts.size);
}
if (versions < 2) throw new Error('One version answered everything');
console.log(
  JSON.stringify({
    ...{ idleP50: idle.p50, idleP99: idle.p99, p50: training.p50, p99: training.p99 },
    ...{ idle: idle.milliseconds / idle.requests, time: training.milliseconds / training.requests },
    ...{ requests: training.requests, epochs, versions },
  }),
);
