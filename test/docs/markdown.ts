// Reads README.md and docs/ for their tests: code, headings, links and tables.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';

export const root = join(__dirname, '../..');

/** README.md and the pages of docs/, by their path from the root. */
export const pages = [
  'README.md',
  ...readdirSync(join(root, 'docs'))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
];

export function read(path: string): string {
  return readFileSync(join(root, path), 'utf8');
}

export interface Block {
  readonly language: string;
  readonly code: string;
}

/** The code blocks of a text. */
export function blocksOf(text: string): Block[] {
  return [...text.matchAll(/^```(.*)\n([\s\S]*?)^```$/gm)].map(([, language = '', code = '']) => ({
    language,
    code,
  }));
}

/** Returns a text without its code blocks. */
export function proseOf(text: string): string {
  return text.replace(/^```[\s\S]*?^```$/gm, '');
}

/** The anchors of a text's headings, as GitHub and npm make them. */
export function anchorsOf(text: string): string[] {
  return [...proseOf(text).matchAll(/^#+ (.+)$/gm)].map(([, title = '']) =>
    title
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .replace(/ /g, '-'),
  );
}

/** The pieces of code in a text or in a table's cell: `a`, `b`  ->  a, b. */
export function codeIn(text: string): string[] {
  return [...text.matchAll(/`([^`]+)`/g)].map(([, code = '']) => code.replace(/\s+/g, ' '));
}

/** A row of a table: cells by the name of their column. */
export type Row = Readonly<Record<string, string>>;

/** The table whose first column has this name. */
export function tableOf(page: string, firstColumn: string): Row[] {
  const found = tablesOf(read(page)).filter(({ columns }) => columns[0] === firstColumn);
  expect(found.length, `tables of ${page} that begin with the column ${firstColumn}`).toBe(1);
  const [{ columns, rows }] = found as [Table];
  return rows.map((cells) => {
    expect(cells.length, `${page}: ${cells.join(' | ')}`).toBe(columns.length);
    return Object.fromEntries(columns.map((column, i) => [column, cells[i] as string]));
  });
}

/** The names in the first column of a table, without the arguments of calls. */
export function namesIn(page: string, firstColumn: string): string[] {
  return tableOf(page, firstColumn).flatMap((row) => codeIn(row[firstColumn] as string));
}

interface Table {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

function tablesOf(text: string): Table[] {
  return [...proseOf(text).matchAll(/(?:^\|.*\|\n)+/gm)].map(([lines]) => {
    const [columns = [], , ...rows] = lines.trim().split('\n').map(cellsOf);
    return { columns, rows };
  });
}

function cellsOf(line: string): string[] {
  return line
    .slice(1, -1)
    .split('|')
    .map((cell) => cell.trim());
}

/** The value of a piece of code in a table, if it is a literal: 'text', 0.5, true, [0, 1]. */
export function literal(code: string): unknown {
  try {
    return JSON.parse(code.replace(/'/g, '"'));
  } catch {
    return undefined;
  }
}

/** The one piece of code in a cell. */
export function codeOf(row: Row, column: string): string {
  const codes = codeIn(row[column] ?? '');
  expect(codes.length, `pieces of code in the column ${column} of ${JSON.stringify(row)}`).toBe(1);
  return codes[0] as string;
}

/** The options in a cell such as `every` (required), `factor: 0.1`, with their defaults; undefined if it has none. */
export function optionsIn(cell: string): Map<string, unknown> {
  return new Map(
    codeIn(cell).map((code) => {
      const [name = '', ...value] = code.split(': ');
      return [name, value.length === 0 ? undefined : literal(value.join(': '))];
    }),
  );
}

/** The options in a table of options: the first column has their names, the column Default their defaults. */
export function optionsOf(page: string, firstColumn: string): Map<string, unknown> {
  return new Map(
    tableOf(page, firstColumn).map((row) => {
      const [name = ''] = codeIn(row[firstColumn] as string);
      const { Default: cell = '' } = row;
      return [name, /^`[^`]*`$/.test(cell) ? literal(cell.slice(1, -1)) : undefined];
    }),
  );
}

/** The options whose default the table gives. */
export function toldDefaults(options: ReadonlyMap<string, unknown>): Record<string, unknown> {
  return Object.fromEntries([...options].filter(([, value]) => value !== undefined));
}

/** The names of the options that a call takes: the error for an unknown option lists them. */
export async function optionsTaken(call: (options: never) => unknown): Promise<string[]> {
  try {
    await call({ '0000000000000000': 0 } as never);
  } catch (error) {
    const [, list] = /^Unknown option .*; known: (.+)$/.exec((error as Error).message) ?? [];
    if (list !== undefined) return list.split(', ');
    throw error;
  }
  throw new Error('an unknown option was taken');
}

/** Computes a formula of the tables, which is JavaScript with Math's functions and these names. */
export function evaluate(formula: string, values: Readonly<Record<string, unknown>>): number {
  const scope = { ...Object.fromEntries(mathNames.map((name) => [name, Math[name]])), ...values };
  return new Function(...Object.keys(scope), `return ${formula};`)(...Object.values(scope)) as number;
}

const mathNames = Object.getOwnPropertyNames(Math) as (keyof Math)[];
