import type { Work } from '../addon/work';
import { argumentError } from '../base/errors';
import { anything, checkOptions } from '../base/validate';
import { outputLayerOf } from '../layers/architecture';
import type { ResolvedLoss } from '../layers/losses';
import { RandomState } from '../random/random-state';
import type { InputsLike, Learning } from '../samples/inputs';
import { fitLoss, type LabelsLike } from '../samples/labels';
import { joined, unlessBrief } from '../samples/pending';
import {
  type LabelledSamples,
  type LearningParts,
  labelledSamples,
  type SampleKind,
} from '../samples/samples';
import type { TargetLearning } from '../samples/targets';
import { type Weighting, weigher } from '../samples/weights';
import type { CompletedFitOptions } from './completed-options';
import { EpochRunner } from './epoch-runner';
import {
  checkFingerprint,
  type Fingerprint,
  fingerprintOf,
  type OverrideName,
  settingsOf,
  weightingOf,
} from './fingerprint';
import {
  checkFitOptions,
  checkNoClasses,
  checkSignalHere,
  completeFitOptions,
  type FitOptions,
  type ValidationData,
} from './options';
import { beginningOf, encodeTraining, type TrainingState } from './resume';
import { TrainingSession } from './session';
import { checkShared } from './shared-rules';
import type { TrainedNetwork } from './trained-network';

/**
 * Makes a new training. Its optimiser goes on from the network's last training, if that had equal settings.
 *
 * @param blocking whether it will run on the calling thread
 */
export function newSession(
  network: TrainedNetwork,
  X: InputsLike,
  Y: LabelsLike,
  options: FitOptions,
  blocking = false,
): TrainingSession {
  const { kind } = network;
  const { samples, completed, validation, learning, targets, forget } = prepare(
    kind,
    X,
    Y,
    options,
    'asGiven',
    blocking,
  );
  const random = completed.seed === undefined ? network.random : new RandomState(completed.seed);
  const runner = new EpochRunner(kind.architecture, samples, completed, random, network.optimizer);
  runner.onRefusal = () => {
    forget();
    if (kind.undecided === true) network.unbuild();
  };
  if (learning !== undefined && kind.undecided === true) {
    learning.build = function* (inputDim) {
      yield* network.build(inputDim);
      runner.architecture = network.kind.architecture;
    };
  }
  for (const part of [learning, targets])
    if (part !== undefined) part.trainedRows = () => runner.trainedRows();
  return sessionOf(network, runner, validation);
}

/** A training that continues from a checkpoint. @param override the names of what may differ from it */
export function resumedSession(
  network: TrainedNetwork,
  X: InputsLike,
  Y: LabelsLike,
  options: FitOptions,
  { state, path }: { readonly state: TrainingState; readonly path: string },
  override: readonly OverrideName[],
): TrainingSession {
  checkBetweenEpochs(state, path);
  const { architecture } = network.kind;
  const weighting = weightingOf(state.fingerprint, path);
  const { samples, completed, validation } = prepare(network.kind, X, Y, options, weighting);
  const validated = validation !== undefined;
  const settings = settingsOf(completed, samples.X.rows, validated);
  const beginning = beginningOf(state, completed, architecture, settings, path, override);
  // With the option `seed`, the training had its own generator, and the network's stayed as it was.
  const own = state.networkGenerator !== undefined;
  if (own) network.random.setState(state.networkGenerator);
  const random = own ? new RandomState(0) : network.random;
  random.setState(state.generator);
  if (completed.earlyStopping !== undefined && beginning.earlyStopping !== null) {
    completed.earlyStopping.state = beginning.earlyStopping;
  }
  network.optimizer.state = beginning.optimizer;
  const runner = new EpochRunner(architecture, samples, completed, random, network.optimizer);
  const check = (now: Fingerprint) => void checkFingerprint(state.fingerprint, now, path, override);
  const session = sessionOf(network, runner, validation, check, weighting);
  session.restore(beginning.position, beginning.split, beginning.reports, beginning.best);
  return session;
}

// Samples in memory are gone through epoch by epoch.
function checkBetweenEpochs({ source }: TrainingState, path: string): void {
  const { part } = (source ?? {}) as { readonly part?: { readonly rows?: unknown } };
  if (part === undefined || part.rows === 0) return;
  const rule = 'one after an epoch, since X and Y are in memory: within an epoch, resume takes its source';
  throw argumentError('ERR_BLASNET_ARG_VALUE', 'the checkpoint', rule, path);
}

interface Prepared {
  readonly samples: LabelledSamples;
  readonly completed: CompletedFitOptions;
  readonly validation: LabelledSamples | undefined;
  /** The preprocessing's, if it learns from the samples. */
  readonly learning: Learning | undefined;
  /** The targetScaler's, if it learns from the samples. */
  readonly targets: TargetLearning | undefined;
  /** Makes the preprocessing, the labels and the targetScaler forget what they learned from the samples. */
  readonly forget: () => void;
}

function prepare(
  kind: SampleKind,
  X: InputsLike,
  Y: LabelsLike,
  options: FitOptions,
  weighting: Weighting,
  blocking = false,
): Prepared {
  checkFitOptions(options, blocking);
  const { architecture, preprocessing, labels, targetScaler } = kind;
  const loss = fitLoss(architecture, options.loss, Y, labels !== undefined);
  // These learn from the samples now, and forget them if the samples are refused later.
  const learning = [preprocessing, labels, targetScaler].filter((part) => part?.fitted === false);
  const forget = () => {
    for (const part of learning) part?.forget();
  };
  try {
    // What takes long is pending until the training's first step: see TrainingSession.
    const learnsLabels = labels?.fitted === false ? unlessBrief(labels.fitWork(Y)) : undefined;
    const parts: LearningParts = {
      preprocessing: preprocessing?.fitted === false ? {} : undefined,
      labels: learnsLabels !== undefined,
      targets: targetScaler?.fitted === false ? {} : undefined,
    };
    const { outputDim } = outputLayerOf(architecture);
    const weigh = weigher(outputDim, options.sampleWeight, options.classWeight, weighting);
    let completed: CompletedFitOptions | undefined;
    const labelled = labelledSamples(
      kind,
      X,
      Y,
      loss.name,
      (given, dtype) => {
        // Before the weights, since it refuses weights of classes where labels are not classes.
        completed = completeFitOptions(options, architecture, given.rows, loss);
        if (targetScaler !== undefined) checkNoClasses(options);
        if (blocking) checkSignalHere(completed);
        const validationData = options.validationData !== undefined;
        checkShared(completed, { validationData, learns: learning.length > 0 });
        return weigh(given, dtype);
      },
      parts,
    );
    const samples = { ...labelled, ...joined([learnsLabels, labelled.pending]) };
    const validation = options.validationData && validationSamples(kind, options.validationData, loss, parts);
    return {
      samples,
      completed: completed as unknown as CompletedFitOptions,
      validation,
      learning: parts.preprocessing,
      targets: parts.targets,
      forget,
    };
  } catch (error) {
    forget();
    throw error;
  }
}

function validationSamples(
  kind: SampleKind,
  data: ValidationData,
  loss: ResolvedLoss,
  learning: LearningParts,
): LabelledSamples {
  checkOptions('validationData', data, { X: anything, Y: anything, sampleWeight: anything });
  try {
    const { outputDim } = outputLayerOf(kind.architecture);
    return labelledSamples(kind, data.X, data.Y, loss.name, weigher(outputDim, data.sampleWeight), learning);
  } catch (error) {
    if (error instanceof Error) error.message = `In validationData: ${error.message}`;
    throw error;
  }
}

/** @param check compares the fingerprint with that of the checkpoint */
function sessionOf(
  network: TrainedNetwork,
  runner: EpochRunner,
  validation: LabelledSamples | undefined,
  check?: (fingerprint: Fingerprint) => void,
  weighting: Weighting = 'asGiven',
): TrainingSession {
  const { options, samples } = runner;
  let fingerprint: Fingerprint | undefined;
  if (options.checkpoint !== undefined || check !== undefined) {
    // Computed before the run starts, which may leave out rows.
    const work = identify(options, samples, validation !== undefined, weighting, (now) => {
      fingerprint = now;
      check?.(now);
    });
    // Weights may be pending, too.
    const last = samples.pending === undefined ? unlessBrief(work) : { work, arrays: [] };
    runner.samples = { ...samples, ...joined([samples.pending, last]) };
  }
  return new TrainingSession(runner, network, validation, (session, metadata) =>
    network.encode(encodeTraining(session, network.random, fingerprint as Fingerprint), metadata),
  );
}

function* identify(
  options: CompletedFitOptions,
  samples: LabelledSamples,
  validation: boolean,
  weighting: Weighting,
  take: (fingerprint: Fingerprint) => void,
): Work<void> {
  take(yield* fingerprintOf(options, samples, validation, weighting));
}
