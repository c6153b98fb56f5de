import { described } from '../base/description';
import { PreprocessingStep } from './step';
import { imputer, minMaxScaler, oneHotEncoder, robustScaler, standardScaler } from './steps';

const factories = { standardScaler, minMaxScaler, robustScaler, imputer, oneHotEncoder };

/** A step of the library, also from its description `{ name, options }`; undefined for anything else. */
export function libraryStep(where: string, step: unknown): PreprocessingStep | undefined {
  if (PreprocessingStep.fitOf(step) !== undefined) return step as PreprocessingStep;
  if (typeof step !== 'object' || step === null || 'fit' in step) return undefined;
  const { name, options } = step as { readonly name?: unknown; readonly options?: unknown };
  if (typeof options !== 'object' || options === null) return undefined;
  return described(where, { ...options, name }, factories);
}
