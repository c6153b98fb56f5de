import { type AsyncOptions, asyncConstraints, mayWorkHere, workAnywhere, workHere } from '../addon/work';
import { blasnetError } from '../base/errors';
import type { Matrix } from '../base/matrix';
import type { ReadArrays } from '../base/matrix-input';
import { anything, checkOptions } from '../base/validate';
import {
  evaluateOperation,
  gradientsOperation,
  type Operation,
  type Outcome,
  outcomeError,
  predictOperation,
} from '../engine/plan';
import type { PlanQueue } from '../engine/plan-queue';
import { membersOf, outputActivationOf } from '../layers/architecture';
import { type ResolvedLoss, resolveLoss } from '../layers/losses';
import { allocateGradients, type Gradients, weightsOf } from '../layers/parameters';
import type { Label } from '../preprocessing';
import { type InputsLike, networkInputs } from '../samples/inputs';
import { classDecoder, type LabelsLike } from '../samples/labels';
import { fillHere } from '../samples/pending';
import {
  arraysOf,
  fillElsewhere,
  measuredOutputs,
  outputMatrix,
  type SampleKind,
  type Samples,
} from '../samples/samples';
import { checkTargetScaler, lossOfScaled, measurable, unscale } from '../samples/targets';
import { evaluation, evaluationHere, evaluationTask, measureElsewhere, measureHere } from './evaluation';
import { type EvaluateOptions, type Evaluation, evaluateConstraints } from './network-options';
import { Predictor, type PredictorOptions, predictorConstraints, type ReadElsewhere } from './predictor';

// Multiplications of a prediction that takes half a millisecond or less on one core. Another thread would take up to a
// tenth of that to wake and to call back.
const briefProducts = 2 ** 23;

function isBrief({ X }: Samples, { architecture }: SampleKind): boolean {
  return X.rows * membersOf(architecture) * weightsOf(architecture) <= briefProducts;
}

/** What reads the parameters of a network and changes nothing. `Network` documents its methods of the same names. */
export class NetworkReader {
  readonly #kind: () => SampleKind;
  readonly #own: () => ReadArrays | undefined;
  readonly #queue: PlanQueue;
  #defaultLoss: ResolvedLoss | undefined;

  /**
   * @param kind returns the present one: `setTrainable` changes the architecture
   * @param own returns the arrays that `out` must not overlap
   */
  constructor(kind: () => SampleKind, own: () => ReadArrays | undefined, queue: PlanQueue) {
    this.#kind = kind;
    this.#own = own;
    this.#queue = queue;
  }

  async predict(X: InputsLike, options: AsyncOptions): Promise<Matrix> {
    checkOptions('', options, asyncConstraints);
    const kind = this.#kind();
    checkTargetScaler(kind);
    const samples = networkInputs(kind, X);
    if (samples.pending !== undefined) await fillElsewhere(samples, samples.pending, options);
    const out = outputMatrix(kind.architecture, kind.dtype, samples);
    const operation = predictOperation(samples, out);
    if (isBrief(samples, kind) && this.#mayReadHere(options)) {
      const plan = this.#queue.inlineOfAny(() => this.#outputLoss());
      this.#check(plan.run(operation, options.threads), samples, plan.loss);
    } else {
      await this.#read(samples, this.#outputLoss(), operation, options);
    }
    await workAnywhere(unscale(kind.targetScaler, out), options);
    return out;
  }

  predictSync(X: InputsLike, out?: Matrix): Matrix {
    this.#queue.checkAtRest('predictSync', 'readers');
    const kind = this.#kind();
    checkTargetScaler(kind);
    const samples = networkInputs(kind, X);
    const result = outputMatrix(kind.architecture, kind.dtype, samples, out, out && this.#own());
    fillHere(samples);
    const plan = this.#queue.inlineOfAny(() => this.#outputLoss());
    const outcome = plan.run(predictOperation(samples, result));
    this.#check(outcome, samples, plan.loss);
    if (kind.targetScaler !== undefined) workHere(unscale(kind.targetScaler, result));
    return out ?? result;
  }

  async classify(X: InputsLike, options: AsyncOptions): Promise<Label[]> {
    const decode = classDecoder(this.#kind(), 'classify');
    return workAnywhere(decode(await this.predict(X, options)), options);
  }

  classifySync(X: InputsLike): Label[] {
    return workHere(classDecoder(this.#kind(), 'classifySync')(this.predictSync(X)));
  }

  predictor(options: PredictorOptions): Predictor {
    checkOptions('', options, predictorConstraints);
    const { maxBatch = 1, preprocessed = false } = options;
    const kind = this.#kind();
    if (!preprocessed && kind.preprocessing?.fitted === false) {
      const rule = 'fitted before predictor is used: call fit, or pass { preprocessed: true }';
      throw blasnetError('ERR_BLASNET_NOT_FITTED', `Expected preprocessing to be ${rule}`);
    }
    checkTargetScaler(kind);
    const plan = this.#queue.make(this.#outputLoss());
    const atRest = () => this.#queue.checkAtRest('run', 'readers');
    const read: ReadElsewhere = (own, operation, how) => this.#queue.readWith(own, operation, how);
    const given = preprocessed ? { ...kind, preprocessing: undefined } : kind;
    return new Predictor(plan, given, maxBatch, atRest, read);
  }

  async evaluate(X: InputsLike, Y: LabelsLike, options: EvaluateOptions & AsyncOptions): Promise<Evaluation> {
    checkOptions('', options, { ...evaluateConstraints, ...asyncConstraints });
    const kind = this.#kind();
    const { samples, loss, metrics } = evaluationTask(kind, X, Y, options, this.#queue.lastLoss);
    if (samples.pending !== undefined) await fillElsewhere(samples, samples.pending, options);
    const computed = lossOfScaled(kind, loss);
    const out = metrics.length === 0 ? undefined : measuredOutputs(kind.architecture, kind.dtype, samples);
    const outcome = await this.#read(samples, computed.loss, evaluateOperation(samples, out), options);
    const result = evaluation(outcome, computed);
    if (out === undefined) return result;
    const predictions = await workAnywhere(measurable(kind.targetScaler, out), options);
    return { ...result, ...(await measureElsewhere(metrics, samples, predictions, options)) };
  }

  evaluateSync(X: InputsLike, Y: LabelsLike, options: EvaluateOptions): Evaluation {
    this.#queue.checkAtRest('evaluateSync', 'readers');
    checkOptions('', options, evaluateConstraints);
    const kind = this.#kind();
    const { samples, loss, metrics } = evaluationHere(kind, X, Y, options, this.#queue.lastLoss);
    const computed = lossOfScaled(kind, loss);
    const out = metrics.length === 0 ? undefined : measuredOutputs(kind.architecture, kind.dtype, samples);
    const outcome = this.#queue.inline(computed.loss).run(evaluateOperation(samples, out));
    this.#check(outcome, samples, loss);
    const result = evaluation(outcome, computed);
    if (out === undefined) return result;
    return { ...result, ...measureHere(metrics, samples, workHere(measurable(kind.targetScaler, out))) };
  }

  gradients(
    X: InputsLike,
    Y: LabelsLike,
    options: Omit<EvaluateOptions, 'metrics'>,
  ): Gradients & { readonly loss: number } {
    this.#queue.checkAtRest('gradients', 'readers');
    checkOptions('', options, { loss: anything, sampleWeight: anything });
    const kind = this.#kind();
    const { samples, loss } = evaluationHere(kind, X, Y, options, this.#queue.lastLoss);
    const { flat, named } = allocateGradients(kind.architecture, kind.dtype);
    const minimised = lossOfScaled(kind, loss).loss;
    const outcome = this.#queue.inline(minimised).run(gradientsOperation(samples, flat));
    this.#check(outcome, samples, loss);
    return Object.freeze({ loss: outcome.loss / outcome.rows, ...named });
  }

  #mayReadHere({ signal, priority }: AsyncOptions): boolean {
    return priority !== 'low' && signal?.aborted !== true && this.#queue.free && mayWorkHere();
  }

  async #read(
    samples: Samples,
    loss: ResolvedLoss,
    operation: Operation,
    options: AsyncOptions,
  ): Promise<Outcome> {
    const outcome = await this.#queue.read(arraysOf(samples), loss, operation, options);
    this.#check(outcome, samples, loss);
    return outcome;
  }

  #check(outcome: Outcome, samples: Samples, loss: ResolvedLoss): void {
    const error = outcomeError(outcome, samples, this.#kind().architecture, loss);
    if (error !== undefined) throw error;
  }

  #outputLoss(): ResolvedLoss {
    this.#defaultLoss ??= resolveLoss(undefined, outputActivationOf(this.#kind().architecture));
    return this.#defaultLoss;
  }
}
