// The command line.

import { parseArgs } from 'node:util';
import { tabularSets } from './tabular-data.mjs';

export const usage = `Usage: npm run bench -- [options]

  --only A,B       run these cases only
  --quick          one round of tiny runs, to check that everything works
  --rounds N       the number of rounds (default 5)
  --seconds S      how long each process measures (default 1.5)
  --preset A,B     the case tabular: presets to train with (default: none, the default options)
  --sets A,B       the case tabular: its data sets (default: all)
  --folds N        the case tabular: how many of the five folds (default 5)
  --gigabytes N    the cases sources and mapped: the size of each file (default 0.1)
  --name NAME      the name of the result files (default: latest, or partial)
  --list           list the cases`;

/** An error in the command line. */
export class UsageError extends Error {}

/**
 * @param {readonly string[]} args
 * @param {readonly string[]} cases   all names
 */
export function readOptions(args, cases) {
  const { quick, list, ...values } = parse(args);
  const only = values.only?.flatMap((names) => names.split(',')) ?? [...cases];
  const unknown = only.filter((name) => !cases.includes(name));
  if (unknown.length > 0) {
    throw new UsageError(`Unknown case ${unknown.join(', ')}; there are ${cases.join(', ')}`);
  }
  return {
    quick,
    list,
    only,
    name: values.name,
    rounds: positive('--rounds', values.rounds ?? (quick ? '1' : '5'), true),
    seconds: positive('--seconds', values.seconds ?? (quick ? '0.1' : '1.5'), false),
    gigabytes: positive('--gigabytes', values.gigabytes ?? (quick ? '0.001' : '0.1'), false),
    tabular: {
      presets: values.preset?.split(','),
      sets: known('--sets', values.sets?.split(',') ?? [...tabularSets], tabularSets),
      folds: Math.min(5, positive('--folds', values.folds ?? (quick ? '1' : '5'), true)),
    },
  };
}

function parse(/** @type {readonly string[]} */ args) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        only: { type: 'string', multiple: true },
        quick: { type: 'boolean', default: false },
        list: { type: 'boolean', default: false },
        preset: { type: 'string' },
        sets: { type: 'string' },
        gigabytes: { type: 'string' },
        name: { type: 'string' },
        folds: { type: 'string' },
        rounds: { type: 'string' },
        seconds: { type: 'string' },
      },
    }).values;
  } catch (error) {
    throw new UsageError(/** @type {Error} */ (error).message);
  }
}

function known(
  /** @type {string} */ name,
  /** @type {readonly string[]} */ values,
  /** @type {readonly string[]} */ all,
) {
  const unknown = values.find((value) => !all.includes(value));
  if (unknown === undefined) return values;
  throw new UsageError(`Unknown value ${unknown} of ${name}; there are ${all.join(', ')}`);
}

function positive(/** @type {string} */ name, /** @type {string} */ text, /** @type {boolean} */ whole) {
  const value = Number(text);
  if (value > 0 && Number.isFinite(value) && (!whole || Number.isInteger(value))) return value;
  throw new UsageError(`Expected ${name} to be a positive ${whole ? 'integer' : 'number'}, got ${text}`);
}
