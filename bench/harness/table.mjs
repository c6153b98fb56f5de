// The result as Markdown.

import { number, withSpread } from './quantities.mjs';
import { judge } from './rows.mjs';

/** @import { Row, Requirement } from './rows.mjs' */

const columns = ['case', 'variant', 'threads', 'ours', 'rival', 'ratio', 'must reach', 'verdict'];

/** @param {readonly Row[]} rows */
export function resultTable(rows) {
  return markdownTable(columns, rows.map(cells));
}

/** @returns {string[]} */
function cells(/** @type {Row} */ row) {
  const { ours, rival, theirs, ratio, unit, must } = row;
  const figure = ours === null ? '' : `${withSpread(ours)} ${unit}`;
  const other = theirs ? `${rival}: ${withSpread(theirs)}` : (rival ?? '');
  return [
    row.case,
    row.variant,
    row.threads,
    figure,
    other,
    ratio ? withSpread(ratio) : '',
    must === undefined ? '' : requirement(must, unit),
    judge(row).text,
  ];
}

/** A Markdown table whose columns are as wide as their widest cells. */
export function markdownTable(
  /** @type {readonly string[]} */ header,
  /** @type {readonly string[][]} */ body,
) {
  const lines = [[...header], ...body].map((line) => line.map((cell) => cell.replaceAll('|', '\\|')));
  const widths = header.map((_, column) => Math.max(3, ...lines.map((line) => line[column]?.length ?? 0)));
  const draw = (/** @type {readonly string[]} */ line) =>
    `| ${line.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`;
  const rule = widths.map((width) => '-'.repeat(width));
  return [lines[0] ?? [], rule, ...lines.slice(1)].map(draw).join('\n');
}

function requirement(/** @type {Requirement} */ must, /** @type {string} */ unit) {
  if ('ratio' in must) return `${must.ratio}x`;
  if ('atMost' in must) return `at most ${number(must.atMost)} ${unit}`;
  return `at least ${number(must.atLeast)} ${unit}`;
}
