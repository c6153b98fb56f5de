import { type AsyncOptions, asyncConstraints } from '../addon/work';
import { argumentError } from '../base/errors';
import { Matrix } from '../base/matrix';
import { giveMethods } from '../base/methods';
import { anything, check, checkOptions, integerBetween } from '../base/validate';
import { inputGradientsOperation, outcomeError } from '../engine/plan';
import type { PlanQueue } from '../engine/plan-queue';
import { outputActivationOf, outputLayerOf } from '../layers/architecture';
import { type LossOption, type ResolvedLoss, resolveLoss } from '../layers/losses';
import { type InputsLike, networkInputs } from '../samples/inputs';
import type { LabelsLike } from '../samples/labels';
import { fillHere } from '../samples/pending';
import { arraysOf, fillElsewhere, type SampleKind, type Samples } from '../samples/samples';
import { lossOfScaled } from '../samples/targets';
import { evaluationTask } from './evaluation';

export interface InputGradientOptions {
  /** The output whose gradients are computed, from 0. Not with Y. @default 0 */
  readonly output?: number;
  /** Labels, as for `evaluate`. With them, the gradients are those of each sample's own loss. @default none */
  readonly Y?: LabelsLike;
  /** The loss, with Y. @default that of the last training, or by the output activation */
  readonly loss?: LossOption;
}

/** A network that tells how its outputs depend on its inputs. */
export interface ExplainedNetwork {
  /**
   * Computes how fast an output of each sample, or with Y the sample's loss, changes with each of its numbers. The network
   * works as in predictions. Preprocessing comes before: the gradients are by the numbers that it gives. A targetScaler
   * comes after: they are of the outputs, or the loss, before its way back.
   *
   * @returns (samples x inputDim) element (i, j): the derivative for sample i by number j
   * @throws like predict(); RangeError ERR_BLASNET_ARG_VALUE for an output that does not exist, or for a network of
   *   categories alone
   */
  inputGradients(X: InputsLike, options?: InputGradientOptions & AsyncOptions): Promise<Matrix>;
  /** Like `inputGradients`, but blocks the calling thread. @throws like predictSync() */
  inputGradientsSync(X: InputsLike, options?: InputGradientOptions): Matrix;
}

const constraints = { output: anything, Y: anything, loss: anything };

/** What a class of networks gives. */
interface Source {
  readonly kind: SampleKind;
  readonly queue: PlanQueue;
}

function taskOf({ kind, queue }: Source, X: InputsLike, options: InputGradientOptions) {
  const { architecture, dtype } = kind;
  const { output = 0, Y, loss } = options;
  const [first] = architecture;
  if (first?.inputDim === 0) {
    const rule = 'above 0, since gradients are by numbers, and not by categories';
    throw argumentError('ERR_BLASNET_ARG_VALUE', 'layers[0].inputDim', rule, 0);
  }
  check('output', output, integerBetween(0, outputLayerOf(architecture).outputDim - 1));
  for (const [name, value, needed] of [
    ['output', options.output, false],
    ['loss', loss, true],
  ] as const) {
    if (value === undefined || (Y !== undefined) === needed) continue;
    const rule = `left out ${needed ? 'without' : 'with'} Y`;
    throw argumentError('ERR_BLASNET_ARG_VALUE', name, rule, value);
  }
  const labelled =
    Y === undefined
      ? undefined
      : evaluationTask(kind, X, Y, loss === undefined ? {} : { loss }, queue.lastLoss);
  const samples: Samples = labelled?.samples ?? networkInputs(kind, X);
  const resolved: ResolvedLoss =
    labelled === undefined
      ? resolveLoss(undefined, outputActivationOf(architecture))
      : lossOfScaled(kind, labelled.loss).loss;
  const out = Matrix.zeros(samples.X.rows, first?.inputDim as number, dtype);
  return { samples, loss: resolved, out, operation: inputGradientsOperation(samples, output, out) };
}

/** Gives the networks of a class their gradients by inputs. */
export function makeExplained<Network>(prototype: Network, sourceOf: (network: Network) => Source): void {
  const methods = {
    async inputGradients(
      this: Network,
      X: InputsLike,
      options: InputGradientOptions & AsyncOptions = {},
    ): Promise<Matrix> {
      checkOptions('', options, { ...constraints, ...asyncConstraints });
      const source = sourceOf(this);
      const { samples, loss, out, operation } = taskOf(source, X, options);
      if (samples.pending !== undefined) await fillElsewhere(samples, samples.pending, options);
      const outcome = await source.queue.read(arraysOf(samples), loss, operation, options);
      const error = outcomeError(outcome, samples, source.kind.architecture, loss);
      if (error !== undefined) throw error;
      return out;
    },
    inputGradientsSync(this: Network, X: InputsLike, options: InputGradientOptions = {}): Matrix {
      const source = sourceOf(this);
      source.queue.checkAtRest('inputGradientsSync', 'readers');
      checkOptions('', options, constraints);
      const { samples, loss, out, operation } = taskOf(source, X, options);
      fillHere(samples);
      const outcome = source.queue.inline(loss).run(operation);
      const error = outcomeError(outcome, samples, source.kind.architecture, loss);
      if (error !== undefined) throw error;
      return out;
    },
  };
  giveMethods(prototype as object, methods);
}
