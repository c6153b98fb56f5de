// Records in JSON: NDJSON, or an array of objects.

import { native } from '../addon/binding';
import { checkKnown } from './from';
import { refuseBinary } from './refuse';
import type { Source } from './source';
import { type Columns, type Format, type Request, readText } from './text-pass';

/** Reads objects of numbers, strings, true, false and null. */
export async function readJson(source: Source, request: Request): Promise<Columns> {
  const { types, columns } = request;
  const codes = native.columnKinds;
  const format = (late?: ReadonlySet<string>): Format => ({
    options(sample) {
      refuseBinary(source.name, sample);
      const wanted = late ?? columns;
      const names = [...new Set([...(wanted ?? []), ...(late === undefined ? types.keys() : [])])];
      const isWanted = wanted && new Set(wanted);
      const kinds = Int32Array.from(names, (name) => {
        if (late !== undefined) return codes.category;
        if (isWanted !== undefined && !isWanted.has(name)) return codes.skipped;
        const kind = types.get(name);
        return kind === undefined ? codes.unknown : codes[kind];
      });
      return {
        csv: null,
        json: { names, kinds, otherwise: wanted === undefined ? codes.unknown : codes.skipped },
      };
    },
    names(found) {
      if (found.length > 0 && late === undefined) {
        checkKnown(types, found);
        checkKnown(new Map((columns ?? []).map((name) => [name, undefined])), found, 'columns');
      }
      return found;
    },
  });
  return readText(source, format(), request, format);
}
