// From the tensors of a state_dict to stages.

import { argumentError } from '../../base/errors';
import { allocate, type Dtype, type FloatArray } from '../../base/matrix';
import type { Constraint } from '../../base/validate';
import { fileError, quote } from '../../formats/file-error';
import { abbreviate, type Tensor } from '../../formats/safetensors';
import type { Stage } from '../chain';
import { activationStage, givenActivations } from '../given-activations';
import { type ModuleKind, moduleOf } from './modules';

/** The option `modules`. */
export const modulesOption: Constraint = {
  rule: "an array of the modules' names, such as 'fc1', in their order",
  accepts: Array.isArray,
  holds: (values: unknown[]) => values.every((value) => typeof value === 'string'),
  optional: true,
};

/** What a file says, and what the options say about it. */
interface State {
  readonly file: string;
  readonly tensors: readonly Tensor[];
  /** The modules of the metadata, as `modulesOf` writes them, if the file has any. */
  readonly modules: unknown;
  /** The option `activations`. */
  readonly activations: unknown;
  /** The option `modules`. */
  readonly order: readonly string[] | undefined;
}

/** A module of the file that has tensors: by the last part of their names. */
interface Module {
  readonly name: string;
  readonly tensors: ReadonlyMap<string, Tensor>;
}

const leaves = ['weight', 'bias', 'running_mean', 'running_var', 'num_batches_tracked'];

/**
 * The stages of a network from its tensors. The order comes from the metadata of an export of this library, from the
 * option `modules`, or from the numbers in the names.
 *
 * @throws Error ERR_BLASNET_FILE that names the tensor; RangeError for activations that do not fit
 */
export function stagesOfState(state: State): { stages: Stage[]; dtype: Dtype } {
  const found = modulesIn(state);
  const reader = new StateReader(state.file, found);
  const isOwn = Array.isArray(state.modules) && state.activations === undefined && state.order === undefined;
  const stages = isOwn ? statedStages(state, reader) : namedStages(state, reader);
  return { stages, dtype: reader.dtype };
}

function modulesIn({ tensors, file }: State): Map<string, Module> {
  const modules = new Map<string, { name: string; tensors: Map<string, Tensor> }>();
  for (const tensor of tensors) {
    const [, name = '', leaf = tensor.name] = /^(?:(.*)\.)?([^.]*)$/s.exec(tensor.name) ?? [];
    if (!leaves.includes(leaf)) {
      throw fileError(file, `the end of ${quote(tensor.name)}`, `one of ${leaves.join(', ')}`, quote(leaf));
    }
    const module = modules.get(name) ?? { name, tensors: new Map() };
    module.tensors.set(leaf, tensor);
    modules.set(name, module);
  }
  if (modules.size === 0) throw fileError(file, 'the tensors', 'those of a network', 'none');
  return modules;
}

// The file says what each module is.
function statedStages({ modules, file }: State, reader: StateReader): Stage[] {
  const stages: Stage[] = [];
  for (const [i, text] of (modules as readonly unknown[]).entries()) {
    const kind = typeof text === 'string' ? moduleOf(text) : undefined;
    if (kind === undefined) {
      const rule = 'one that export writes';
      throw fileError(file, `modules[${i}] of the metadata`, rule, quote(String(text)));
    }
    stages.push(...reader.stage(String(i), kind));
  }
  reader.checkAllRead();
  return stages;
}

// PyTorch's own default for hyperparameters that are not in the file.
const [epsilon, momentum] = [1e-5, 0.1];

function namedStages(state: State, reader: StateReader): Stage[] {
  const names = orderOf(state, reader);
  const kinds = names.map((name) => reader.kindOf(name));
  const layers = kinds.filter(({ kind }) => kind === 'dense').length;
  const activations = givenActivations(state.activations, layers, quote(state.file));
  const stages: Stage[] = [];
  // The activation of the last layer, as long as its place is not known.
  let waiting: Stage[] = [];
  let before = '';
  for (const [i, name] of names.entries()) {
    const kind = kinds[i] as ModuleKind;
    // A module without tensors, such as an activation, has a number, too.
    if (kind.kind === 'dense' || isGap(before, name)) {
      stages.push(...waiting);
      waiting = [];
    }
    stages.push(...reader.stage(name, kind));
    if (kind.kind === 'dense') {
      const activation = activations.shift();
      if (activation !== undefined) waiting = activationStage(activation);
      before = name;
    }
  }
  reader.checkAllRead();
  return [...stages, ...waiting];
}

/** Whether a module of the same list stands between two: whether 1 is missing, as between net.0 and net.2. */
function isGap(before: string, name: string): boolean {
  const [, list, number] = /^(.*?)(\d+)$/.exec(before) ?? [];
  const [, otherList, other] = /^(.*?)(\d+)$/.exec(name) ?? [];
  return list !== undefined && list === otherList && Number(other) - Number(number) > 1;
}

function orderOf({ order, file }: State, reader: StateReader): string[] {
  const { names } = reader;
  if (order !== undefined) {
    const unknown = order.find((name, i) => !names.includes(name) || order.indexOf(name) !== i);
    if (unknown !== undefined || order.length !== names.length) {
      const rule = `an array of ${names.slice(0, 20).map(quote).join(', ')}, in their order`;
      throw argumentError('ERR_BLASNET_ARG_VALUE', 'modules', rule, unknown ?? order);
    }
    return [...order];
  }
  const numbers = new Map(names.map((name) => [name, (name.match(/\d+/g) ?? []).map(Number)]));
  const without = names.find((name) => numbers.get(name)?.length === 0);
  if (without !== undefined && names.length > 1) {
    const hint = `${quote(without)}; the option modules says their order, as in { modules: ['fc', 'out'] }`;
    throw fileError(file, "the modules' names", 'names with numbers', hint);
  }
  const rank = (name: string) => (reader.kindOf(name).kind === 'dense' ? 0 : 1);
  return [...names].sort(
    (a, b) => compareNumbers(numbers.get(a) as number[], numbers.get(b) as number[]) || rank(a) - rank(b),
  );
}

function compareNumbers(a: readonly number[], b: readonly number[]): number {
  const place = a.findIndex((number, i) => number !== b[i]);
  if (place < 0) return a.length - b.length;
  return (a[place] as number) - (b[place] ?? -1);
}

class StateReader {
  readonly dtype: Dtype;
  readonly #file: string;
  readonly #modules: ReadonlyMap<string, Module>;
  readonly #read = new Set<string>();
  #width: number | undefined;

  constructor(file: string, modules: ReadonlyMap<string, Module>) {
    this.#file = file;
    this.#modules = modules;
    const all = [...modules.values()].flatMap(({ tensors }) => [...tensors.values()]);
    const [first] = all.filter(({ name }) => !name.endsWith('num_batches_tracked'));
    this.dtype = first?.dtype === 'F64' ? 'float64' : 'float32';
  }

  get names(): readonly string[] {
    return [...this.#modules.keys()];
  }

  /** What a module is, by the tensors that it has. */
  kindOf(name: string): ModuleKind {
    const { tensors } = this.#modules.get(name) as Module;
    const rank = tensors.get('weight')?.shape.length;
    if (tensors.has('running_mean')) return { kind: 'batchNorm', epsilon, momentum };
    if (rank === 2) return { kind: 'dense' };
    if (rank === 1) return { kind: 'layerNorm', epsilon };
    const rule = 'one of a Linear (2 dimensions) or of a normalisation (1)';
    throw fileError(
      this.#file,
      `the weight of ${quote(name)}`,
      rule,
      rank === undefined ? 'none' : `${rank}`,
    );
  }

  stage(name: string, kind: ModuleKind): Stage[] {
    if (kind.kind === 'dropout') return [kind];
    if (kind.kind === 'activation') return activationStage(kind.activation);
    this.#read.add(name);
    if (kind.kind === 'dense') return [this.#dense(name)];
    const units = this.#width ?? this.#length(name);
    this.#width = units;
    const gamma = this.#vector(name, 'weight', units) ?? allocate(units, this.dtype).fill(1);
    const beta = this.#vector(name, 'bias', units) ?? allocate(units, this.dtype);
    if (kind.kind === 'layerNorm') return [{ ...kind, gamma, beta }];
    const [mean, variance] = ['running_mean', 'running_var'].map((leaf) => this.#vector(name, leaf, units));
    if (mean !== undefined && variance !== undefined) return [{ ...kind, gamma, beta, mean, variance }];
    throw fileError(this.#file, `running_mean and running_var of ${quote(name)}`, 'present', 'none');
  }

  /** Refuses tensors that belong to nothing. */
  checkAllRead(): void {
    const extra = this.names.find((name) => !this.#read.has(name));
    if (extra === undefined) return;
    throw fileError(this.#file, 'the tensors', 'those of its modules alone', `also those of ${quote(extra)}`);
  }

  #dense(name: string): Stage {
    const { shape, data } = this.#tensor(name, 'weight') ?? this.#missing(name, 'weight');
    const [outputs = 0, inputs = 0] = shape;
    const before = this.#width;
    if (shape.length !== 2 || (before !== undefined && inputs !== before)) {
      const rule = `(outputs x inputs)${before === undefined ? '' : `, with ${before} inputs`}`;
      throw this.#shapeError(name, 'weight', rule, shape);
    }
    this.#width = outputs;
    const b = this.#vector(name, 'bias', outputs) ?? allocate(outputs, this.dtype);
    return { kind: 'dense', inputs, outputs, W: data as FloatArray, b };
  }

  #length(name: string): number {
    const tensors = this.#modules.get(name)?.tensors;
    return (
      (tensors?.get('running_mean') ?? tensors?.get('weight') ?? this.#missing(name, 'weight')).shape[0] ?? 0
    );
  }

  #vector(name: string, leaf: string, length: number): FloatArray | undefined {
    const tensor = this.#tensor(name, leaf);
    if (tensor === undefined) return undefined;
    if (tensor.shape.length === 1 && tensor.shape[0] === length) return tensor.data as FloatArray;
    throw this.#shapeError(name, leaf, `(${length})`, tensor.shape);
  }

  #tensor(name: string, leaf: string): Tensor | undefined {
    const tensor = this.#modules.get(name)?.tensors.get(leaf);
    if (tensor === undefined) return undefined;
    const expected = this.dtype === 'float64' ? 'F64' : 'F32';
    if (tensor.dtype === expected) return tensor;
    const rule =
      tensor.dtype === 'F32' || tensor.dtype === 'F64'
        ? `${expected}, as in the other tensors`
        : 'F32 or F64; in PyTorch, module.float() makes it so';
    throw fileError(this.#file, `the dtype of ${quote(tensor.name)}`, rule, tensor.dtype);
  }

  #missing(name: string, leaf: string): never {
    throw fileError(this.#file, `the tensor ${quote(`${name}.${leaf}`)}`, 'present', 'none');
  }

  #shapeError(name: string, leaf: string, rule: string, shape: readonly number[]) {
    const place = `the shape of ${quote(name === '' ? leaf : `${name}.${leaf}`)}`;
    return fileError(this.#file, place, rule, `(${abbreviate(shape)})`);
  }
}
