import type { AsyncOptions } from '../addon/work';
import { argumentError } from '../base/errors';
import type { Constraint } from '../base/validate';
import type { Table } from '../tables/table';
import { classifierTask } from './class-task';
import { Classifier } from './classifier';
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
import type { Begun, Task } from './task';
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

function kindFrom(
  name: ModelKind['name'],
  model: { readonly train: unknown },
  taskOf: (options: TrainOptions) => Task,
): ModelKind {
  return {
    name,
    check: (options, more) => checkTrainOptionsAnd(options, name, more),
    rows: (table, options, how) => trainableRows(table, options, taskOf(options).learn, how),
    train: (...given) => (model.train as ModelKind['train'])(...given),
  };
}

const classifiers = kindFrom('classifier', Classifier, classifierTask);
const regressors = kindFrom('regressor', Regressor, regressorTask);

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
