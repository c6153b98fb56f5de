import { anything, checkOptions } from '../base/validate';
import { checkJson } from '../formats/json';
import { outputLayerOf } from '../layers/architecture';
import type { ResolvedLoss } from '../layers/losses';
import type { Label } from '../preprocessing';
import { RandomState } from '../random/random-state';
import { type InputsLike, learnInputs } from '../samples/inputs';
import { fitLoss, type LabelsLike } from '../samples/labels';
import { type LabelledSamples, labelledSamples, type SampleKind } from '../samples/samples';
import { withWeights } from '../samples/weights';
import { EpochRunner } from './epoch-runner';
import { type Fingerprint, fingerprintOf } from './fingerprint';
import type { OptimizerState } from './optimizer-state';
import {
  type CompletedFitOptions,
  checkFitOptions,
  completeFitOptions,
  type FitOptions,
  type ValidationData,
} from './options';
import { encodeTraining, resumeOptimizer, type TrainingState } from './resume';
import { TrainingSession } from './session';
import type { TrainedNetwork } from './trained-network';

/** A training from its first epoch on; `kept` is the optimiser's state to go on with, if it suits the options. */
export function newSession(
  network: TrainedNetwork,
  X: InputsLike,
  Y: LabelsLike,
  options: FitOptions,
  kept?: OptimizerState,
): TrainingSession {
  const { samples, completed, validation, forget } = prepare(network.kind, X, Y, options);
  const random = completed.seed === undefined ? network.random : new RandomState(completed.seed);
  const suits = kept?.optimizer === completed.optimizer && kept.uncertain !== true;
  const optimizerState = suits ? kept : undefined;
  const runner = new EpochRunner(network.kind.architecture, samples, completed, random, optimizerState);
  runner.onRefusal = forget;
  return sessionOf(network, runner, validation);
}

/** A training that goes on where a checkpoint left it. */
export function resumedSession(
  network: TrainedNetwork,
  X: InputsLike,
  Y: LabelsLike,
  options: FitOptions,
  { state, path }: { readonly state: TrainingState; readonly path: string },
): TrainingSession {
  const { architecture } = network.kind;
  const { samples, completed, validation } = prepare(network.kind, X, Y, options);
  const optimizer = resumeOptimizer(state, completed, architecture, samples, validation !== undefined, path);
  // A training with a seed of its own had a generator beside the network's.
  const own = state.networkGenerator !== undefined;
  if (own) network.random.setState(state.networkGenerator);
  const random = own ? new RandomState(0) : network.random;
  random.setState(state.generator);
  if (completed.earlyStopping !== undefined && state.earlyStopping !== null) {
    completed.earlyStopping.state = state.earlyStopping;
  }
  const runner = new EpochRunner(architecture, samples, completed, random, optimizer);
  const session = sessionOf(network, runner, validation);
  session.restore(state.position, state.split, state.reports, state.best);
  return session;
}

interface Prepared {
  readonly samples: LabelledSamples;
  readonly completed: CompletedFitOptions;
  readonly validation: LabelledSamples | undefined;
  /** Takes back what was learned from the samples. */
  readonly forget: () => void;
}

function prepare(kind: SampleKind, X: InputsLike, Y: LabelsLike, options: FitOptions): Prepared {
  checkFitOptions(options);
  const { architecture, preprocessing, labels } = kind;
  const loss = fitLoss(architecture, options.loss, Y, labels !== undefined);
  // What learns here learns from these samples, unless they are refused in the end.
  const learning = [preprocessing, labels].filter((part) => part?.fitted === false);
  const forget = () => {
    for (const part of learning) part?.forget();
  };
  try {
    if (preprocessing?.fitted === false) learnInputs(kind, preprocessing, X);
    if (labels?.fitted === false) labels.fit(Y as readonly Label[]);
    const labelled = labelledSamples(kind, X, Y, loss.name);
    const completed = completeFitOptions(options, architecture, labelled.X.rows, loss);
    // What no checkpoint can hold is refused before the first step.
    if (completed.checkpoint !== undefined && preprocessing !== undefined) {
      checkJson('preprocessing', preprocessing.toJSON());
    }
    const { outputDim } = outputLayerOf(architecture);
    const samples = withWeights(labelled, outputDim, options.sampleWeight, options.classWeight);
    const validation = options.validationData && validationSamples(kind, options.validationData, loss);
    return { samples, completed, validation, forget };
  } catch (error) {
    forget();
    throw error;
  }
}

function validationSamples(kind: SampleKind, data: ValidationData, loss: ResolvedLoss): LabelledSamples {
  checkOptions('validationData', data, { X: anything, Y: anything, sampleWeight: anything });
  try {
    const { outputDim } = outputLayerOf(kind.architecture);
    const labelled = labelledSamples(kind, data.X, data.Y, loss.name);
    return withWeights(labelled, outputDim, data.sampleWeight, undefined);
  } catch (error) {
    if (error instanceof Error) error.message = `In validationData: ${error.message}`;
    throw error;
  }
}

function sessionOf(
  network: TrainedNetwork,
  runner: EpochRunner,
  validation: LabelledSamples | undefined,
): TrainingSession {
  // The first step of a run with a share held out changes the samples' weights, so they are looked at before.
  const fingerprint =
    runner.options.checkpoint && fingerprintOf(runner.options, runner.samples, validation !== undefined);
  return new TrainingSession(runner, network, validation, (session, metadata) =>
    network.encode(encodeTraining(session, network.random, fingerprint as Fingerprint), metadata),
  );
}
