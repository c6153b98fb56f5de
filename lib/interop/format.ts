// What a format of another tool is: the files that it has, what it can hold, its writer and its reader. Each format has a
// file of its own and a row in formats.ts. The table of docs/interchange.md is made from `holds` and `reads`.

import type { AsyncOptions } from '../addon/work';
import { blasnetError } from '../base/errors';
import type { Dtype } from '../base/matrix';
import type { Constraint } from '../base/validate';
import { type ActivationName, activationNames } from '../layers/activations';
import type { Chain, StageKind, Step } from './chain';

/** What a chain may have that a format may lack. */
export type Feature =
  | Exclude<StageKind, 'activation'>
  | 'activationMix'
  | Step['name']
  | 'members'
  | 'targetScaler'
  | 'clamp'
  | 'labels'
  | 'table'
  | ActivationName;

/**
 * Whether a format holds a feature.
 *
 * - `true`: in float32 and in float64, exactly.
 * - `'float32'`: in float32 alone.
 * - `'training'`: it acts in training alone and is left out, since the format is for predictions.
 * - `{ no }`: not at all; the text says what to do instead, as in "apply the scaler before X".
 */
export type Rule = true | 'float32' | 'training' | { readonly no: string };

/** The rule of formats that know no members. */
export const oneMember: Rule = { no: 'keep one, as in net.keepMembers([0]), or export a module' };

/** A file of an export. */
export interface ExportedFile {
  /** Its name beside the main file; undefined for the main file, which is the first one. */
  readonly name?: string;
  /** Its bytes, in parts. */
  readonly parts: readonly Uint8Array[];
  /** Whether the main file is complete without it. */
  readonly spare?: true;
}

/** What a reader reads. */
export interface ImportSource {
  /** The name of the main file, for errors; 'bytes' if there is none. */
  readonly file: string;
  /** The main file. They are a copy that nothing changes, at an offset of 0 in their buffer. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /**
   * The bytes of another file in the folder of the main file, or below it.
   * @throws Error ERR_BLASNET_FILE for a name that leads out of the folder, also by links; for a file that cannot be read;
   *   and if there is no folder, since the main file came as bytes
   */
  neighbour(name: string): Promise<Uint8Array<ArrayBuffer>>;
}

/** The options of an export, checked. The chain has the dtype of the file, and so have its arrays. */
export interface WriteOptions extends AsyncOptions {
  /** The main file's name without folder and extension, such as 'model', for the names of other files. */
  readonly name: string;
  /** The format's own options. */
  readonly own: Readonly<Record<string, unknown>>;
}

/** The options of an import, checked. */
export interface ReadOptions extends AsyncOptions {
  /** The format's own options. */
  readonly own: Readonly<Record<string, unknown>>;
}

/** One direction of a format. */
interface Direction<Rules> {
  /** What it holds. */
  readonly rules: Readonly<Record<Feature, Rules>>;
  /** The dtypes of its numbers. */
  readonly dtypes: readonly Dtype[];
  /** The options that only this format has. */
  readonly options: Readonly<Record<string, Constraint>>;
}

export interface Format {
  /** As users write it. */
  readonly name: string;
  /** As people call it. */
  readonly title: string;
  /** The extensions of its main file, with the point, in small letters. */
  readonly extensions: readonly string[];
  /** Whether bytes without a name look like this format's main file. */
  looksLike(bytes: Uint8Array): boolean;
  readonly out?: Direction<Rule> & {
    write(chain: Chain, options: WriteOptions): Promise<readonly ExportedFile[]>;
    /** Writes several models of tables that answer together, if the format can hold such a bag. */
    writeBag?(chains: readonly Chain[], options: WriteOptions): Promise<readonly ExportedFile[]>;
  };
  readonly in?: Direction<boolean> & {
    /**
     * @throws Error ERR_BLASNET_FILE with file, place, layer or node, and rule; RangeError or TypeError for an option
     */
    read(source: ImportSource, options: ReadOptions): Promise<Chain>;
  };
}

/** The features of a chain, each once. */
export function featuresOf(chain: Chain): readonly Feature[] {
  const { before, stages, members, after, clamp, classes, table } = chain;
  const features: Feature[] = [
    ...before.map(({ name }) => name),
    ...stages.flatMap((stage): Feature[] => {
      if (stage.kind !== 'activation') return [stage.kind];
      const { name } = stage.activation;
      return stage.mix === undefined ? [name] : [name, 'activationMix'];
    }),
    ...(members !== undefined ? (['members'] as const) : []),
    ...(after.length > 0 ? (['targetScaler'] as const) : []),
    ...(clamp !== undefined ? (['clamp'] as const) : []),
    ...(classes !== undefined ? (['labels'] as const) : []),
    ...(table !== undefined ? (['table'] as const) : []),
  ];
  return [...new Set(features)];
}

const words: Readonly<Record<Exclude<Feature, ActivationName>, string>> = {
  embed: 'embeddings',
  waves: 'numericEmbeddings',
  noise: 'noise',
  scale: 'inputScale',
  dense: 'dense layers',
  batchNorm: "the normalization 'batch'",
  layerNorm: "the normalization 'layer'",
  dropout: 'dropout',
  add: 'skip',
  activationMix: 'activationMix',
  standardScaler: 'the preprocessing step standardScaler',
  minMaxScaler: 'the preprocessing step minMaxScaler',
  robustScaler: 'the preprocessing step robustScaler',
  imputer: 'the preprocessing step imputer',
  oneHotEncoder: 'the preprocessing step oneHotEncoder',
  members: 'several members',
  targetScaler: 'a targetScaler',
  clamp: 'clamped predictions',
  labels: 'labels',
  table: 'a Classifier or a Regressor',
};

/** How docs and errors call a feature. */
export function nameOf(feature: Feature): string {
  return Object.hasOwn(words, feature) ? words[feature as keyof typeof words] : `the activation ${feature}`;
}

/** Every feature, in the order of the docs. */
export const features: readonly Feature[] = [
  ...(Object.keys(words) as (keyof typeof words)[]),
  ...activationNames,
];

/** The rules of a format, with a rule for each feature. */
export function rulesBy<T>(rule: (feature: Feature) => T): Readonly<Record<Feature, T>> {
  return Object.fromEntries(features.map((feature) => [feature, rule(feature)])) as Record<Feature, T>;
}

/**
 * Throws unless the format holds everything that the chain has.
 * @throws RangeError ERR_BLASNET_ARG_VALUE that names what it lacks and what to do; ERR_BLASNET_UNKNOWN_NAME
 */
export function checkHolds(format: Format, chain: Chain, dtype: Dtype): void {
  const { title, out } = format;
  if (out === undefined) {
    throw blasnetError(
      'ERR_BLASNET_ARG_VALUE',
      `Expected format to be one that can be written, got ${title}`,
    );
  }
  if (!out.dtypes.includes(dtype)) {
    const hint = `pass { dtype: '${out.dtypes[0]}' }`;
    throw blasnetError('ERR_BLASNET_ARG_VALUE', `${title} has no ${dtype}: ${hint}`);
  }
  for (const feature of featuresOf(chain)) {
    const rule = out.rules[feature];
    if (rule === true || rule === 'training') continue;
    if (rule === 'float32') {
      if (dtype === 'float32') continue;
      const hint = "pass { dtype: 'float32' }";
      throw blasnetError('ERR_BLASNET_ARG_VALUE', `${title} has no float64 for ${nameOf(feature)}: ${hint}`);
    }
    throw blasnetError('ERR_BLASNET_ARG_VALUE', `${title} cannot hold ${nameOf(feature)}: ${rule.no}`);
  }
}
