import type { AsyncOptions } from '../addon/work';
import { argumentError } from '../base/errors';
import type { Constraint } from '../base/validate';
import type { Table } from '../tables/table';
import { Classifier, classifierTask } from './classifier';
import type {
  ClassifierEvaluation,
  LabelsEvaluation,
  RegressorEvaluation,
  TargetsEvaluation,
} from './evaluation';
import type { TargetValues } from './labels';
import { regressorTask } from './number-target';
import { trainableRows } from './prepare';
import { Regressor } from './regressor';
import type { Rows } from './row-network';
import type { Begun } from './train';
import { checkTrainOptionsAnd, type TrainOptions } from './train-options';

/** A Classifier or a Regressor, of one target or several. */
export type AnyModel =
  | Classifier<unknown, unknown, ClassifierEvaluation | LabelsEvaluation>
  | Regressor<unknown, unknown, RegressorEvaluation | TargetsEvaluation>;

/** What cross-validation and search need to know of `Classifier` and `Regressor`. */
export interface ModelKind {
  readonly name: 'classifier' | 'regressor';
  /** Checks options of `train`, and others. */
  check(options: unknown, more: Readonly<Record<string, Constraint>>): void;
  /** The rows that a training would take, and what the target columns hold. */
  rows(
    table: Table,
    options: TrainOptions,
    how: AsyncOptions,
  ): Promise<{ readonly index: Uint32Array; readonly values: TargetValues }>;
  train(table: Table, options: TrainOptions, begun?: Begun<AnyModel>): Promise<AnyModel>;
}

type Train = (table: Rows, options: TrainOptions, begun?: Begun<AnyModel>) => Promise<AnyModel>;

const classifiers: ModelKind = {
  name: 'classifier',
  check: (options, more) => checkTrainOptionsAnd(options, 'classifier', more),
  rows: (table, options, how) => trainableRows(table, options, classifierTask(options).learn, how),
  train: (table, options, begun) => (Classifier.train as Train)(table, options, begun),
};

const regressors: ModelKind = {
  name: 'regressor',
  check: (options, more) => checkTrainOptionsAnd(options, 'regressor', more),
  rows: (table, options, how) => trainableRows(table, options, regressorTask(options).learn, how),
  train: (table, options, begun) => (Regressor.train as Train)(table, options, begun),
};

/** What stands for a class; undefined for anything else. */
export function kindOf(model: unknown): ModelKind | undefined {
  if (model === Classifier) return classifiers;
  return model === Regressor ? regressors : undefined;
}

/** @throws TypeError ERR_BLASNET_ARG_TYPE unless it is Classifier or Regressor */
export function modelKind(model: unknown, rule = 'Classifier or Regressor'): ModelKind {
  const kind = kindOf(model);
  if (kind !== undefined) return kind;
  throw argumentError('ERR_BLASNET_ARG_TYPE', 'model', rule, model);
}
