import type { Work } from '../addon/work';
import { argumentError, type BlasnetError, blasnetError } from '../base/errors';
import type { Column, ColumnKind } from './column';
import { checkKnown, columnFrom } from './from';
import type { Request } from './request';

/**
 * The columns that are asked for, with the names and of the kinds that are stated. `before` are the rows of the table
 * before these.
 */
export function* chosen(
  columns: ReadonlyMap<string, Column>,
  file: string,
  header: boolean | readonly string[] | undefined,
  { types, columns: asked }: Pick<Request, 'types' | 'columns'>,
  before: number,
): Work<ReadonlyMap<string, Column>> {
  const named = Array.isArray(header) ? renamed(columns, header, file) : columns;
  const names = [...named.keys()];
  checkKnown({ types, columns: asked }, names);
  const found = new Map<string, Column>();
  for (const name of asked ?? names) {
    found.set(name, yield* converted(name, named.get(name) as Column, types.get(name), file, before));
  }
  return found;
}

function* converted(
  name: string,
  column: Column,
  kind: ColumnKind | undefined,
  file: string,
  before: number,
): Work<Column> {
  try {
    return yield* columnFrom(name, column, kind, before);
  } catch (cause) {
    const { message, row } = cause as BlasnetError & { readonly row?: number };
    if (row === undefined) throw cause;
    const error = blasnetError('ERR_BLASNET_FILE', `Cannot read ${file}: ${message}`, { cause });
    throw Object.assign(error, { row, column: name });
  }
}

function renamed(
  columns: ReadonlyMap<string, Column>,
  names: readonly string[],
  file: string,
): Map<string, Column> {
  if (names.length !== columns.size || new Set(names).size < names.length) {
    const rule = `an array of ${columns.size} different names, as many as the columns of ${file}`;
    throw argumentError('ERR_BLASNET_SHAPE', 'header', rule, names);
  }
  return new Map([...columns.values()].map((column, i) => [names[i] as string, column]));
}
