export type { ActivationName } from './activations';
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
export type { LossName } from './losses';
export type { Dtype, FloatArray } from './matrix';
export { Matrix } from './matrix';
export * from './metrics';
export type { AsyncOptions, EvaluateOptions, Evaluation, NetworkOptions } from './network';
export { Network } from './network';
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
export type { Gradients, Parameters } from './parameters';
export type { PredictorOptions } from './predictor';
export { Predictor } from './predictor';
export * from './preprocessing';
export type { GeneratorState } from './random';
export { RandomState } from './random';
export type { MatrixLike } from './samples';
export type { Schedule, ScheduleFunction } from './schedules';
export * as schedules from './schedules';
export { getThreads, setThreads } from './threads';
export type { EpochReport, History } from './training/history';
export type { FitOptions } from './training/options';
export type { ProgressBar, ProgressOptions, ProgressReport, ProgressStream } from './training/progress';
export { progressBar } from './training/progress';
