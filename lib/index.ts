export type {
  Activation,
  ActivationName,
  ActivationOption,
  EluOptions,
  LeakyReluOptions,
} from './activations';
export { elu, leakyRelu } from './activations';
export type { Architecture, Layer, LayerOptions } from './architecture';
export type { BuildInfo } from './build-info';
export { buildInfo } from './build-info';
export * from './datasets';
export type { BlasnetError, ErrorCode } from './errors';
export { AbortError } from './errors';
export * as functional from './functional';
export type {
  ConstantOptions,
  InitializerName,
  InitializerObject,
  InitializerOption,
  InitialValues,
  OrthogonalOptions,
  ParameterValues,
  TruncatedNormalOptions,
} from './initializers';
export { initializers } from './initializers';
export type { CrossEntropyOptions, HuberOptions, Loss, LossName, LossOption } from './losses';
export {
  binaryCrossEntropy,
  categoricalCrossEntropy,
  huber,
  sparseCategoricalCrossEntropy,
} from './losses';
export type { Dtype, FloatArray } from './matrix';
export { Matrix } from './matrix';
export * from './metrics';
export type {
  AsyncOptions,
  EvaluateOptions,
  Evaluation,
  NetworkOptions,
  Resumed,
  ResumeOptions,
} from './network';
export { Network } from './network';
export type { BatchNormOptions, LayerNormOptions, Normalization, NormalizationOption } from './normalization';
export { batchNorm, layerNorm } from './normalization';
export type {
  AdadeltaOptions,
  AdagradOptions,
  AdamaxOptions,
  AdamOptions,
  Convention,
  LbfgsOptions,
  LionOptions,
  NadamOptions,
  Optimizer,
  RmsPropOptions,
  SgdOptions,
} from './optimizers';
export { adadelta, adagrad, adam, adamax, adamW, lbfgs, lion, nadam, rmsProp, sgd } from './optimizers';
export type { Gradients, Parameters, Statistics } from './parameters';
export type { PredictorOptions } from './predictor';
export { Predictor } from './predictor';
export * from './preprocessing';
export type { GeneratorState } from './random';
export { RandomState } from './random';
export type { LabelsLike, MatrixLike } from './samples';
export type { Schedule, ScheduleFunction } from './schedules';
export * as schedules from './schedules';
export { getThreads, setThreads } from './threads';
export type { EarlyStoppingOptions } from './training/early-stopping';
export type { BatchReport, EpochReport, History } from './training/history';
export type {
  Callbacks,
  FitCheckpointOptions,
  FitOptions,
  PartialFitOptions,
  StepOptions,
  ValidationData,
} from './training/options';
export type { ProgressBar, ProgressOptions, ProgressReport, ProgressStream } from './training/progress';
export { progressBar } from './training/progress';
export type { ClassWeight, SampleWeight } from './training/weights';
