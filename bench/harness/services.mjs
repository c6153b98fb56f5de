// Services in processes of their own, and bounded load on them.

import { fork } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runJson } from './processes.mjs';
import { largestDifference, median, quantile } from './statistics.mjs';

/** @import { Served } from './served.mjs' */

// Not `require`: the compiler would look for the types of what is installed only for the benchmarks.
const installed = createRequire(import.meta.url);
const program = fileURLToPath(new URL('../services/service.mjs', import.meta.url));

/**
 * A program of services/, once it listens.
 *
 * @param {Record<string, unknown>} question
 * @param {{ file?: string, execArgv?: string[] }} [options]
 */
export async function startService(question, { file = program, execArgv = [] } = {}) {
  const child = fork(file, [JSON.stringify(question)], {
    execArgv,
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  child.once('exit', (status, signal) =>
    child.emit('message', new Error(`The service ended: ${signal ?? status}`)),
  );
  const message = async () => {
    const [answer] = await once(child, 'message');
    if (answer instanceof Error) throw answer;
    return answer;
  };
  const { port } = await message();
  return {
    url: `http://127.0.0.1:${port}`,
    child,
    /** The processor time that the service has used, in microseconds. */
    usage: async () => {
      const answer = message();
      child.send('usage');
      return Number((await answer).usage);
    },
    stop: async () => {
      const ended = once(child, 'exit');
      child.disconnect();
      await ended;
    },
  };
}

/** @returns {Float32Array} */
export function readFloats(/** @type {Served} */ { folder }, /** @type {'rows' | 'outputs'} */ name) {
  const bytes = readFileSync(join(folder, name));
  return new Float32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
}

/** The row that is asked for, as JSON. */
export function rowBody(/** @type {Served} */ served, index = 0) {
  const inputs = Number(served.sizes[0]);
  return JSON.stringify({
    row: shorten(readFloats(served, 'rows').subarray(index * inputs, (index + 1) * inputs)),
  });
}

/** All rows, as JSON or as octets. */
export function rowsBody(/** @type {Served} */ served, /** @type {'json' | 'octets'} */ form) {
  const values = readFloats(served, 'rows');
  if (form === 'octets') return Buffer.from(values.buffer, values.byteOffset, values.byteLength);
  const inputs = Number(served.sizes[0]);
  const rows = Array.from({ length: values.length / inputs }, (_, i) =>
    shorten(values.subarray(i * inputs, (i + 1) * inputs)),
  );
  return Buffer.from(JSON.stringify({ rows }));
}

/** The numbers that round to these in float32, with few digits. */
function shorten(/** @type {Float32Array} */ values) {
  return Array.from(values, (value) => Math.round(1000 * value) / 1000);
}

export const contentTypes = { json: 'application/json', octets: 'application/octet-stream' };

/**
 * @param {string} url
 * @param {'json' | 'octets'} form
 * @param {string | Buffer} body
 */
export async function post(url, form, body) {
  const answer = await fetch(url, { method: 'POST', headers: { 'content-type': contentTypes[form] }, body });
  if (!answer.ok) throw new Error(`${url} answers ${answer.status}: ${await answer.text()}`);
  return Buffer.from(await answer.arrayBuffer());
}

/** Refuses outputs that are not ours. */
export function expectEqual(
  /** @type {ArrayLike<number>} */ outputs,
  /** @type {ArrayLike<number>} */ expected,
  tolerance = 1e-4,
) {
  const difference = largestDifference(outputs, expected, 0.1);
  if (difference > tolerance) {
    throw new Error(`The predictions differ by ${difference.toExponential(1)}, allowed ${tolerance}`);
  }
}

/**
 * Gets a route every few milliseconds for some seconds, from a process of its own: how long the answers take.
 *
 * @param {string} url
 * @param {number} seconds
 * @returns {Promise<{ p50: number, p99: number, longest: number }>} in milliseconds
 */
export function pulse(url, seconds) {
  const path = fileURLToPath(new URL('../probes/pulse.mjs', import.meta.url));
  return runJson(process.execPath, [path, JSON.stringify({ url, seconds })]);
}

/**
 * Loads a route for some seconds. Every answer must have status 200 and this text, if one is given.
 *
 * @param {string} url
 * @param {object} load
 * @param {string | Buffer | readonly string[]} load.body   an array: one for each connection
 * @param {'json' | 'octets'} load.form
 * @param {number} load.connections
 * @param {number} load.seconds
 * @param {string | undefined} [load.answer]
 * @param {(connection: number, body: string) => void} [load.onAnswer]
 * @returns {Promise<{ requests: number, milliseconds: number, p50: number, p99: number }>} the quantiles in milliseconds
 */
export async function load(url, { body, form, connections, seconds, answer, onAnswer }) {
  const autocannon = installed('autocannon');
  let connection = 0;
  const start = performance.now();
  /** @type {number[]} */
  const times = [];
  const loading = autocannon({
    ...{ url, method: 'POST', headers: { 'content-type': contentTypes[form] }, connections },
    ...(!Array.isArray(body) && { body }),
    duration: seconds,
    ...(answer !== undefined && { expectBody: answer }),
    setupClient: (/** @type {any} */ client) => {
      const index = connection++;
      if (Array.isArray(body)) client.setBody(body[index]);
      if (onAnswer !== undefined) {
        client.on('body', (/** @type {Buffer} */ bytes) => onAnswer(index, bytes.toString()));
      }
    },
  });
  // Its own quantiles are in whole milliseconds.
  loading.on(
    'response',
    (
      /** @type {unknown} */ _,
      /** @type {number} */ _status,
      /** @type {number} */ _bytes,
      /** @type {number} */ time,
    ) => times.push(time),
  );
  const { requests, errors, timeouts, non2xx, mismatches } = await loading;
  const milliseconds = performance.now() - start;
  const bad = { errors, timeouts, non2xx, mismatches };
  if (Object.values(bad).some((count) => count > 0) || requests.total === 0) {
    throw new Error(`The load failed: ${JSON.stringify({ ...bad, requests: requests.total })}`);
  }
  return { requests: requests.total, milliseconds, p50: median(times), p99: quantile(times, 0.99) };
}
