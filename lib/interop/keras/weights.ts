// The weights of a model of Keras, by the ways in which its files name them.

import { fileError, quote } from '../../formats/file-error';
import type { Hdf5Group } from '../hdf5/group';
import { rolesOf, type WeightArray, type Weights } from './layers';
import type { KerasLayer } from './model';

/** A weight with a name such as dense/kernel, dense/kernel:0 or sequential/dense/kernel. */
export interface NamedWeight {
  readonly name: string;
  /** The layer of the model that has it, if the file says so: for models within the model, that one. */
  readonly owner?: string;
  /** @throws Error ERR_BLASNET_FILE */
  read(): WeightArray;
}

// They are searched for each layer.
const mostWeights = 10_000;

/** Weights with names: those of TensorFlow.js, and of Keras's older files. */
export function namedWeights(weights: Iterable<NamedWeight>, file: string): Weights {
  let count = 0;
  const byRole = new Map<string, { weight: NamedWeight; path: string }[]>();
  const used = new Set<NamedWeight>();
  for (const weight of weights) {
    if (++count > mostWeights) throw fileError(file, 'the weights', `at most ${mostWeights}`, 'more');
    const path = weight.name.replace(/:\d+$/, '');
    const role = path.slice(path.lastIndexOf('/') + 1);
    const list = byRole.get(role);
    if (list === undefined) byRole.set(role, [{ weight, path }]);
    else list.push({ weight, path });
  }
  return {
    of({ name, config }, roles) {
      return roles.map((role) => {
        const all = byRole.get(role) ?? [];
        const end = `${name}/${role}`;
        const exact = all.filter(({ path }) => path === end || path.endsWith(`/${end}`));
        const found = exact.length > 0 ? exact : all.filter(({ weight }) => weight.owner === name);
        const [only] = found;
        if (only !== undefined && found.length === 1) {
          if (used.has(only.weight)) {
            const place = `the weight ${quote(only.weight.name)}`;
            throw fileError(file, place, 'that of one layer', `also that of ${config.place}`);
          }
          used.add(only.weight);
          return only.weight.read();
        }
        const got = found.length === 0 ? 'none' : `${found.length} of this name`;
        throw fileError(file, `the weight ${quote(end)} of ${config.place}`, 'there once', got);
      });
    },
  };
}

/** The weights of Keras's older files, under the layer's name: those that its attribute weight_names lists. */
export function weightsOfLegacy(root: Hdf5Group, file: string): Weights {
  return namedWeights(legacyWeights(root, file), file);
}

function* legacyWeights(root: Hdf5Group, file: string): Generator<NamedWeight> {
  for (const owner of root.names) {
    const group = root.member(owner) as Hdf5Group;
    for (const name of longTexts(group, 'weight_names')) {
      const array = () => group.member(name)?.array();
      const read = () => {
        const found = array();
        if (found !== undefined) return found;
        throw fileError(file, `the weight ${quote(name)} of ${quote(owner)}`, 'present', 'none');
      };
      yield { name, owner, read };
    }
  }
}

// An attribute that would be too long is cut into weight_names0, weight_names1, ...
function longTexts(group: Hdf5Group, name: string): string[] {
  const whole = group.texts(name);
  if (whole !== undefined) return whole;
  const texts: string[] = [];
  for (let i = 0; ; i++) {
    const part = group.texts(`${name}${i}`);
    if (part === undefined) return texts;
    texts.push(...part);
  }
}

/**
 * The weights of a .keras file: vars/0, vars/1, ... of layers/dense, layers/dense_1, ... These names are made of classes,
 * and count the layers of a class.
 */
export function weightsOfArchive(root: Hdf5Group, file: string): Weights {
  const groups = new Map<KerasLayer | undefined, Hdf5Group>([[undefined, root]]);
  const groupOf = (layer: KerasLayer): Hdf5Group => {
    const known = groups.get(layer);
    if (known !== undefined) return known;
    const found = memberFor(layer, layer.parent === undefined ? root : groupOf(layer.parent), file);
    groups.set(layer, found);
    return found;
  };
  return {
    of(layer, roles) {
      if (roles.length === 0) return [];
      const variables = groupOf(layer).member('vars');
      return roles.map((role, i) => {
        const array = variables?.member(String(i))?.array();
        if (array !== undefined) return array;
        throw fileError(file, `the ${role} (variable ${i}) of ${layer.config.place}`, 'present', 'none');
      });
    },
  };
}

// Of the layers of a class that have weights, the file has as many groups with weights, in the same order.
function memberFor(layer: KerasLayer, model: Hdf5Group, file: string): Hdf5Group {
  const { className, siblings, config } = layer;
  const container = model.member('layers') ?? model.member('_layer_checkpoint_dependencies');
  const snake = className
    .replace(/(.)([A-Z][a-z]+)/g, '$1_$2')
    .replace(/([a-z])([A-Z])/g, '$1_$2')
    .toLowerCase();
  const numbers = (container?.names ?? [])
    .flatMap((name) =>
      name === snake ? [0] : name.startsWith(`${snake}_`) ? [Number(name.slice(snake.length + 1))] : [],
    )
    .filter((number) => Number.isSafeInteger(number))
    .sort((a, b) => a - b);
  const groups = numbers
    .map((number) => container?.member(number === 0 ? snake : `${snake}_${number}`) as Hdf5Group)
    .filter(hasArrays);
  const place = siblings
    .filter((other) => other.className === className && hasWeights(other, file))
    .indexOf(layer);
  const found = groups[place];
  if (found !== undefined) return found;
  throw fileError(file, `the weights of ${config.place}`, 'present', 'none');
}

function hasArrays(group: Hdf5Group): boolean {
  if ((group.member('vars')?.names.length ?? 0) > 0) return true;
  return group.names.some((name) => name !== 'vars' && hasArrays(group.member(name) as Hdf5Group));
}

function hasWeights({ inner, ...layer }: KerasLayer, file: string): boolean {
  if (inner !== undefined) return inner.some((each) => hasWeights(each, file));
  return rolesOf({ ...layer, inner }, file).length > 0;
}
