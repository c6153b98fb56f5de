// The preprocessing, the labels and the targetScaler of a network are copies of its options. An option may also come from
// another copy of this library, or from JSON. So it is recognised by what it holds.

import type { Constraint } from '../base/validate';
import {
  type CustomStep,
  LabelEncoder,
  type LabelEncoderJSON,
  labelEncoder,
  Preprocessing,
  type PreprocessingJSON,
  type PreprocessingStep,
  preprocessing,
} from '../preprocessing';
import { checkReversible } from '../preprocessing/reversible';
import { checkTargetColumns } from '../samples/targets';

/** What scales targets: a step, or a pipeline of steps. */
export type TargetScaler = PreprocessingStep | CustomStep | Preprocessing;

/** What a pipeline or an encoder of another copy has. */
interface Foreign {
  readonly fitted: boolean;
  readonly steps: readonly (PreprocessingStep | CustomStep)[];
  toJSON(): unknown;
}

export const preprocessingOption: Constraint = {
  rule: 'a pipeline from preprocessing()',
  accepts: (value) =>
    value instanceof Preprocessing ||
    isJSON(value, 'preprocessing') ||
    (isForeign(value) && Array.isArray(value.steps)),
};

export const labelsOption: Constraint = {
  rule: 'an encoder from labelEncoder()',
  accepts: (value) =>
    value instanceof LabelEncoder ||
    isJSON(value, 'labelEncoder') ||
    (isForeign(value) && typeof (value as { oneHot?: unknown }).oneHot === 'function'),
};

export const targetScalerOption: Constraint = {
  rule: 'a scaler such as standardScaler(), or a pipeline of such steps',
  accepts: (value) => preprocessingOption.accepts(value) || isStep(value),
};

/** A pipeline of the network's own, from an option that was checked. */
export function ownPreprocessing(
  option: Preprocessing | PreprocessingJSON | undefined,
): Preprocessing | undefined {
  if (option === undefined) return undefined;
  if (option instanceof Preprocessing) return option.copy();
  const foreign: unknown = option;
  if (!isForeign(foreign)) return Preprocessing.fromJSON(option);
  const { fitted, steps } = foreign;
  if (!fitted) return preprocessing(steps);
  const own = steps.filter((step): step is CustomStep => 'fromJSON' in step);
  return Preprocessing.fromJSON(foreign.toJSON(), { steps: own });
}

/** An encoder of the network's own, from an option that was checked. */
export function ownLabels(option: LabelEncoder | LabelEncoderJSON | undefined): LabelEncoder | undefined {
  if (option === undefined) return undefined;
  if (option instanceof LabelEncoder) return option.copy();
  if (!isForeign(option)) return LabelEncoder.fromJSON(option);
  return option.fitted ? LabelEncoder.fromJSON(option.toJSON()) : labelEncoder();
}

/**
 * A scaler of the network's own, from an option that was checked.
 * @throws RangeError ERR_BLASNET_ARG_VALUE for a step that cannot be undone; ERR_BLASNET_SHAPE; like preprocessing()
 */
export function ownTargetScaler(
  option: TargetScaler | PreprocessingJSON | undefined,
  outputDim: number,
): Preprocessing | undefined {
  if (option === undefined) return undefined;
  const own = preprocessingOption.accepts(option)
    ? ownPreprocessing(option as Preprocessing | PreprocessingJSON)
    : preprocessing([option as PreprocessingStep | CustomStep]);
  const scaler = own as Preprocessing;
  checkReversible('targetScaler', scaler.steps);
  if (scaler.fitted) checkTargetColumns(scaler, outputDim);
  return scaler;
}

// A step of the library, also of another copy, or one of the user's.
function isStep(value: unknown): boolean {
  const { name, options, fit } = (value ?? {}) as {
    readonly name?: unknown;
    readonly options?: unknown;
    readonly fit?: unknown;
  };
  return typeof name === 'string' && (typeof options === 'object' || typeof fit === 'function');
}

function isJSON(value: unknown, name: string): boolean {
  return typeof value === 'object' && value !== null && 'name' in value && value.name === name;
}

function isForeign(value: unknown): value is Foreign {
  const { fitted, toJSON } = (value ?? {}) as Partial<Foreign>;
  return typeof fitted === 'boolean' && typeof toJSON === 'function';
}
