// The preprocessing and the labels of a network are copies of its options. An option may also come from another copy of
// this library, or from JSON. So it is recognised by what it holds.

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

function isJSON(value: unknown, name: string): boolean {
  return typeof value === 'object' && value !== null && 'name' in value && value.name === name;
}

function isForeign(value: unknown): value is Foreign {
  const { fitted, toJSON } = (value ?? {}) as Partial<Foreign>;
  return typeof fitted === 'boolean' && typeof toJSON === 'function';
}
