// The settings of the service, from environment variables.

import { getThreads } from 'blasnet';

/** @param {NodeJS.ProcessEnv} env */
export function readSettings(env) {
  return {
    host: env.HOST ?? '127.0.0.1',
    port: whole(env, 'PORT', 3000, { least: 0 }),
    /** The file of the live model; undefined: it is kept in memory alone. */
    file: env.MODEL,
    /** What a signal does with a running training: 'abort' or 'finish'. */
    onClose: oneOf(env, 'ON_CLOSE', ['abort', 'finish']),
    /** How many seconds after a signal the service still answers, until load balancers have seen that it is not ready. */
    drainSeconds: whole(env, 'DRAIN_SECONDS', 0, { least: 0 }),
    /** After so many seconds the process ends in any case. */
    closeSeconds: whole(env, 'CLOSE_SECONDS', 30),
    /** The threads of a training. The others are for predictions. */
    trainingThreads: whole(env, 'TRAINING_THREADS', Math.max(1, Math.floor(getThreads() / 2))),
    /** How many single records may wait, and how many records of batches may be at work. */
    maxQueue: whole(env, 'MAX_QUEUE', 10_000),
    maxRows: whole(env, 'MAX_ROWS', 50_000),
    /** The level of the log, or 'silent'. */
    log: env.LOG ?? 'warn',
  };
}

function whole(env, name, fallback, { least = 1 } = {}) {
  const text = env[name];
  if (text === undefined) return fallback;
  const value = Number(text);
  if (Number.isSafeInteger(value) && value >= least) return value;
  throw new RangeError(`Expected ${name} to be a whole number of at least ${least}, got "${text}"`);
}

function oneOf(env, name, names) {
  const text = env[name] ?? names[0];
  if (names.includes(text)) return text;
  throw new RangeError(`Expected ${name} to be one of ${names.join(', ')}, got "${text}"`);
}
