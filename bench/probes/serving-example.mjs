// The service of examples/server at full speed: idle, and while it trains and swaps.
//
//   node serving-example.mjs '{"seconds": ..., "swaps": ...}'
//
// prints { idleP50, idleP99, p50, p99, idle, time, requests, answers }: milliseconds, and the milliseconds of a request at full
// speed. It fails if a request fails, or if an answer differs from what its version answers to all records at once.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { load } from '../harness/services.mjs';

const { seconds, swaps } = JSON.parse(process.argv[2] ?? '');
const connections = 16;
const root = fileURLToPath(new URL('../..', import.meta.url));
const child = spawn(process.execPath, ['examples/server/main.mjs'], {
  cwd: root,
  env: { ...process.env, PORT: '0' },
  stdio: ['ignore', 'pipe', 'inherit'],
});
const ended = once(child, 'exit');
const url = await firstVersion();
const records = someRecords(connections);
const form = /** @type {const} */ ('json');
/** The texts of a record's answers. @type {Set<string>[]} */
const seen = records.map(() => new Set());
const loaded = {
  ...{ body: records.map((record) => JSON.stringify(record)), form, connections },
  onAnswer: (/** @type {number} */ connection, /** @type {string} */ text) => seen[connection]?.add(text),
};
/** What each version answers to all records. @type {Map<number, unknown[]>} */
const expected = new Map();

await remember();
await load(`${url}/probabilities`, { ...loaded, seconds: Math.min(2, seconds) });
const idle = await load(`${url}/probabilities`, { ...loaded, seconds: Math.min(10, seconds) });
const [training] = await Promise.all([load(`${url}/probabilities`, { ...loaded, seconds }), trainings()]);
child.kill('SIGTERM');
const [status] = await ended;
if (status !== 0) throw new Error(`The service ended with ${status}`);

const versions = new Set();
let answers = 0;
for (const [record, texts] of seen.entries()) {
  for (const text of texts) {
    const { version, ...answer } = JSON.parse(text);
    const [ours] = Object.values(answer);
    if (JSON.stringify(ours) !== JSON.stringify(expected.get(version)?.[record])) {
      throw new Error(
        `Version ${version} answers ${JSON.stringify(ours)} alone, else ${JSON.stringify(expected.get(version)?.[record])}`,
      );
    }
    versions.add(version);
    answers++;
  }
}
if (versions.size !== swaps + 1) throw new Error(`${versions.size} versions answered, not ${swaps + 1}`);
console.log(
  JSON.stringify({
    ...{ idleP50: idle.p50, idleP99: idle.p99, p50: training.p50, p99: training.p99 },
    ...{ idle: idle.milliseconds / idle.requests, time: training.milliseconds / training.requests },
    ...{ requests: training.requests, answers },
  }),
);

async function firstVersion() {
  let out = '';
  for await (const text of child.stdout.setEncoding('utf8')) {
    out += text;
    if (/Version \d+ is live/.test(out)) return /Listening on (\S+)/.exec(out)?.[1] ?? '';
  }
  throw new Error(`The service ended: ${out}`);
}

// One training after another, evenly in the time of the load.
async function trainings() {
  const start = performance.now();
  for (let run = 1; run <= swaps; run++) {
    const before = await version();
    await ask('POST', '/training', { seed: run });
    while ((await ask('GET', '/training')).running) await sleep(20);
    if ((await version()) !== before + 1) throw new Error('A training ended without a swap');
    await remember();
    await sleep(start + (1000 * seconds * run) / (swaps + 1) - performance.now());
  }
  if (performance.now() - start > 1000 * seconds) throw new Error('The trainings took longer than the load');
}

async function version() {
  return Number((await ask('GET', '/model')).version);
}

// A batch is answered by one version, and goes another way than a single record.
async function remember() {
  const { version, ...rest } = await ask('POST', '/probabilities/batch', records);
  const [all] = Object.values(rest);
  if (!Array.isArray(all) || all.length !== records.length) throw new Error('The batch has no answers');
  expected.set(version, all);
}

/** @returns {Promise<any>} */
async function ask(
  /** @type {string} */ method,
  /** @type {string} */ path,
  body = /** @type {unknown} */ (undefined),
) {
  const answer = await fetch(`${url}${path}`, {
    method,
    ...(body !== undefined && {
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    }),
  });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${method} ${path} answers ${answer.status}: ${text}`);
  return JSON.parse(text);
}

// The customer of the README, at other ages and with other amounts.
function someRecords(/** @type {number} */ count) {
  const sample = JSON.parse(
    readFileSync(new URL('../../examples/server/README.md', import.meta.url), 'utf8').match(
      /-d '(\{\s*"Age"[^}]*\})'/,
    )?.[1] ?? '',
  );
  return Array.from({ length: count }, (_, i) => ({ ...sample, Age: 20 + 2 * i, Amount: 300 + 100 * i }));
}
