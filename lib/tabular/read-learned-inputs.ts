// Learned inputs from JSON. Everything is checked.

import { native } from '../addon/binding';
import { argumentError } from '../base/errors';
import {
  anything,
  boolean,
  type Constraint,
  check,
  checkOptions,
  oneOf,
  positiveInteger,
} from '../base/validate';
import type { ColumnKind } from '../tables/column';
import type { Schema } from '../tables/schema';
import type { LearnedColumn, LearnedInputsJson, Part } from './part';

const finiteNumbers: Constraint = {
  rule: 'an array of finite numbers',
  accepts: (value) => Array.isArray(value) && value.every((each) => typeof each === 'number'),
  holds: (value: readonly number[]) => value.every(Number.isFinite),
};

const texts: Constraint = {
  rule: 'an array of different strings',
  accepts: (value) => Array.isArray(value) && value.every((each) => typeof each === 'string'),
  holds: (value: readonly string[]) => new Set(value).size === value.length,
};

/** The kinds of columns that a part suits, and the numbers that it has. */
const rules: Readonly<
  Record<Part['type'], { readonly kinds: readonly ColumnKind[]; holds(numbers: readonly number[]): boolean }>
> = {
  scale: { kinds: ['number', 'time'], holds: ({ length }) => length === 3 || length === 4 || length === 6 },
  smoothClip: { kinds: ['number', 'time'], holds: ({ length }) => length === 3 },
  piecewise: {
    kinds: ['number', 'time'],
    holds: ([_, ...edges]) =>
      edges.length >= 2 && edges.every((edge, i) => i === 0 || edge > (edges[i - 1] as number)),
  },
  cyclic: { kinds: ['time'], holds: ({ length }) => length === 2 },
  missing: { kinds: ['number', 'category', 'boolean', 'time'], holds: ({ length }) => length === 0 },
  place: { kinds: ['category'], holds: ({ length }) => length === 3 },
  oneHot: { kinds: ['category'], holds: arePlaces },
  code: { kinds: ['category'], holds: arePlaces },
  signs: { kinds: ['category', 'boolean'], holds: ({ length }) => length === 0 },
};

function arePlaces([known = -1, missing = -1, ...others]: readonly number[]): boolean {
  return Number.isInteger(known) && known >= 1 && (missing === 0 || missing === 1) && others.length === 0;
}

export function readLearnedInputs(json: unknown, schema: Schema): LearnedInputsJson {
  checkOptions('inputs', json, {
    ...{ columns: anything, unseen: oneOf(['zeros', 'error']), additional: oneOf(['ignore', 'error']) },
    numbersFirst: boolean,
  });
  const { columns, unseen, additional, numbersFirst } = json as Record<string, unknown>;
  if (!Array.isArray(columns) || columns.length === 0) {
    throw argumentError('ERR_BLASNET_ARG_TYPE', 'inputs.columns', 'an array of columns', columns);
  }
  const read = columns.map((column, i) => readColumn(`inputs.columns[${i}]`, column, schema));
  if (new Set(read.map(({ name }) => name)).size < read.length) {
    throw argumentError('ERR_BLASNET_ARG_VALUE', 'inputs.columns', 'columns of different names', columns);
  }
  return { columns: read, unseen, additional, numbersFirst } as LearnedInputsJson;
}

function readColumn(name: string, json: unknown, schema: Schema): LearnedColumn {
  checkOptions(name, json, { name: anything, categories: anything, parts: anything, outputDim: anything });
  const column = json as unknown as LearnedColumn;
  const { kind } = schema.column(column.name);
  if (!Array.isArray(column.parts) || column.parts.length === 0) {
    throw argumentError('ERR_BLASNET_ARG_TYPE', `${name}.parts`, 'an array of parts', column.parts);
  }
  for (const [i, part] of column.parts.entries()) checkPart(`${name}.parts[${i}]`, part, kind);
  if (kind === 'category') check(`${name}.categories`, column.categories, texts);
  else checkLeftOut(`${name}.categories`, column.categories);
  const known = column.categories?.length ?? 0;
  if (column.parts.some(({ type, numbers: [most = 0] }) => takesPlaces(type) && most > known)) {
    const rule = 'parts for at most as many categories as there are';
    throw argumentError('ERR_BLASNET_ARG_VALUE', `${name}.parts`, rule, column.parts);
  }
  const embedded = column.parts.filter(({ type }) => type === 'code').length;
  if (embedded === 1) check(`${name}.outputDim`, column.outputDim, positiveInteger);
  else checkLeftOut(`${name}.outputDim`, column.outputDim);
  if (embedded > 1)
    throw argumentError('ERR_BLASNET_ARG_VALUE', `${name}.parts`, 'parts with one code', column.parts);
  return column;
}

function takesPlaces(type: Part['type']): boolean {
  return type === 'oneHot' || type === 'code';
}

function checkPart(name: string, part: unknown, kind: ColumnKind): void {
  checkOptions(name, part, { type: oneOf(Object.keys(native.encoderParts)), numbers: finiteNumbers });
  const { type, numbers } = part as Part;
  const { kinds, holds } = rules[type];
  if (kinds.includes(kind) && holds(numbers)) return;
  throw argumentError('ERR_BLASNET_ARG_VALUE', name, `a part for a column of the kind ${kind}`, part);
}

function checkLeftOut(name: string, value: unknown): void {
  if (value === undefined) return;
  throw argumentError('ERR_BLASNET_ARG_VALUE', name, 'left out', value);
}
