// What a table holds, found from its parts; and parts whose texts have the codes of the whole.

import { Buffer } from 'node:buffer'; // the global may be missing in a test environment
import { countCodes, describeColumn } from '../addon/table-columns';
import { inSlices, type Work, workElsewhere } from '../addon/work';
import { type Column, columnOf, givenCategories } from './column';
import { type Columns, changedError, type Survey, type SurveyedColumn, type TextLimits } from './request';
import type { Source } from './source';

/** Goes through the parts, and finds ranges and gaps, and texts up to a limit. */
export async function surveyParts(
  parts: AsyncIterable<Columns>,
  limits: TextLimits,
  signal: AbortSignal | undefined,
): Promise<Survey> {
  const found = new Map<string, ColumnSurvey>();
  let rows = 0;
  for await (const part of parts) {
    rows += part.rows;
    for (const [name, column] of part.columns) {
      let survey = found.get(name);
      if (survey === undefined) {
        survey = new ColumnSurvey(column.kind, limits);
        found.set(name, survey);
      }
      await workElsewhere(survey.add(column), { signal });
    }
  }
  return { rows, columns: new Map([...found].map(([name, survey]) => [name, survey.done()])) };
}

class ColumnSurvey {
  readonly #kind: Column['kind'];
  readonly #limits: TextLimits;
  #present = 0;
  #least = Number.POSITIVE_INFINITY;
  #greatest = Number.NEGATIVE_INFINITY;
  // Undefined if there are too many.
  #texts: Set<string> | undefined = new Set();
  #bytes = 0;

  constructor(kind: Column['kind'], limits: TextLimits) {
    this.#kind = kind;
    this.#limits = limits;
  }

  *add(column: Column): Work<void> {
    const { present, leastFinite, greatestFinite } = yield* describeColumn(column.values);
    this.#present += present;
    this.#least = Math.min(this.#least, leastFinite);
    this.#greatest = Math.max(this.#greatest, greatestFinite);
    if (column.kind === 'category') yield* this.#addTexts(column as Column<'category'>);
  }

  *#addTexts({ values, categories }: Column<'category'>): Work<void> {
    if (this.#texts === undefined) return;
    const { order } = yield* countCodes(values, categories.length);
    const texts = this.#texts;
    yield* inSlices(order.length, (from, to) => {
      for (let i = from; i < to; i++) {
        const text = categories[order[i] as number] as string;
        if (texts.has(text)) continue;
        texts.add(text);
        this.#bytes += Buffer.byteLength(text);
      }
    });
    if (texts.size > this.#limits.texts || this.#bytes > this.#limits.bytes) this.#texts = undefined;
  }

  done(): SurveyedColumn {
    const isCategory = this.#kind === 'category' && this.#texts !== undefined;
    return {
      kind: this.#kind,
      present: this.#present,
      least: this.#least,
      greatest: this.#greatest,
      categories: isCategory ? givenCategories([...(this.#texts as Set<string>)]) : undefined,
    };
  }
}

/** The parts, with the categories of the survey where it has kept them. */
export async function* withSharedTexts(
  parts: AsyncIterable<Columns>,
  survey: Survey,
  source: Source,
  signal: AbortSignal | undefined,
): AsyncGenerator<Columns> {
  const codesOf = new Map<string, ReadonlyMap<string, number>>();
  for (const [name, { categories }] of survey.columns) {
    if (categories !== undefined)
      codesOf.set(name, new Map(categories.texts.map((text, code) => [text, code])));
  }
  for await (const { columns, rows } of parts) {
    const shared = new Map(columns);
    for (const [name, codes] of codesOf) {
      const column = columns.get(name) as Column<'category'>;
      const dictionary = survey.columns.get(name)?.categories;
      const values = await workElsewhere(recoded(column, codes, source), { signal });
      shared.set(name, columnOf('category', values, dictionary));
    }
    yield { columns: shared, rows };
  }
}

function* recoded(
  { values, categories }: Column<'category'>,
  codes: ReadonlyMap<string, number>,
  source: Source,
): Work<Int32Array> {
  const known = new Int32Array(categories.length);
  yield* inSlices(known.length, (from, to) => {
    for (let i = from; i < to; i++) {
      const code = codes.get(categories[i] as string);
      if (code === undefined) throw changedError(source);
      known[i] = code;
    }
  });
  const out = new Int32Array(values.length);
  yield* inSlices(out.length, (from, to) => {
    for (let i = from; i < to; i++) {
      const code = values[i] as number;
      out[i] = code < 0 ? -1 : (known[code] as number);
    }
  });
  return out;
}
