export { type ImputerOptions, imputer } from './imputer';
export {
  type DecodeOptions,
  type Label,
  LabelEncoder,
  type LabelEncoderJSON,
  labelEncoder,
} from './label-encoder';
export { type OneHotEncoderOptions, oneHotEncoder } from './one-hot';
export { Preprocessing, type PreprocessingJSON, preprocessing } from './pipeline';
export {
  type MinMaxScalerOptions,
  minMaxScaler,
  type RobustScalerOptions,
  robustScaler,
  type StandardScalerOptions,
  standardScaler,
} from './scalers';
export type { PreprocessingStep, StepName } from './step';
