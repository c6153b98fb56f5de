// Records in JSON: NDJSON, or an array of objects.

import { native } from '../addon/binding';
import { checkKnown } from './from';
import { refuseBinary } from './refuse';
import type { Columns, PartRequest, Request, Survey, TextLimits } from './request';
import type { Source } from './source';
import { type FormatFor, readText, surveyText, textParts } from './text-table';

/** Reads objects of numbers, strings, true, false and null. */
export function readJson(source: Source, request: Request): Promise<Columns> {
  return readText(source, jsonFormat(source, request), request);
}

/** Reads them part by part. */
export function jsonParts(source: Source, request: PartRequest): AsyncGenerator<Columns> {
  return textParts(source, jsonFormat(source, request), request);
}

/** Finds what they hold. */
export function surveyJson(source: Source, request: Request, limits: TextLimits): Promise<Survey> {
  return surveyText(source, jsonFormat(source, request), request, limits);
}

function jsonFormat(source: Source, { columns }: Request): FormatFor {
  const codes = native.columnKinds;
  return (types, late) => ({
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
    names: (found) => found,
    checkNames(names) {
      if (late !== undefined) return;
      checkKnown({ types, columns }, names);
    },
  });
}
