import { onAbort, throwIfAborted } from '../base/aborts';
import { checkOptions, optional, positiveInteger } from '../base/validate';
import { resumed } from './blocks';
import { checkTypes } from './from';
import { surveyParts, withSharedTexts } from './part-survey';
import { type OpenedTable, openTable, type ReadTableOptions, readConstraints } from './read-table';
import type { FormatReader } from './readers';
import { type Columns, changedError, type PartRequest, type Survey } from './request';
import { Schema } from './schema';
import { onceError, type ScanSource, type Source, scanSourceOf } from './source';
import { Table } from './table';

export interface ScanTableOptions extends ReadTableOptions {
  /**
   * The rows of a part; the last part may have fewer. At least 1.
   * @default as many as make some megabytes: 262,144 by the number of columns, or fewer if they hold 8 MB of text
   */
  readonly rows?: number;
  /**
   * The most different texts of a column that all parts share, at most 4 MB of them. A column of more texts has categories
   * of its own in each part. At least 1. @default 65,536
   */
  readonly mostCategories?: number;
}

const constraints = {
  ...readConstraints,
  rows: optional(positiveInteger),
  mostCategories: optional(positiveInteger),
};

export const defaultMostCategories = 2 ** 16;
const mostTextBytes = 2 ** 22;

/**
 * Reads a table of any size part by part, so that memory holds little more than two parts: the one that you work with,
 * and the next one, which is read meanwhile. Formats, options and
 * errors are those of `readTable`; put together, the parts are its table.
 *
 * The kinds of columns follow from all rows. So a first pass finds them before the first part comes, together with the
 * categories, which are the same in all parts. A column of more than `mostCategories` texts has categories of its own in
 * each part: there a code means another text in another part. If `types` states the kinds of all columns, there is no
 * first pass, and that is so for all columns.
 *
 * The parts can be gone through again, by several loops at once, too. A source that is a stream can be gone through
 * once; then `types` must state the kinds of all columns. A file must not change meanwhile.
 *
 * @param source a path, a `file:` URL, a Uint8Array or ArrayBuffer; a function that returns a Readable or another iterable
 *   of bytes or strings; or such a stream itself
 * @throws TypeError, RangeError for bad options; in the loop like `readTable`, and Error ERR_BLASNET_FILE for a file that
 *   has changed
 *
 * @example
 * for await (const table of scanTable('clicks.csv.gz')) count += table.rows;
 */
export function scanTable(source: ScanSource, options: ScanTableOptions = {}): TableScan {
  const from = scanSourceOf(source);
  checkOptions('', options, constraints);
  checkTypes(options.types);
  return new TableScan(from, options);
}

/** A table that is read part by part. It comes from `scanTable`. */
export class TableScan implements AsyncIterable<Table> {
  readonly #source: Source;
  readonly #options: ScanTableOptions;
  #survey: Promise<Survey> | undefined;
  // The stamp of the file when the survey was made.
  #stamp: string | undefined;

  /** @internal Use `scanTable`. */
  constructor(source: Source, options: ScanTableOptions) {
    this.#source = source;
    this.#options = options;
  }

  /**
   * What the columns hold: names, kinds, categories, ranges and gaps, as `Schema.of` learns them from the whole table. It
   * takes the first pass, unless that has been made. A column of more than `mostCategories` texts has no `categories`.
   *
   * @param target the names of the columns that are to be predicted
   * @throws like the loop; RangeError ERR_BLASNET_UNKNOWN_NAME when a target is no column
   */
  async schema(target: string | readonly string[] = []): Promise<Schema> {
    return Schema.ofSurvey(await this.#surveyed(), target);
  }

  /** The number of all rows. It takes the first pass, unless that has been made. @throws like the loop */
  async countRows(): Promise<number> {
    return (await this.#surveyed()).rows;
  }

  /** The parts, in order. A table without rows has none. */
  async *[Symbol.asyncIterator](): AsyncGenerator<Table, void, void> {
    const { signal } = this.#options;
    const stop = new AbortController();
    const unlisten = onAbort(signal, () => stop.abort(signal?.reason));
    const parts = this.#parts(stop.signal);
    let next: Promise<IteratorResult<Columns>> | undefined;
    try {
      throwIfAborted(signal);
      next = parts.next();
      for (;;) {
        const part = await next;
        throwIfAborted(signal);
        if (part.done) return;
        // The next part is read while the caller works with this one.
        next = parts.next();
        next.catch(() => {});
        yield new Table(part.value.columns, part.value.rows);
      }
    } finally {
      unlisten();
      stop.abort();
      await next?.catch(() => {});
      await parts.return(undefined);
    }
  }

  async *#parts(signal: AbortSignal): AsyncGenerator<Columns> {
    const pass = await this.#open(signal);
    const { reader, source, request } = pass;
    try {
      await this.#checkStamp();
      yield* this.#sharing(reader, reader.parts(source, this.#options, request), request);
      await this.#checkStamp();
    } finally {
      await pass.close();
    }
  }

  // Texts come in each part with codes of their own, unless the format has a survey of its own.
  async *#sharing(
    reader: FormatReader,
    parts: AsyncGenerator<Columns>,
    { types, survey, signal }: PartRequest,
  ): AsyncGenerator<Columns> {
    if (reader.survey !== undefined) return yield* parts;
    const first = await parts.next();
    if (first.done) return;
    const all = resumed(first.value, parts);
    const found = [...first.value.columns];
    const isStated = found.every(([name]) => types.has(name));
    const hasTexts = found.some(([, { kind }]) => kind === 'category');
    yield* !isStated && hasTexts ? withSharedTexts(all, await survey(), this.#source, signal) : all;
  }

  #surveyed(): Promise<Survey> {
    this.#survey ??= this.#makeSurvey().catch((error) => {
      this.#survey = undefined;
      throw error;
    });
    return this.#survey;
  }

  async #makeSurvey(): Promise<Survey> {
    const { signal, mostCategories = defaultMostCategories } = this.#options;
    const limits = { texts: mostCategories, bytes: mostTextBytes };
    throwIfAborted(signal);
    const stamp = await this.#source.stamp();
    const { reader, source, request, close } = await this.#open(signal);
    try {
      const survey =
        reader.survey === undefined
          ? await surveyParts(reader.parts(source, this.#options, request), limits, signal)
          : await reader.survey(source, this.#options, request, limits);
      this.#stamp = stamp;
      await this.#checkStamp();
      return survey;
    } finally {
      await close();
    }
  }

  async #checkStamp(): Promise<void> {
    if (this.#stamp !== undefined && this.#stamp !== (await this.#source.stamp()))
      throw changedError(this.#source);
  }

  async #open(signal: AbortSignal | undefined): Promise<OpenedTable & { readonly request: PartRequest }> {
    const opened = await openTable(this.#source, this.#options, signal);
    const survey = async () => {
      if (this.#source.flowsOnce) throw onceError();
      return this.#surveyed();
    };
    return { ...opened, request: { ...opened.request, partRows: this.#options.rows, survey } };
  }
}
