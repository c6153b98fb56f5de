// Tables of arrays, as a whole or in parts.

import { pinnedWork, workElsewhere } from '../addon/work';
import { columnNames, columnsOf, rowBytesOf } from './array-columns';
import { type ArrayRows, rowsOf } from './array-rows';
import { chosen } from './choose';
import type { Column } from './column';
import type { CsvOptions } from './csv';
import { manyColumnsError, mostColumns } from './limits';
import { failed } from './npy-header';
import { type Columns, type PartRequest, type Request, rowsOfPart } from './request';
import { noLimit } from './text-pass';

/** An array and its name: columns that have no name of their own have this one, and a number. */
export interface NamedRows {
  readonly name: string;
  readonly array: ArrayRows;
}

export type ArrayRequest = Omit<PartRequest, 'survey'>;

/** The columns of all arrays, side by side, part by part. Closes the arrays. */
export async function* arrayParts(
  arrays: readonly NamedRows[],
  file: string,
  { header }: Pick<CsvOptions, 'header'>,
  request: ArrayRequest,
): AsyncGenerator<Columns> {
  try {
    const names = namesOf(arrays, file);
    const [first] = arrays as [NamedRows];
    const rows = rowsOf(first.array.header);
    const rowBytes = arrays.reduce((sum, { array }) => sum + rowBytesOf(array.header), 0);
    const most = rowsOfPart(request, names.flat().length, rowBytes);
    for (let from = 0; from < rows; from += most) {
      const count = Math.min(most, rows - from);
      const columns = new Map<string, Column>();
      for (const [i, { array }] of arrays.entries()) {
        const part = await array.take(count);
        if (from + count === rows) await array.end();
        const work = columnsOf(part, names[i] as string[], array.file);
        for (const [name, column] of await pinnedWork(work, [part.data], request)) columns.set(name, column);
      }
      request.onRows(from + count);
      const work = chosen(columns, file, header, request, from);
      yield { columns: await workElsewhere(work, request), rows: count };
    }
  } finally {
    for (const { array } of arrays) await array.close();
  }
}

/** Gathers the names of the columns of each array, which differ, and checks that all have equally many rows. */
function namesOf(arrays: readonly NamedRows[], file: string): string[][] {
  // The names of one array differ. They are not compared, since a header may claim a million of them, and lie.
  const [only, ...others] = arrays;
  if (only !== undefined && others.length === 0) {
    return [columnNames(only.array.header, only.name, only.array.file)];
  }
  const names: string[][] = [];
  const found = new Map<string, number>();
  for (const { name, array } of arrays) {
    const own = columnNames(array.header, name, array.file);
    for (const column of own) {
      if (found.has(column))
        throw failed(file, `expected different names, got ${JSON.stringify(column)} twice`);
      found.set(column, rowsOf(array.header));
    }
    if (found.size > mostColumns) throw manyColumnsError(file);
    names.push(own);
  }
  const [first] = found;
  if (first === undefined) throw failed(file, 'it holds no arrays');
  for (const [name, rows] of found) {
    if (rows === first[1]) continue;
    throw failed(
      file,
      `expected arrays of equally many rows, got ${first[1]} in ${JSON.stringify(first[0])} and ${rows} in ${JSON.stringify(name)}`,
    );
  }
  return names;
}

/** The whole table: all rows as one part. */
export async function wholeOf(
  parts: (request: ArrayRequest) => AsyncGenerator<Columns>,
  request: Request,
): Promise<Columns> {
  for await (const whole of parts({ ...request, partRows: noLimit })) return whole;
  throw new Error('An array has no rows');
}
