export type { CustomStep, FittedCustomStep, LoadOptions } from './custom-step';
export {
  type DecodeAsyncOptions,
  type DecodeOptions,
  type EncodeAsyncOptions,
  type Label,
  LabelEncoder,
  type LabelEncoderJSON,
  type LabelEncoderOptions,
  labelEncoder,
} from './label-encoder';
export { Preprocessing, type PreprocessingJSON, preprocessing } from './pipeline';
export type { PreprocessingStep } from './step';
export * from './steps';
