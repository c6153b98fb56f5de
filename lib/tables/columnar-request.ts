// What is asked of the thread that reads Parquet or Arrow, and what it answers.

import { blasnetError, type ErrorCode } from '../base/errors';
import type { ColumnKind } from './column';
import type { ColumnParts, PlainColumn } from './column-parts';
import { checkKnown } from './from';

export type ColumnarFormat = 'parquet' | 'arrow';

/** The question, as the worker's data. */
export interface ColumnarRequest {
  readonly format: ColumnarFormat;
  /** What errors call the source. */
  readonly name: string;
  /** The file; undefined if the bytes come in messages. */
  readonly path: string | undefined;
  readonly types: ReadonlyMap<string, ColumnKind>;
  readonly columns: readonly string[] | undefined;
  /** Whether each part waits until it is asked for, and its rows, or undefined for the usual number. */
  readonly parts: { readonly rows: number | undefined } | undefined;
}

/** What the thread is sent: blocks of the bytes, null at their end; or that the next part is wanted. */
export type ColumnarMessage = Uint8Array | null | 'next';

/** The answers: how far the reading is; the whole, or its parts; or an error. */
export type ColumnarAnswer =
  | { readonly bytes: number }
  | { readonly rows: number }
  | ColumnarPart
  | { readonly code: ErrorCode; readonly message: string; readonly row?: number; readonly column?: string };

export interface ColumnarPart {
  readonly columns: readonly PlainColumn[];
  /** Whether no part follows. It may have no rows. */
  readonly isLast: boolean;
}

/** A file that is open: its columns, which each group of rows fills on. */
export interface ColumnarFile {
  readonly columns: readonly ColumnParts[];
  /** Reads group by group, and gives the number of rows of each. */
  readonly groups: AsyncGenerator<number>;
}

export type Asked = Pick<ColumnarRequest, 'types' | 'columns'>;

/** A column of a file. */
export interface FieldOf<Type> {
  readonly name: string;
  readonly type: Type;
  /** What it holds, if that has no type. */
  readonly words: string;
}

/** The columns that are asked for. Refuses those that a table cannot hold, and names that are not unique. */
export function askedOf<F extends FieldOf<unknown>>(
  fields: readonly (Omit<F, 'type'> & Partial<F>)[],
  { types, columns }: Asked,
  file: string,
): readonly F[] {
  const byName = new Map<string, (typeof fields)[number]>();
  const twice = new Set<string>();
  for (const field of fields) {
    if (byName.has(field.name)) twice.add(field.name);
    byName.set(field.name, field);
  }
  const names = [...byName.keys()];
  if (names.length === 0) throw blasnetError('ERR_BLASNET_FILE', `Cannot read ${file}: it has no columns`);
  checkKnown({ types, columns }, names);
  return (columns ?? names).map((name) => {
    const field = byName.get(name) as (typeof fields)[number];
    const column = JSON.stringify(name);
    if (twice.has(name)) {
      throw blasnetError(
        'ERR_BLASNET_FILE',
        `Expected columns of ${file} with different names, got ${column} twice${elsewhere(fields)}`,
      );
    }
    if (field.type === undefined) {
      throw blasnetError(
        'ERR_BLASNET_FILE',
        `Cannot read column ${column} of ${file}: a table cannot hold ${field.words}${elsewhere(fields)}`,
      );
    }
    return field as F;
  });

  function elsewhere(all: typeof fields): string {
    const others = [...byName.values()].filter(({ type, name }) => type !== undefined && !twice.has(name));
    const shown = others.slice(0, 3).map(({ name }) => JSON.stringify(name));
    if (shown.length === 0) return '';
    const more = others.length > shown.length ? ', ...' : '';
    return `; to read the others of ${all.length} columns, write columns: [${shown.join(', ')}${more}]`;
  }
}
