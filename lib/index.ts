export type { BuildInfo } from './addon/build-info';
export { buildInfo } from './addon/build-info';
export { getThreads, setThreads } from './addon/threads';
export type { AsyncOptions } from './addon/work';
export type { BlasnetError, ErrorCode } from './base/errors';
export { AbortError } from './base/errors';
export type { FilePath } from './base/file-path';
export type { Dtype, FloatArray, MapOptions, NumbersLike, TypedNumbers } from './base/matrix';
export { Matrix } from './base/matrix';
export type { MatrixLike } from './base/matrix-input';
export type { AnyName } from './base/names';
export * from './datasets';
export * as functional from './functional';
export type {
  Activation,
  ActivationName,
  ActivationOption,
  EluOptions,
  LeakyReluOptions,
} from './layers/activations';
export { elu, leakyRelu } from './layers/activations';
export type { Architecture, Layer, LayerOptions } from './layers/architecture';
export type { Embedding, EmbeddingOptions } from './layers/embeddings';
export type { ParameterValues } from './layers/given-parameters';
export type {
  ConstantOptions,
  InitializerName,
  InitializerObject,
  InitializerOption,
  InitialValues,
  NormalOptions,
  OrthogonalOptions,
  TruncatedNormalOptions,
} from './layers/initializers';
export { initializers } from './layers/initializers';
export type {
  CrossEntropyOptions,
  HuberOptions,
  Loss,
  LossName,
  LossOption,
  QuantileOptions,
} from './layers/losses';
export {
  binaryCrossEntropy,
  categoricalCrossEntropy,
  huber,
  quantile,
  sparseCategoricalCrossEntropy,
} from './layers/losses';
export type {
  BatchNormOptions,
  LayerNormOptions,
  Normalization,
  NormalizationOption,
} from './layers/normalization';
export { batchNorm, layerNorm } from './layers/normalization';
export type {
  NumericEmbedding,
  NumericEmbeddingOption,
  NumericEmbeddingOptions,
} from './layers/numeric-embeddings';
export { numericEmbeddings } from './layers/numeric-embeddings';
export type { ParameterFactors } from './layers/parameter-factors';
export type { Gradients, Parameters, Statistics } from './layers/parameters';
export * from './metrics';
export type { ExportableNetwork } from './network/exportable';
export type { ExplainedNetwork, InputGradientOptions } from './network/input-gradients';
export type { ExportFormat, ExportOptions, ImportFormat, ImportOptions } from './network/interop-options';
export type { FileBytes } from './network/load';
export { Network, type Resumed, type ResumeError } from './network/network';
export type {
  CreateOptions,
  EvaluateOptions,
  EvaluateSourceOptions,
  Evaluation,
  EvaluationOf,
  LoadBestOptions,
  NetworkLoadOptions,
  NetworkOptions,
  PredictSourceOptions,
  ResumeOptions,
  ResumeSourceOptions,
} from './network/network-options';
export type { PredictorOptions } from './network/predictor';
export { Predictor } from './network/predictor';
export type { NetworkDescription } from './network/readable';
export type { SharedNetwork } from './network/shared';
export * from './optimizers/optimizers';
export * from './preprocessing';
export type { GeneratorState } from './random/random-state';
export { RandomState } from './random/random-state';
export type { CategoriesLike, InputsLike, MixedInputs } from './samples/inputs';
export type { LabelsLike } from './samples/labels';
export type { Chunks, InputChunk, InputSource, SampleChunk, Source } from './samples/source';
export type { ClassWeight, SampleWeight } from './samples/weights';
export type { Schedule, ScheduleFunction } from './schedules';
export * as schedules from './schedules';
export type { Callbacks } from './training/callbacks';
export type { EarlyStoppingOptions } from './training/early-stopping';
export type { OverrideName } from './training/fingerprint';
export type {
  BatchReport,
  EpochReport,
  History,
  HistoryMembers,
  HistoryOf,
  HistorySeries,
  ReportOf,
  StopReason,
} from './training/history';
export type {
  FitCheckpointOptions,
  FitOptions,
  PartialFitOptions,
  StepOptions,
  Unvalidated,
  Validated,
  ValidationData,
} from './training/options';
export type { PlotOptions } from './training/plot';
export type { ProgressBar, ProgressOptions, ProgressReport, ProgressStream } from './training/progress';
export { progressBar } from './training/progress';
export type { SourceFitOptions, UnvalidatedSource, ValidatedSource } from './training/source-options';
export type { TrainingError } from './training/training-error';
