import { type AsyncOptions, inSlices, type Work, workAnywhere, workHere } from '../addon/work';
import { argumentError, blasnetError } from '../base/errors';
import { allocateShared, type FloatArray, Matrix } from '../base/matrix';
import type { Table } from '../tables/table';
import type { ClassName } from './class-target';
import { Classifier } from './classifier';
import type { ClassifierEvaluation } from './evaluation';
import type { RecordLike } from './learned-inputs';
import { Regressor } from './regressor';
import { RowNetwork, type Rows } from './row-network';
import { type ModelParts, partsOf, type TargetsJson } from './table-model';
import type { EvaluateRowsOptions } from './train-options';

type Member<Answer, Answers, Result> =
  | Classifier<Answer, Answers, Result>
  | Regressor<Answer, Answers, Result>;

/**
 * Several models that answer together: by the mean of their probabilities, or of their numbers. The models of a
 * cross-validation make a good bag, since each has learned from other rows (Breiman, 1996).
 *
 *     const { models } = await crossValidate(Classifier, table, { target: 'survived', keepModels: true });
 *     const bag = new Bag(models);
 *     bag.predict({ age: 31, sex: 'female', fare: null }); // 'yes'
 */
export class Bag<Answer = ClassName, Answers = ClassName[], Result = ClassifierEvaluation> {
  /** The models. Save each to a file of its own; a bag of the loaded models is the same bag. */
  readonly models: readonly Member<Answer, Answers, Result>[];
  // A model whose outputs are the means.
  readonly #mean: Member<Answer, Answers, Result>;

  /**
   * @param models Classifiers, or Regressors, with the same targets and classes
   * @throws TypeError ERR_BLASNET_ARG_TYPE; RangeError ERR_BLASNET_ARG_VALUE for models of different targets or classes
   */
  constructor(models: readonly Member<Answer, Answers, Result>[]) {
    const isModel = (model: unknown) => model instanceof Classifier || model instanceof Regressor;
    if (!Array.isArray(models) || models.length === 0 || !models.every(isModel)) {
      throw argumentError(
        'ERR_BLASNET_ARG_TYPE',
        'models',
        'an array of Classifiers or of Regressors',
        models,
      );
    }
    const parts = models.map(partsOf);
    const [first] = parts as [ModelParts];
    const other = parts.findIndex(({ targets }) => !areAlike(targets, first.targets));
    if (other !== -1) {
      const got = nameOf((parts[other] as ModelParts).targets);
      const message = `Expected models[${other}] to predict ${nameOf(first.targets)}, like models[0], got ${got}`;
      throw blasnetError('ERR_BLASNET_ARG_VALUE', message);
    }
    const mean: ModelParts<never> = {
      ...(first as ModelParts<never>),
      rows: new MeanRows(parts.map(({ rows }) => rows)),
    };
    this.models = [...models];
    this.#mean = first.targets.kind === 'classifier' ? new Classifier(mean) : new Regressor(mean);
  }

  /** Predicts the rows of a table or records, like the models' `predict`. @throws like predict() of a model */
  predict(rows: Rows, options?: AsyncOptions): Promise<Answers>;
  /** Predicts one record, at once. @throws like predict() of a model */
  predict(record: object): Answer;
  predict(rows: unknown, options: AsyncOptions = {}): Answer | Promise<Answers> {
    return this.#mean.predict(rows as Rows, options);
  }

  /** Like `predict`, but blocks the calling thread for many rows, too. @throws like predict() */
  predictSync(rows: Rows): Answers;
  predictSync(record: object): Answer;
  predictSync(rows: unknown): Answer | Answers {
    return this.#mean.predictSync(rows as Rows);
  }

  /**
   * The mean probabilities of rows, like `Classifier.probabilities`.
   * @throws like predict(); RangeError ERR_BLASNET_ARG_VALUE for a bag of Regressors
   */
  probabilities(rows: Rows, options?: AsyncOptions): Promise<Table>;
  /** The mean probabilities of one record, at once. @throws like predict() */
  probabilities(record: object): Record<string, number>;
  probabilities(rows: unknown, options: AsyncOptions = {}): Record<string, number> | Promise<Table> {
    const mean = this.#mean;
    if (mean instanceof Classifier) return mean.probabilities(rows as Rows, options);
    throw blasnetError(
      'ERR_BLASNET_ARG_VALUE',
      'Expected the bag to have Classifiers: a Regressor has no probabilities',
    );
  }

  /** Compares predictions with the target of rows, like the models' `evaluate`. @throws like evaluate() of a model */
  evaluate(rows: Rows, options: EvaluateRowsOptions = {}): Promise<Result> {
    return this.#mean.evaluate(rows, options);
  }
}

// Temperatures and intervals may differ.
function areAlike(a: TargetsJson, b: TargetsJson): boolean {
  const text = (targets: TargetsJson) =>
    JSON.stringify(
      targets.kind === 'classifier'
        ? [targets.single, targets.columns.map(({ name, classes }) => [name, classes])]
        : [targets.kind, targets.single, targets.columns, targets.quantiles],
    );
  return text(a) === text(b);
}

function nameOf(targets: TargetsJson): string {
  const names =
    targets.kind === 'regressor'
      ? targets.columns.map((name) => JSON.stringify(name))
      : targets.columns.map(({ name, classes }) => `${JSON.stringify(name)} of ${classes.length} classes`);
  const levels = targets.kind === 'regressor' ? targets.quantiles : undefined;
  const quantiles = levels === undefined ? '' : ` at the quantiles ${levels.join(', ')}`;
  const form = `${targets.single ? '' : ' as one of several'}${quantiles}`;
  return `${names.join(' and ')}${form} by a ${targets.kind === 'classifier' ? 'Classifier' : 'Regressor'}`;
}

/** Means over several networks that take rows. */
class MeanRows extends RowNetwork {
  readonly #members: readonly RowNetwork[];

  constructor(members: readonly RowNetwork[]) {
    const [{ network, inputs }] = members as [RowNetwork];
    super(network, inputs);
    this.#members = members;
  }

  override async outputs(rows: Rows, options: AsyncOptions): Promise<Matrix> {
    const all: Matrix[] = [];
    for (const member of this.#members) all.push(await member.outputs(rows, options));
    return workAnywhere(meanOf(all), options);
  }

  override outputsHere(rows: Rows): Matrix {
    return workHere(meanOf(this.#members.map((member) => member.outputsHere(rows))));
  }

  override outputOf(record: RecordLike): FloatArray {
    const all = this.#members.map((member) => member.outputOf(record));
    const [first] = all as [FloatArray];
    return Float64Array.from(
      first,
      (_, i) => all.reduce((sum, outputs) => sum + (outputs[i] as number), 0) / all.length,
    );
  }
}

// The sums are in the order of the models, as in outputOf: one record has the bits of a row.
function* meanOf(all: readonly Matrix[]): Work<Matrix> {
  const { rows, cols } = all[0] as Matrix;
  const data = allocateShared(rows * cols, 'float64');
  yield* inSlices(data.length, (from, to) => {
    for (let i = from; i < to; i++) {
      let sum = 0;
      for (const matrix of all) sum += matrix.data[i] as number;
      data[i] = sum / all.length;
    }
  });
  return new Matrix(data, rows, cols);
}
