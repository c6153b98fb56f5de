// Texts of tables as a whole, in parts, or only what they hold.

import { native } from '../addon/binding';
import type { Column, ColumnKind } from './column';
import {
  type Columns,
  changedError,
  mostPartBytes,
  type PartRequest,
  type Request,
  rowsOfPart,
  type Survey,
  type SurveyedColumn,
  type TextLimits,
} from './request';
import type { Source } from './source';
import {
  type ColumnState,
  type ColumnSummary,
  type Format,
  gaps,
  kindNames,
  noLimit,
  TextPass,
} from './text-pass';

/**
 * Makes the format for a pass: for columns of these kinds; or, if `late` names columns, for a pass that reads these
 * columns alone, as texts.
 */
export type FormatFor = (types: ReadonlyMap<string, ColumnKind>, late?: ReadonlySet<string>) => Format;

/** Reads all columns. */
export function readText(source: Source, formatFor: FormatFor, request: Request): Promise<Columns> {
  return found(source, formatFor, request, (pass) => (state) => pass.take(state));
}

/** Finds the kinds of all columns, their ranges and gaps, and their texts up to a limit. */
export function surveyText(
  source: Source,
  formatFor: FormatFor,
  request: Request,
  limits: TextLimits,
): Promise<Survey> {
  const summarise = (pass: TextPass) => pass.summarise(limits.texts, limits.bytes);
  return found(source, formatFor, request, surveyed, summarise);
}

/** How to get something of each column, when a pass has come to the end. */
type Getter<T> = (pass: TextPass) => (state: ColumnState) => Promise<T>;

/**
 * Goes through the text, and gets something of each column. If one turns out to be text after it began with other values,
 * its texts are read by a second pass.
 */
async function found<T>(
  source: Source,
  formatFor: FormatFor,
  request: Request,
  getter: Getter<T>,
  afterBlock?: (pass: TextPass) => Promise<void>,
): Promise<{ readonly columns: ReadonlyMap<string, T>; readonly rows: number }> {
  const { types } = request;
  const first = await passed(source, formatFor(types), request, afterBlock);
  const late = lateColumns(first);
  const columns = await gotten(first, getter, late);
  if (late.size > 0) {
    const second = await passed(source, formatFor(types, late), silent(request), afterBlock);
    if (second.total !== first.total) throw changedError(source);
    for (const [name, column] of await gotten(second, getter)) columns.set(name, column);
  }
  const order = request.columns ?? first.names();
  return { columns: new Map(order.map((name) => [name, columns.get(name) as T])), rows: first.total };
}

/**
 * Reads the table part by part. If the kinds of all columns are stated, one pass is enough, and the categories of a part
 * are its own. Otherwise the survey has the kinds, and the categories of the whole where it has kept them.
 */
export async function* textParts(
  source: Source,
  formatFor: FormatFor,
  request: PartRequest,
): AsyncGenerator<Columns> {
  const { types, columns } = request;
  let pass = new TextPass(source, formatFor(types), request);
  try {
    await pass.begin();
    const names = columns ?? pass.names();
    if (names.length > 0 && names.every((name) => types.has(name))) {
      yield* partsOf(pass, names, types, request);
      return;
    }
  } finally {
    await pass.close();
  }
  const survey = await request.survey();
  const kinds = new Map([...survey.columns].map(([name, { kind }]) => [name, kind]));
  pass = new TextPass(source, formatFor(kinds), { ...request, types: kinds });
  try {
    await pass.begin();
    yield* partsOf(pass, [...kinds.keys()], kinds, request, survey);
  } catch (error) {
    // The survey has found these columns, and read all cells as these kinds.
    const { line, code } = error as { line?: number; code?: string };
    if (line === undefined && code !== 'ERR_BLASNET_UNKNOWN_NAME') throw error;
    throw changedError(source, error);
  } finally {
    await pass.close();
  }
}

async function* partsOf(
  pass: TextPass,
  names: readonly string[],
  kinds: ReadonlyMap<string, ColumnKind>,
  request: PartRequest,
  survey?: Survey,
): AsyncGenerator<Columns> {
  const rows = rowsOfPart(request, names.length);
  const bytes = request.partRows === undefined ? mostPartBytes : noLimit;
  const sharedOf = (name: string) => survey?.columns.get(name)?.categories;
  for (let end = false; !end; ) {
    const reached = await pass.advance(rows, bytes);
    if (reached === 'block') continue;
    end = reached === 'end';
    const known = columnsOf(pass);
    if (survey !== undefined && hasOtherTexts(survey, known, end)) throw changedError(pass.source);
    if (pass.rows > 0) {
      const columns = new Map<string, Column>();
      const forgotten: number[] = [];
      for (const name of names) {
        const kind = kinds.get(name) as ColumnKind;
        const shared = sharedOf(name);
        const column = known.get(name);
        // A column of JSON begins with its first value.
        columns.set(
          name,
          column === undefined ? gaps(kind, pass.rows, shared) : await pass.take(column, shared),
        );
        if (column !== undefined && shared === undefined && kind === 'category') forgotten.push(column.index);
      }
      const part = { columns, rows: pass.rows };
      pass.clear(forgotten);
      yield part;
    }
  }
  pass.checkNames();
  if (survey !== undefined && survey.rows !== pass.total) throw changedError(pass.source);
}

// Whether the texts so far cannot be those of the survey.
function hasOtherTexts(survey: Survey, known: ReadonlyMap<string, ColumnState>, end: boolean): boolean {
  return [...survey.columns].some(([name, { categories }]) => {
    if (categories === undefined) return false;
    const texts = known.get(name)?.texts ?? 0;
    return end ? texts !== categories.size : texts > categories.size;
  });
}

async function passed(
  source: Source,
  format: Format,
  request: Request,
  afterBlock?: (pass: TextPass) => Promise<void>,
): Promise<TextPass> {
  const pass = new TextPass(source, format, request);
  try {
    await pass.begin();
    for (let end = false; !end; ) {
      end = (await pass.advance()) === 'end';
      await afterBlock?.(pass);
    }
  } finally {
    await pass.close();
  }
  pass.checkNames();
  return pass;
}

function columnsOf(pass: TextPass): ReadonlyMap<string, ColumnState> {
  const states = pass.columns();
  return new Map(pass.names().map((name, i) => [name, states[i] as ColumnState]));
}

function lateColumns(pass: TextPass): ReadonlySet<string> {
  return new Set([...columnsOf(pass)].flatMap(([name, { late }]) => (late ? [name] : [])));
}

/** Something of the columns that were read, except these. */
async function gotten<T>(
  pass: TextPass,
  getter: Getter<T>,
  except: ReadonlySet<string> = new Set(),
): Promise<Map<string, T>> {
  const columns = new Map<string, T>();
  const get = getter(pass);
  for (const [name, state] of columnsOf(pass)) {
    if (state.code === native.columnKinds.skipped || except.has(name)) continue;
    columns.set(name, await get(state));
  }
  return columns;
}

function surveyed(pass: TextPass): (state: ColumnState) => Promise<SurveyedColumn> {
  const summaries = pass.summaries();
  return async (state) => {
    const { many, ...summary } = summaries[state.index] as ColumnSummary;
    // All cells may be missing.
    const kind = kindNames[state.code] ?? 'number';
    const categories = kind === 'category' && !many ? await pass.texts(state) : undefined;
    return { kind, ...summary, categories };
  };
}

function silent(request: Request): Request {
  return { ...request, onBytes: () => {}, onRows: () => {} };
}
