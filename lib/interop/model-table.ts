// What the chain of a Classifier or a Regressor says about the columns of a table. Types alone are taken from the room of
// models, which is in another bundle.

import type { Json } from '../formats/json';
import type { SchemaJson } from '../tables/schema';
import type { TargetsJson } from '../tabular/model-parts';
import type { LearnedInputsJson } from '../tabular/part';
import type { Chain } from './chain';

/** As the file of a model has it: see lib/tabular/model-file.ts. */
export interface ModelTable {
  readonly version: 1;
  readonly targets: TargetsJson;
  readonly schema: SchemaJson;
  readonly inputs: LearnedInputsJson;
}

/** What each output of a model is kept between: see `clamp` of a chain. */
export function clampOf({ targets }: ModelTable): Chain['clamp'] {
  if (targets.kind !== 'regressor' || targets.ranges === undefined) return undefined;
  const { ranges, quantiles } = targets;
  return ranges.flatMap((range) => new Array<typeof range>(quantiles?.length ?? 1).fill(range));
}

/** The table of a chain, which the library itself wrote. */
export function modelTable(table: Json): ModelTable {
  return table as unknown as ModelTable;
}
