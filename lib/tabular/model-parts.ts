// What a model of a table is made of.

import type { Schema } from '../tables/schema';
import type { History } from '../training/history';
import type { Intervals } from './intervals';
import type { TargetRange } from './ranges';
import type { RowNetwork } from './row-network';

/** The targets of a Classifier with their classes, or those of a Regressor. */
export type TargetsJson =
  | {
      readonly kind: 'classifier';
      readonly single: boolean;
      readonly columns: readonly {
        readonly name: string;
        readonly classes: readonly (string | number | boolean)[];
        readonly temperature?: number;
      }[];
    }
  | {
      readonly kind: 'regressor';
      readonly single: boolean;
      readonly columns: readonly string[];
      /** The levels of the outputs, if the network predicts quantiles. */
      readonly quantiles?: readonly number[];
      readonly intervals?: Intervals;
      /** For each column, the range that its predictions are kept in. */
      readonly ranges?: readonly TargetRange[];
    };

/** The parts of a model. */
export interface ModelParts<T extends TargetsJson = TargetsJson> {
  readonly rows: RowNetwork;
  readonly schema: Schema;
  readonly targets: T;
  readonly history: History | undefined;
}
