import { workHere } from '../addon/work';
import { argumentError, type BlasnetError, blasnetError } from '../base/errors';
import type { Column, ColumnKind } from './column';
import { checkKnown, columnFrom } from './from';
import type { Request } from './request';

/** The columns that are asked for, with the names and of the kinds that are stated. */
export function chosen(
  columns: ReadonlyMap<string, Column>,
  file: string,
  header: boolean | readonly string[] | undefined,
  { types, columns: asked }: Request,
): ReadonlyMap<string, Column> {
  const named = Array.isArray(header) ? renamed(columns, header, file) : columns;
  const names = [...named.keys()];
  checkKnown(types, names);
  checkKnown(new Map((asked ?? []).map((name) => [name, undefined])), names, 'columns');
  return new Map((asked ?? names).map((name) => [name, converted(name, named.get(name), types, file)]));
}

function converted(
  name: string,
  column: Column | undefined,
  types: ReadonlyMap<string, ColumnKind>,
  file: string,
): Column {
  try {
    return workHere(columnFrom(name, column, types.get(name)));
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
