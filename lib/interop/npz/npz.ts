// NumPy's archives of arrays. The article's dictionary of parameters is np.load('params.npz').

import { Buffer } from 'node:buffer'; // the global may be missing in a test environment
import { pinnedWork } from '../../addon/work';
import { argumentError } from '../../base/errors';
import type { Dtype, FloatArray } from '../../base/matrix';
import { fileError, quote } from '../../formats/file-error';
import { activationNames } from '../../layers/activations';
import { filesIn, firstNameIn } from '../archive';
import type { Chain, Stage } from '../chain';
import { type Feature, type Format, type ImportSource, oneMember, type Rule, rulesBy } from '../format';
import { activationStage, activationsOption, givenActivations } from '../given-activations';
import { arraysIn } from '../to-network';
import { dictionaryOf } from './dictionary';
import { type NpyArray, npyNumbers, npyOf, npyOfTexts, npyTexts } from './npy-file';
import { zipOf } from './zip-writer';

const elsewhere = { no: 'export ONNX or a module, which compute it, too' } as const;

// What is not named is refused.
const rules: Partial<Record<Feature, Rule>> = {
  ...Object.fromEntries(activationNames.map((name) => [name, true])),
  members: oneMember,
  embed: true,
  waves: true,
  noise: 'training',
  scale: true,
  dense: true,
  batchNorm: true,
  layerNorm: true,
  dropout: 'training',
  activationMix: true,
  labels: true,
};

const read: ReadonlySet<Feature> = new Set([
  ...(['dense', 'batchNorm', 'layerNorm', 'scale', 'activationMix', 'labels'] as const),
  ...activationNames,
]);

const dtypes: readonly Dtype[] = ['float64', 'float32'];

/** Arrays under the names of `net.parameters` and `net.statistics`, and `classes`, if the network names them. */
export const npz: Format = {
  name: 'npz',
  title: 'NumPy (npz)',
  extensions: ['.npz'],
  looksLike: (bytes) => firstNameIn(bytes)?.endsWith('.npy') === true,
  out: {
    rules: rulesBy((feature) => rules[feature] ?? elsewhere),
    dtypes,
    options: {},
    async write(chain, options) {
      checkEpsilon(chain);
      const arrays = [...dictionaryOf(chain)];
      const entries = arrays.map(([name, { rows, cols, data }]) => ({
        name: `${name}.npy`,
        parts: npyOf(data, [rows, cols]),
      }));
      if (chain.classes !== undefined) entries.push({ name: 'classes.npy', parts: classesOf(chain.classes) });
      return [{ parts: await pinnedWork(zipOf(entries), arraysIn(chain), options) }];
    },
  },
  in: {
    rules: rulesBy((feature) => read.has(feature)),
    dtypes,
    options: { activations: activationsOption },
    read: (source, { own }) => readNpz(source, own.activations),
  },
};

function classesOf(classes: readonly (string | number)[]): Uint8Array[] {
  if (classes.every((name) => typeof name === 'number')) {
    return npyOf(Float64Array.from(classes as readonly number[]), [classes.length]);
  }
  const names = classes.map(String);
  // NumPy fills texts up with zeros.
  const open = names.find((name) => name.endsWith('\0'));
  if (open === undefined) return npyOfTexts(names);
  throw argumentError(
    'ERR_BLASNET_ARG_VALUE',
    'the labels',
    'texts that do not end with \\0, for NumPy (npz)',
    open,
  );
}

const known = /^(?:(?:W|b|gamma|beta|mean|variance|s|a)([1-9]\d{0,3})|classes)\.npy$/;

async function readNpz(source: ImportSource, given: unknown): Promise<Chain> {
  const { file } = source;
  const files = await filesIn(source, () => true);
  let layers = 0;
  for (const name of files.keys()) {
    const [, layer] = known.exec(name) ?? [];
    if (name !== 'classes.npy' && layer === undefined) {
      const rule = 'W1, b1, W2, ..., as in the dictionary of parameters';
      throw fileError(file, 'the names of the arrays', rule, quote(name.replace(/\.npy$/, '')));
    }
    layers = Math.max(layers, Number(layer ?? 0));
  }
  if (layers > files.size) {
    throw fileError(file, 'the arrays', `complete up to those of layer ${layers}`, `${files.size} of them`);
  }
  const reader = new ArrayReader(files, file);
  const activations = layers === 0 ? [] : givenActivations(given, layers, quote(file));
  const stages: Stage[] = [];
  let [inputs, width] = [0, 0];
  for (let n = 1; n <= Math.max(1, layers); n++) {
    const { inputs: columns, stage } = denseOf(reader, n, n === 1 ? undefined : width);
    if (n === 1) inputs = columns;
    width = stage.outputs;
    const factors = reader.vector(`s${n}`, columns);
    if (factors !== undefined) stages.push({ kind: 'scale', factors });
    stages.push(stage, ...normalizationOf(reader, n, width));
    const activation = activations[n - 1];
    const mix = reader.vector(`a${n}`, width);
    if (mix !== undefined && activation !== undefined) stages.push({ kind: 'activation', activation, mix });
    else if (activation !== undefined) stages.push(...activationStage(activation));
  }
  const classes = reader.classes();
  return {
    ...{ inputs, dtype: reader.dtype, before: [], stages, outputs: width, after: [] },
    ...(classes !== undefined && { classes }),
  };
}

function denseOf(reader: ArrayReader, n: number, before: number | undefined) {
  const { shape, data, byColumns } = reader.needed(`W${n}`);
  const [outputs = 0, inputs = 0] = shape;
  if (shape.length !== 2 || (before !== undefined && inputs !== before)) {
    const rule = `(outputs x inputs)${before === undefined ? '' : `, with ${before} inputs`}`;
    throw reader.error(`W${n}`, rule, shape);
  }
  const b = reader.vector(`b${n}`, outputs);
  if (b === undefined) throw fileError(reader.file, `the array b${n}`, 'present', 'none');
  const stage = { kind: 'dense' as const, inputs, outputs, W: data, b };
  return { inputs, stage: byColumns ? { ...stage, transposed: true } : stage };
}

// The file does not have these hyperparameters: they are the defaults of this library and of PyTorch.
const [epsilon, momentum] = [1e-5, 0.1];

function checkEpsilon({ stages }: Chain): void {
  for (const stage of stages) {
    if (!('epsilon' in stage) || stage.epsilon === epsilon) continue;
    const rule = `${epsilon} in all layers, since NumPy (npz) has no place for it`;
    throw argumentError('ERR_BLASNET_ARG_VALUE', "the normalizations' epsilon", rule, stage.epsilon);
  }
}

function normalizationOf(reader: ArrayReader, n: number, units: number): Stage[] {
  const [gamma, beta, mean, variance] = ['gamma', 'beta', 'mean', 'variance'].map((name) =>
    reader.vector(`${name}${n}`, units),
  );
  if (gamma === undefined && beta === undefined && mean === undefined && variance === undefined) return [];
  const isBatch = mean !== undefined || variance !== undefined;
  const all = { gamma, beta, ...(isBatch && { mean, variance }) };
  for (const [name, array] of Object.entries(all)) {
    if (array === undefined) throw fileError(reader.file, `the array ${name}${n}`, 'present', 'none');
  }
  return [{ kind: isBatch ? 'batchNorm' : 'layerNorm', ...all, epsilon, momentum } as Stage];
}

class ArrayReader {
  /** float64 if the file has no array yet. */
  dtype: Dtype = 'float64';
  readonly file: string;
  readonly #files: ReadonlyMap<string, Uint8Array<ArrayBuffer>>;
  #first: string | undefined;

  constructor(files: ReadonlyMap<string, Uint8Array<ArrayBuffer>>, file: string) {
    this.#files = files;
    this.file = file;
  }

  needed(name: string): NpyArray {
    const array = this.#array(name);
    if (array === undefined) throw fileError(this.file, `the array ${name}`, 'present', 'none');
    return array;
  }

  /** A vector, or a matrix of one column. */
  vector(name: string, length: number): FloatArray | undefined {
    const array = this.#array(name);
    if (array === undefined) return undefined;
    const { shape, data } = array;
    const fits = shape[0] === length && (shape.length === 1 || (shape.length === 2 && shape[1] === 1));
    if (!fits) throw this.error(name, `(${length}) or (${length} x 1)`, shape);
    return data;
  }

  classes(): (string | number)[] | undefined {
    const bytes = this.#files.get('classes.npy');
    if (bytes === undefined) return undefined;
    const place = this.#placeOf('classes');
    // The letter of the type: see npyHeader.
    const isNumbers = /'descr': '<f8'/.test(Buffer.from(bytes.subarray(0, 256)).toString('latin1'));
    return isNumbers ? Array.from(npyNumbers(bytes, place).data) : npyTexts(bytes, place);
  }

  error(name: string, rule: string, shape: readonly number[]) {
    return fileError(this.file, `the shape of ${name}`, rule, `(${shape.slice(0, 8).join(' x ')})`);
  }

  #array(name: string): NpyArray | undefined {
    const bytes = this.#files.get(`${name}.npy`);
    if (bytes === undefined) return undefined;
    const array = npyNumbers(bytes, this.#placeOf(name));
    const dtype = array.data instanceof Float64Array ? 'float64' : 'float32';
    this.#first ??= name;
    if (this.#first === name) this.dtype = dtype;
    if (dtype === this.dtype) return array;
    throw fileError(this.file, `the dtype of ${name}`, `${this.dtype}, like that of ${this.#first}`, dtype);
  }

  #placeOf(name: string): string {
    return `${name}.npy of ${this.file}`;
  }
}
