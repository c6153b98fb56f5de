// Files of Keras: .keras, a zip archive with config.json and model.weights.h5, and .h5, which is HDF5.

import { Buffer } from 'node:buffer'; // the global may be missing in a test environment
import { type WorkOptions, workAnywhere } from '../../addon/work';
import { fileError, quote } from '../../formats/file-error';
import { filesIn, firstNameIn } from '../archive';
import type { Chain } from '../chain';
import { type Feature, type Format, type ImportSource, rulesBy } from '../format';
import { isHdf5, openHdf5 } from '../hdf5/group';
import { jsonOf } from '../json-of';
import { isObject } from './fields';
import { chainOfModel, featuresOfLayers } from './model-chain';
import { weightsOfArchive, weightsOfLegacy } from './weights';

const members = ['config.json', 'metadata.json', 'model.weights.h5'];

const read: ReadonlySet<Feature> = new Set(featuresOfLayers);

/** Sequential models, and functional ones whose layers follow each other; Rescaling and Normalization are preprocessing. */
export const keras: Format = {
  name: 'keras',
  title: 'Keras',
  extensions: ['.keras', '.h5', '.hdf5'],
  looksLike: (bytes) => isHdf5(bytes) || members.includes(firstNameIn(bytes) ?? ''),
  in: {
    rules: rulesBy((feature) => read.has(feature)),
    dtypes: ['float64', 'float32'],
    options: {},
    read: (source, options) =>
      isHdf5(source.bytes) ? readLegacy(source, options) : readArchive(source, options),
  },
};

async function readArchive(source: ImportSource, options: WorkOptions): Promise<Chain> {
  const { file } = source;
  const files = await filesIn(source, (name) => members.includes(name));
  const [config, metadata, weights] = members.map((name) => files.get(name));
  if (config === undefined || weights === undefined) {
    const missing = config === undefined ? 'config.json' : 'model.weights.h5';
    throw fileError(file, `the file ${missing} in the archive`, 'present, as in a model of Keras', 'none');
  }
  const json = (bytes: Uint8Array, name: string) => workAnywhere(jsonOf(bytes, name, file), options);
  const about = metadata === undefined ? undefined : await json(metadata, 'metadata.json');
  const version = versionOf(isObject(about) ? about.keras_version : undefined, file);
  const root = openHdf5(weights, `model.weights.h5 of ${file}`);
  return chainOfModel(await json(config, 'config.json'), version, weightsOfArchive(root, file), file);
}

async function readLegacy({ bytes, file }: ImportSource, options: WorkOptions): Promise<Chain> {
  const root = openHdf5(bytes, file);
  const [text] = root.texts('model_config') ?? [];
  const weights = root.member('model_weights');
  if (text === undefined || weights === undefined) {
    const hint = 'a file of weights alone has none: in Keras, model.save writes a whole model';
    throw fileError(file, 'the attribute model_config', 'present', hint);
  }
  const [version] = root.texts('keras_version') ?? [];
  const json = await workAnywhere(jsonOf(Buffer.from(text), 'model_config', file), options);
  return chainOfModel(json, versionOf(version, file), weightsOfLegacy(weights, file), file);
}

/** The first number of a version of Keras. */
export function versionOf(version: unknown, file: string): number {
  const [, first] = (typeof version === 'string' && /^(\d{1,3})\./.exec(version)) || [];
  if (first !== undefined) return Number(first);
  throw fileError(file, 'the version of Keras', 'present, such as 3.8.0', quote(String(version)));
}
