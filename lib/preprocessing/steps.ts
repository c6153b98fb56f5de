// The library's steps: the public names, and the readers from JSON.

import { described } from '../base/description';
import { imputer, imputerFromJSON } from './imputer';
import { oneHotEncoder, oneHotEncoderFromJSON } from './one-hot';
import { minMaxScaler, robustScaler, scalerFromJSON, standardScaler } from './scalers';
import { PreprocessingStep, type StepReader } from './step';

export { type ImputerOptions, imputer } from './imputer';
export { type OneHotEncoderOptions, oneHotEncoder } from './one-hot';
export {
  type MinMaxScalerOptions,
  minMaxScaler,
  type RobustScalerOptions,
  robustScaler,
  type StandardScalerOptions,
  standardScaler,
} from './scalers';

const readers: Readonly<Record<string, StepReader>> = {
  standardScaler: scalerFromJSON,
  minMaxScaler: scalerFromJSON,
  robustScaler: scalerFromJSON,
  imputer: imputerFromJSON,
  oneHotEncoder: oneHotEncoderFromJSON,
};

export default readers;

const factories = { standardScaler, minMaxScaler, robustScaler, imputer, oneHotEncoder };

/** A step of the library, also from its description `{ name, options }`; undefined for anything else. */
export function libraryStep(where: string, step: unknown): PreprocessingStep | undefined {
  if (PreprocessingStep.fitOf(step) !== undefined) return step as PreprocessingStep;
  if (typeof step !== 'object' || step === null || 'fit' in step) return undefined;
  const { name, options } = step as { readonly name?: unknown; readonly options?: unknown };
  if (typeof options !== 'object' || options === null) return undefined;
  return described(where, { ...options, name }, factories);
}
