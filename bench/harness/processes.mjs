// Every measurement runs in a fresh process, so one cannot affect the next by its heap, its threads, or functions that
// are warm or deoptimised.

import { spawn } from 'node:child_process';

/** `message` is one line; `output` is the output of the program. */
export class ProcessError extends Error {
  constructor(/** @type {string} */ message, output = '') {
    super(message);
    this.output = output;
  }
}

/**
 * Runs a program and returns the JSON on the last line that it prints.
 *
 * @param {string} command
 * @param {readonly string[]} args
 * @param {{ env?: Record<string, string>, seconds?: number }} [options]
 * @returns {Promise<any>}
 * @throws ProcessError, with the program's output, if it fails, prints no JSON, or takes too long
 */
export function runJson(command, args, { env = {}, seconds = 600 } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      // Not the option `timeout`: its timer stays after a program that could not be started.
      signal: AbortSignal.timeout(1000 * seconds),
    });
    let out = '';
    let err = '';
    child.stdout.setEncoding('utf8').on('data', (text) => {
      out += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text) => {
      err += text;
    });
    child.on('error', (error) => reject(new ProcessError(error.message)));
    child.on('close', (status, signal) => {
      if (status !== 0) {
        const how = signal ? `ended by ${signal}` : `exit status ${status}`;
        reject(new ProcessError(reasonIn(err) ?? how, err));
        return;
      }
      try {
        resolve(JSON.parse(out.trimEnd().split('\n').at(-1) ?? ''));
      } catch {
        reject(new ProcessError('printed no JSON', out));
      }
    });
  });
}

/** The last line that names an error, in the form of Python or of Node. */
function reasonIn(/** @type {string} */ text) {
  return text.match(/^\w*(Error|Exception)\b.*$/gm)?.at(-1);
}
