// The report of a run.

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { judge } from './rows.mjs';
import { markdownTable, resultTable } from './table.mjs';

/** @import { Row } from './rows.mjs' */
/** @import { Picture, Verified } from './bench.mjs' */
/** @import { Sheet } from './tabular-tables.mjs' */

/**
 * @typedef {object} Results
 * @property {string} date
 * @property {string} took   how long the run was
 * @property {boolean} quick
 * @property {number} rounds
 * @property {Record<string, string>} machine
 * @property {Record<string, string>} versions
 * @property {Record<string, string>} limits
 * @property {readonly Row[]} rows
 * @property {readonly Verified[]} verified
 * @property {readonly Sheet[]} tables
 * @property {readonly Picture[]} pictures
 */

/** The whole run as a Markdown page. `name` is that of its file. */
export function reportPage(/** @type {Results} */ results, /** @type {string} */ name) {
  const { date, took, quick, rounds, machine, versions, limits, rows, verified, tables, pictures } = results;
  const facts = Object.entries({ Date: date, Took: took, ...machine, ...versions, ...limits });
  const warning = quick
    ? ['This was a quick run. It checks that everything works; its figures mean nothing.', '']
    : [];
  return [
    `# Benchmarks, ${date.slice(0, 10)}`,
    '',
    ...warning,
    markdownTable(['', ''], facts),
    '',
    `Medians (smallest..largest) of ${rounds} ${rounds === 1 ? 'round' : 'rounds'}, each figure from a fresh process.`,
    'A ratio compares two figures of one round. The number in brackets is the fastest number of threads for the rival.',
    '',
    resultTable(rows),
    '',
    summary(rows),
    '',
    ...pictures.flatMap((picture) => [`![${picture.title}](${pictureFile(name, picture)})`, '']),
    ...tables.flatMap(({ title, header, body }) => [`## ${title}`, '', markdownTable(header, body), '']),
    '## Results that were compared before the timing',
    '',
    markdownTable(
      ['case', 'variant', 'what', 'with', 'largest difference', 'allowed'],
      verified.map(({ difference, tolerance, ...row }) => [
        row.case,
        row.variant,
        row.what,
        row.with,
        difference.toExponential(1),
        tolerance === 0 ? 'none' : tolerance.toExponential(0),
      ]),
    ),
    '',
  ].join('\n');
}

/** 12 met, 1 missed, ... */
export function summary(/** @type {readonly Row[]} */ rows) {
  const words = { met: 'met', missed: 'missed', open: 'without a figure', wrong: 'not equal' };
  const verdicts = rows.map((row) => judge(row).verdict);
  return Object.entries(words)
    .map(([verdict, word]) => [verdicts.filter((other) => other === verdict).length, word])
    .filter(([count]) => count !== 0)
    .map(([count, word]) => `${count} ${word}`)
    .join(', ');
}

function pictureFile(/** @type {string} */ name, /** @type {Picture} */ picture) {
  return `${name}-${picture.name}.svg`;
}

/** Writes NAME.json, NAME.md and its pictures into a folder. */
export function writeResults(
  /** @type {string} */ folder,
  /** @type {string} */ name,
  /** @type {Results} */ results,
) {
  mkdirSync(folder, { recursive: true });
  const rows = results.rows.map((row) => ({ ...row, verdict: judge(row).verdict }));
  const { pictures, ...figures } = results;
  writeFileSync(join(folder, `${name}.json`), `${JSON.stringify({ ...figures, rows }, null, 2)}\n`);
  writeFileSync(join(folder, `${name}.md`), reportPage(results, name));
  for (const picture of pictures) writeFileSync(join(folder, pictureFile(name, picture)), picture.svg);
}
