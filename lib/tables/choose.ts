import { workHere } from '../addon/work';
import { argumentError } from '../base/errors';
import type { Column } from './column';
import { checkKnown, columnFrom } from './from';
import type { Request } from './text-pass';

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
  return new Map(
    (asked ?? names).map((name) => [name, workHere(columnFrom(name, named.get(name), types.get(name)))]),
  );
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
