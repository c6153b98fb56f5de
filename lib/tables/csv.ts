// CSV, TSV and other delimited text, by the native reader.

import { Buffer } from 'node:buffer'; // the global may be missing in a test environment
import { native } from '../addon/binding';
import { argumentError, blasnetError } from '../base/errors';
import { boolean, type Constraint, integerFrom, oneOf, optional } from '../base/validate';
import { detectDecimal, detectDelimiter, toldDelimiter, withoutComments } from './detect';
import { checkKnown } from './from';
import { refuseBinary } from './refuse';
import type { Columns, PartRequest, Request, Survey, TextLimits } from './request';
import type { Source } from './source';
import { sampleSize } from './text-pass';
import { type FormatFor, readText, surveyText, textParts } from './text-table';

export interface CsvOptions {
  /**
   * Whether the first record has the names of the columns. Without one, the columns are named `column1`, `column2`, ...
   * An array has the names of a file without a header. To rename the columns of a file with one, leave its header out by
   * `skipLines: 1`. @default true
   */
  readonly header?: boolean | readonly string[];
  /** The character between cells. @default detected: a comma, a semicolon, a tab or a vertical bar */
  readonly delimiter?: string;
  /** The decimal separator of numbers. @default detected: a comma if the delimiter is another one and numbers have commas */
  readonly decimal?: '.' | ',';
  /**
   * The character between groups of three digits: ',' for 1,234,567.8. With '.', the decimal separator is a comma by
   * default. @default none
   */
  readonly thousands?: string;
  /** The character around cells that contain delimiters or line breaks. Inside, it is doubled. @default '"' */
  readonly quote?: string;
  /** The texts that stand for a missing value. @default ['', 'NA', 'N/A', '#N/A', 'NaN', 'nan', 'null', 'NULL', '\\N'] */
  readonly missing?: readonly string[];
  /** How many lines at the start are left out, such as a title. @default 0 */
  readonly skipLines?: number;
  /** The character that begins a line that is left out, such as '#'. @default none */
  readonly comment?: string;
  /** Whether to leave out spaces around cells that are not in quotes. @default true */
  readonly trim?: boolean;
  /**
   * What to do with a record that has fewer or more cells than there are columns. 'error' refuses it; 'fill' gives it
   * missing values, and leaves out additional cells that are empty. @default 'error'
   */
  readonly ragged?: 'error' | 'fill';
}

export const defaultMissing = ['', 'NA', 'N/A', '#N/A', 'NaN', 'nan', 'null', 'NULL', '\\N'];

const character: Constraint = {
  rule: 'one ASCII character that is no line break',
  accepts: (value) => typeof value === 'string',
  holds: (value: string) => value.length === 1 && value.charCodeAt(0) < 128 && !/[\r\n\0]/.test(value),
};
const texts: Constraint = {
  rule: 'an array of strings',
  accepts: (value) => Array.isArray(value) && value.every((text) => typeof text === 'string'),
};

export const csvConstraints: Readonly<Record<keyof CsvOptions, Constraint>> = {
  header: optional({
    rule: 'true, false or an array of names',
    accepts: (value) => typeof value === 'boolean' || texts.accepts(value),
  }),
  delimiter: optional(character),
  decimal: optional(oneOf(['.', ','])),
  thousands: optional(character),
  quote: optional(character),
  missing: optional(texts),
  skipLines: optional(integerFrom(0, 'a number of lines')),
  comment: optional(character),
  trim: optional(boolean),
  ragged: optional(oneOf(['error', 'fill'])),
};

/** Reads delimited text. */
export function readCsv(source: Source, options: CsvOptions, request: Request): Promise<Columns> {
  return readText(source, csvFormat(source, options, request), request);
}

/** Reads it part by part. */
export function csvParts(source: Source, options: CsvOptions, request: PartRequest): AsyncGenerator<Columns> {
  return textParts(source, csvFormat(source, options, request), request);
}

/** Finds what it holds. */
export function surveyCsv(
  source: Source,
  options: CsvOptions,
  request: Request,
  limits: TextLimits,
): Promise<Survey> {
  return surveyText(source, csvFormat(source, options, request), request, limits);
}

function csvFormat(source: Source, options: CsvOptions, { columns }: Request): FormatFor {
  const { header = true } = options;
  // The second pass must read as the first did.
  let dialect: Dialect | undefined;
  return (types, late) => ({
    options(sample) {
      refuseBinary(source.name, sample);
      dialect ??= dialectOf(sample, options, source);
      const { delimiter, quote, decimal, skipLines } = dialect;
      const { trim = true, ragged = 'error', missing = defaultMissing } = options;
      const characters = {
        delimiter: delimiter.charCodeAt(0),
        quote: quote.charCodeAt(0),
        decimal: decimal.charCodeAt(0),
        thousands: options.thousands?.charCodeAt(0) ?? 0,
        comment: options.comment?.charCodeAt(0) ?? 0,
      };
      return {
        json: null,
        csv: { ...characters, header: header === true, skipLines, trim, fill: ragged === 'fill', missing },
      };
    },
    names: (found) => namesOf(found, header, source.name),
    kinds(names) {
      checkKnown({ types, columns }, names);
      const wanted = late ?? (columns && new Set(columns));
      const { skipped, category, unknown } = native.columnKinds;
      return Int32Array.from(names, (name) => {
        if (wanted !== undefined && !wanted.has(name)) return skipped;
        if (late !== undefined) return category;
        const kind = types.get(name);
        return kind === undefined ? unknown : native.columnKinds[kind];
      });
    },
  });
}

type Dialect = Required<Pick<CsvOptions, 'delimiter' | 'decimal' | 'quote' | 'skipLines'>>;

function dialectOf(sample: Uint8Array, options: CsvOptions, { file }: Source): Dialect {
  const { quote = '"', comment, thousands } = options;
  const bytes = Buffer.from(sample.buffer, sample.byteOffset, Math.min(sample.length, sampleSize));
  const whole = bytes.toString('latin1');
  const told = options.skipLines === undefined ? toldDelimiter(whole) : undefined;
  const skipLines = options.skipLines ?? (told === undefined ? 0 : 1);
  const text = withoutComments(whole, skipLines, comment);
  const delimiter = options.delimiter ?? told ?? detectDelimiter(text, quote, file);
  const usual = thousands === '.' ? ',' : '.';
  const decimal =
    options.decimal ?? (thousands === undefined ? detectDecimal(text, delimiter, quote) : usual);
  if (thousands === decimal) {
    throw argumentError('ERR_BLASNET_ARG_VALUE', 'thousands', 'another character than decimal', thousands);
  }
  for (const [name, value] of Object.entries({ decimal, quote, comment })) {
    if (value !== delimiter) continue;
    throw argumentError('ERR_BLASNET_ARG_VALUE', name, 'another character than the delimiter', value);
  }
  return { delimiter, decimal, quote, skipLines };
}

function namesOf(
  found: readonly string[],
  header: boolean | readonly string[],
  file: string,
): readonly string[] {
  if (Array.isArray(header) && header.length !== found.length) {
    const rule = `an array of ${found.length} names, as many as the columns of ${file}`;
    throw argumentError('ERR_BLASNET_SHAPE', 'header', rule, header);
  }
  const names = found.map((name, i) => {
    if (Array.isArray(header)) return header[i] as string;
    return name === '' ? `column${i + 1}` : name;
  });
  const seen = new Set<string>();
  for (const name of names) {
    if (seen.has(name)) {
      const hint = Array.isArray(header) ? '' : '; to name the columns, write skipLines: 1 and header: [...]';
      throw blasnetError(
        'ERR_BLASNET_FILE',
        `Expected columns of ${file} with different names, got ${JSON.stringify(name)} twice${hint}`,
      );
    }
    seen.add(name);
  }
  return names;
}
