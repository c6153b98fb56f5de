import type { FloatArray, Matrix } from '../base/matrix';
import type { MatrixLike } from '../base/matrix-input';
import { anything, checkOptions } from '../base/validate';
import { outcomeError } from '../engine/plan';
import type { TrainingContent } from '../formats/model';
import type { Metadata } from '../formats/safetensors';
import { outputLayerOf } from '../layers/architecture';
import type { ResolvedLoss } from '../layers/losses';
import type { Label } from '../preprocessing';
import { RandomState } from '../random/random-state';
import type { LabelsLike } from '../samples/labels';
import { fitLoss } from '../samples/labels';
import { type LabelledSamples, labelledSamples, type SampleKind } from '../samples/samples';
import { withWeights } from '../samples/weights';
import { TrainingTask } from './loop';
import {
  type CompletedFitOptions,
  checkFitOptions,
  completeFitOptions,
  type FitOptions,
  type ValidationData,
} from './options';
import { encodeTraining, resumeTrainer, type TrainingState } from './resume';
import { type Trainer, TrainingRun } from './run';
import { type Settings, settingsOf } from './settings';

/** What a training needs of a network. */
export interface Trainee {
  readonly kind: SampleKind;
  /** The flat buffers. */
  readonly parameters: FloatArray;
  readonly statistics: FloatArray;
  /** Draws what is random, unless the option `seed` is given. */
  readonly random: RandomState;
  /** The bytes of a checkpoint. */
  encode(training: TrainingContent, metadata: Metadata): Iterable<Uint8Array>;
}

/** A training from its first epoch on; `kept` is the trainer to go on with, if it suits the options. */
export function newTask(
  trainee: Trainee,
  X: MatrixLike,
  Y: LabelsLike,
  options: FitOptions,
  kept?: Trainer,
): TrainingTask {
  const { samples, completed, validation, forget } = prepare(trainee.kind, X, Y, options);
  const random = completed.seed === undefined ? trainee.random : new RandomState(completed.seed);
  // Who failed in the middle of an epoch has steps that nobody counted.
  const suits = kept?.optimizer === completed.optimizer && kept.spoiled !== true;
  const trainer = suits ? kept : undefined;
  const run = new TrainingRun(trainee.kind.architecture, samples, completed, random, trainer);
  run.onRefusal = forget;
  return taskOf(trainee, run, validation);
}

/** A training that goes on where a checkpoint left it. */
export function resumedTask(
  trainee: Trainee,
  X: MatrixLike,
  Y: LabelsLike,
  options: FitOptions,
  { state, path }: { readonly state: TrainingState; readonly path: string },
): TrainingTask {
  const { architecture } = trainee.kind;
  const { samples, completed, validation } = prepare(trainee.kind, X, Y, options);
  const trainer = resumeTrainer(state, completed, architecture, samples, validation !== undefined, path);
  // A training with a seed of its own had a generator beside the network's.
  const own = state.networkGenerator !== undefined;
  if (own) trainee.random.setState(state.networkGenerator);
  const random = own ? new RandomState(0) : trainee.random;
  random.setState(state.generator);
  if (completed.earlyStopping !== undefined && state.earlyStopping !== null) {
    completed.earlyStopping.state = state.earlyStopping;
  }
  const run = new TrainingRun(architecture, samples, completed, random, trainer);
  const task = taskOf(trainee, run, validation);
  task.restore(state.position, state.split, state.reports, state.best);
  return task;
}

interface Prepared {
  readonly samples: LabelledSamples;
  readonly completed: CompletedFitOptions;
  readonly validation: LabelledSamples | undefined;
  /** Takes back what was learned from the samples. */
  readonly forget: () => void;
}

function prepare(kind: SampleKind, X: MatrixLike, Y: LabelsLike, options: FitOptions): Prepared {
  checkFitOptions(options);
  const { architecture, preprocessing, labels } = kind;
  const loss = fitLoss(architecture, options.loss, Y, labels !== undefined);
  // What learns here learns from these samples, unless they are refused in the end.
  const learning = [preprocessing, labels].filter((part) => part?.fitted === false);
  const forget = () => {
    for (const part of learning) part?.forget();
  };
  try {
    if (preprocessing?.fitted === false) preprocessing.fit(X as Matrix);
    if (labels?.fitted === false) labels.fit(Y as readonly Label[]);
    const labelled = labelledSamples(kind, X, Y, loss.name);
    const completed = completeFitOptions(options, architecture, labelled.X.rows, loss);
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

function taskOf(trainee: Trainee, run: TrainingRun, validation: LabelledSamples | undefined): TrainingTask {
  const { architecture } = trainee.kind;
  // Before the run begins, which makes other weights of those that a share is held out of.
  const settings = run.options.checkpoint && settingsOf(run.options, run.samples, validation !== undefined);
  return new TrainingTask(
    run,
    {
      parameters: trainee.parameters,
      statistics: trainee.statistics,
      outputDim: outputLayerOf(architecture).outputDim,
      outcomeError: (outcome, samples) => outcomeError(outcome, samples, architecture, run.options.loss),
      encodeCheckpoint: (task, metadata) =>
        trainee.encode(encodeTraining(task, trainee.random, settings as Settings), metadata),
    },
    validation,
  );
}
