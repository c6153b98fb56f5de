/**
 * Tables, and models that learn from them: `require('blasnet/tables')`. It is loaded by itself.
 */
// The file of the folder: TypeScript would take `../tables` for dist/tables.js, the bundle of this module.
export * from '../tables/index';
export type { AttributionOptions, Attributions } from './attributions';
export { Bag, type BagJson, type BagOf } from './bag';
export type { ClassName, ClassTarget } from './class-target';
export { Classifier, type LabelsClassifier, type Temperature } from './classifier';
export type { GateScore } from './continual/gate';
export type { DriftOptions, ModelUpdate, UpdateOptions } from './continual/update';
export {
  type CrossValidateOptions,
  type CrossValidation,
  crossValidate,
} from './cross-validate';
export type { MakeNetwork, NetworkCrossValidation, NetworkFoldOptions } from './cross-validate-network';
export type { Encoding, EncodingOption } from './encodings';
export type {
  ClassifierEvaluation,
  ClassScores,
  LabelScores,
  LabelsEvaluation,
  NumberErrors,
  RegressorEvaluation,
  TargetsEvaluation,
} from './evaluation';
export type { Fold, FoldResult } from './fold-tasks';
export type { FoldOptions } from './folds';
export type { ImportanceOptions } from './importance';
export { type InputsOptions, inputs } from './inputs';
export type { ConformalOptions, Intervals } from './intervals';
export type { ModelJson } from './model-json';
export { NetworkBag } from './network-bag';
export type { ParallelOptions } from './parallel';
export type { PartialDependenceOptions } from './partial-dependence';
export type { MakeFrom } from './processes/make-from';
export { Regressor, type TargetsRegressor } from './regressor';
export type { ReliabilityOptions } from './reliability';
export type { Rows } from './row-network';
export { type SamplesOptions, samplesFrom } from './samples-from';
export type { FoldRow, ScoreSummary } from './scores';
export { type SearchOptions, type SearchResult, type SearchSpace, search } from './search';
export type { NetworkSearchOptions, NetworkSearchResult, SearchedNetwork } from './search-network';
export type { SearchFindings, SearchRunOptions } from './search-run';
export { choice, Distribution, type Drawn, integer, logUniform, type SpaceOf, uniform } from './space';
export type { SharedModel } from './table-model';
export type { TableChunks } from './table-source';
export type {
  ClassifierOptions,
  HiddenLayer,
  RegressorOptions,
  ResumingOptions,
  TrainOptions,
} from './train-options';
export type { Trial, TrialState } from './trials';
