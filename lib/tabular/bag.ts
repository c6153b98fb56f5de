import { type AsyncOptions, asyncConstraints, howOf } from '../addon/work';
import { argumentError, blasnetError } from '../base/errors';
import { type FilePath, pathOf } from '../base/file-path';
import { type Constraint, check, checkObject, checkOptions, oneOf } from '../base/validate';
import { type Calls, runCalls, runCallsSync } from '../formats/file-calls';
import { safetensorsBytes, writeSafetensors } from '../formats/safetensors';
import { type ExportedNetwork, exportNetwork, exportNetworkBytes } from '../network/exportable';
import type { ExportOptions } from '../network/interop-options';
import type { FileBytes } from '../network/load';
import type { Network } from '../network/network';
import { loadConstraints, type NetworkLoadOptions } from '../network/network-options';
import type { Table } from '../tables/table';
import { bagHere, bagInBytes, bagInFile, bagOf, inBagFile, type StoredBag } from './bag-file';
import type { ClassName } from './class-target';
import { Classifier } from './classifier';
import type { ClassifierEvaluation } from './evaluation';
import { meanParts } from './mean-parts';
import { modelParts } from './model-file';
import type { ModelJson } from './model-json';
import type { ModelParts } from './model-parts';
import { Regressor } from './regressor';
import type { Rows } from './row-network';
import { partsOf } from './table-model';
import type { EvaluateRowsOptions } from './train-options';

type AnyBag = Bag<unknown, unknown, unknown>;

/** The bag of such models. */
export type BagOf<Model> =
  Model extends Classifier<infer Answer, infer Answers, infer Result>
    ? Bag<Answer, Answers, Result>
    : Model extends Regressor<infer Answer, infer Answers, infer Result>
      ? Bag<Answer, Answers, Result>
      : never;

/** A bag as plain JSON: see `Bag.toJSON`. */
export interface BagJson {
  readonly kind: 'classifier' | 'regressor';
  readonly models: readonly ModelJson[];
}

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
  /** The models. */
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
    const several = parts.findIndex(({ rows }) => rows.members.length > 1);
    if (several !== -1) {
      const got = `${(parts[several] as ModelParts).rows.members.length}`;
      const message = `Expected models[${several}] to have one network, got ${got}: it is a bag itself`;
      throw blasnetError('ERR_BLASNET_ARG_VALUE', message);
    }
    const parted: ModelParts = meanParts(parts);
    const mean = parted as ModelParts<never>;
    this.models = [...models];
    this.#mean = parted.targets.kind === 'classifier' ? new Classifier(mean) : new Regressor(mean);
  }

  get #networks(): readonly Network[] {
    return this.models.map(({ network }) => network);
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

  /**
   * Writes all models to one file, which `Bag.load` reads: a safetensors file with the parameters of each model, and a schema
   * once if models share it. An older file is replaced as a whole or not at all. No training can be resumed from it.
   *
   * @throws like Classifier.save()
   */
  async save(path: FilePath, options: AsyncOptions = {}): Promise<void> {
    const file = pathOf('path', path);
    await runCalls(writeSafetensors(file, await bagOf(this.#networks, options)), options);
  }

  /** Like `save`, but blocks the calling thread. @throws like save() */
  saveSync(path: FilePath): void {
    runCallsSync(writeSafetensors(pathOf('path', path), bagHere(this.#networks)));
  }

  /** Returns the bytes of the file that `save` writes. @throws like Classifier.toBytes() */
  async toBytes(options: AsyncOptions = {}): Promise<Uint8Array<ArrayBuffer>> {
    return runCalls(safetensorsBytes(await bagOf(this.#networks, options)), options);
  }

  /** Like `toBytes`, but blocks the calling thread. @throws like toBytes() */
  toBytesSync(): Uint8Array<ArrayBuffer> {
    return runCallsSync(safetensorsBytes(bagHere(this.#networks)));
  }

  /**
   * Writes the bag as a module of JavaScript that needs no library, with the types beside it: see `Network.export`. Other
   * formats are refused, since they hold one model.
   *
   * @throws like Network.export()
   */
  async export(path: FilePath, options: ExportOptions = {}): Promise<void> {
    return exportNetwork(this.#exported, path, options);
  }

  /** Returns the bytes of the file that `export` writes. @throws like Network.exportBytes() */
  async exportBytes(options: ExportOptions): Promise<Uint8Array<ArrayBuffer>> {
    return exportNetworkBytes(this.#exported, options);
  }

  get #exported(): ExportedNetwork {
    const [first, ...others] = this.#networks;
    return { network: first as Network, others, whole: true };
  }

  /**
   * The models as plain JSON: for small ones. `Bag.fromJSON` reads it.
   * @throws like Classifier.toJSON(), where the limit is for each model
   */
  toJSON(): BagJson {
    return { kind: partsOf(this.#mean).targets.kind, models: this.models.map((model) => model.toJSON()) };
  }

  /**
   * Reads a bag that `save` wrote, in any process. Of Regressors, or of several targets, state the type:
   * `load<BagOf<Regressor>>(...)`.
   *
   * @throws Error ERR_BLASNET_FILE for a file that cannot be read, is damaged, or holds no bag; like Network.load()
   */
  static async load<Any extends AnyBag = Bag>(
    path: FilePath,
    options: NetworkLoadOptions & AsyncOptions = {},
  ): Promise<Any> {
    return bagElsewhere((others) => bagInFile(path, others), options);
  }

  /** Like `load`, but blocks the calling thread. @throws like load() */
  static loadSync<Any extends AnyBag = Bag>(path: FilePath, options: NetworkLoadOptions = {}): Any {
    return readHere((others) => bagInFile(path, others), options);
  }

  /** Like `load`, but reads the bytes of a file. @throws like load() */
  static async fromBytes<Any extends AnyBag = Bag>(
    bytes: FileBytes,
    options: NetworkLoadOptions & AsyncOptions = {},
  ): Promise<Any> {
    return bagElsewhere((others) => bagInBytes(bytes, others), options);
  }

  /** Like `fromBytes`, but blocks the calling thread. @throws like load() */
  static fromBytesSync<Any extends AnyBag = Bag>(bytes: FileBytes, options: NetworkLoadOptions = {}): Any {
    return readHere((others) => bagInBytes(bytes, others), options);
  }

  /** Reads what `toJSON` wrote, also as JSON's parser gives it. @throws like load() */
  static fromJSON<Any extends AnyBag = Bag>(json: BagJson): Any {
    checkObject('json', json);
    const { kind, models } = json;
    check('json.kind', kind, oneOf(['classifier', 'regressor']));
    check('json.models', models, modelsRule);
    const read = models.map((each) =>
      kind === 'regressor' ? Regressor.fromJSON(each) : Classifier.fromJSON(each),
    );
    return inBagFile('the JSON', () => new Bag(read as Classifier[])) as unknown as Any;
  }
}

const modelsRule: Constraint = {
  rule: 'an array of at least one model',
  accepts: Array.isArray,
  holds: ({ length }: readonly unknown[]) => length > 0,
};

async function bagElsewhere<Any extends AnyBag>(
  calls: (options: NetworkLoadOptions) => Calls<StoredBag>,
  options: NetworkLoadOptions & AsyncOptions,
): Promise<Any> {
  checkOptions('', options, { ...loadConstraints, ...asyncConstraints });
  const { signal: _, threads: __, priority: ___, ...others } = options;
  const how = howOf(options);
  return bagFrom(await runCalls(calls(others), how));
}

function readHere<Any extends AnyBag>(
  calls: (options: NetworkLoadOptions) => Calls<StoredBag>,
  options: NetworkLoadOptions,
): Any {
  checkOptions('', options, loadConstraints);
  return bagFrom(runCallsSync(calls(options)));
}

function bagFrom<Any extends AnyBag>({ file, kind, models }: StoredBag): Any {
  return inBagFile(file, () => {
    const read = models.map((stored) =>
      kind === 'classifier'
        ? new Classifier(modelParts(stored, file, kind))
        : new Regressor(modelParts(stored, file, kind)),
    );
    return new Bag(read as Classifier[]);
  }) as unknown as Any;
}
