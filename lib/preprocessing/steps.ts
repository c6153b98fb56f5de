// The library's steps: the public names, and the readers from JSON.

import { imputerFromJSON } from './imputer';
import { oneHotEncoderFromJSON } from './one-hot';
import { scalerFromJSON } from './scalers';
import type { StepReader } from './step';

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
