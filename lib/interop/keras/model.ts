// The layers of a model of Keras or TensorFlow.js, from the JSON that describes them, in the order of the computation.

import { fileError, quote } from '../../formats/file-error';
import { Fields, isObject } from './fields';

/** A layer of a model. */
export interface KerasLayer {
  readonly className: string;
  readonly name: string;
  readonly config: Fields;
  /** The other layers of its model, and itself, in the order of the file. */
  readonly siblings: readonly KerasLayer[];
  /** The model that its model is a layer of. */
  readonly parent: KerasLayer | undefined;
  /** The layers of a model that is a layer. */
  readonly inner: readonly KerasLayer[] | undefined;
  /** For Add: the layer whose outputs are added to those of the layer before. */
  readonly other: KerasLayer | undefined;
}

type Building = { -readonly [Key in keyof KerasLayer]: KerasLayer[Key] } & { sources: string[] };

// Far more than networks have. The layers are compared with each other, so their number limits the time.
const mostLayers = 1000;
const deepest = 10;

/**
 * The layers of a model, which follow each other. Models within the model are replaced by their layers.
 *
 * @param json the object with class_name and config
 * @throws Error ERR_BLASNET_FILE that names the layer, for other graphs than lines, with Add, too
 */
export function layersOfModel(json: unknown, file: string): readonly KerasLayer[] {
  return layersIn(new Fields(json, 'the model', file), file, undefined, 0);
}

function layersIn(model: Fields, file: string, parent: KerasLayer | undefined, depth: number): KerasLayer[] {
  if (depth > deepest) throw fileError(file, model.place, `in at most ${deepest} models`, 'more');
  const kind = model.text('class_name');
  const isSequential = kind === 'Sequential';
  if (!isSequential && kind !== 'Functional' && kind !== 'Model') {
    throw model.error('class_name', 'Sequential or Functional', kind);
  }
  // Old versions of Keras have the list itself.
  const given = model.get('config');
  const config = Array.isArray(given) ? undefined : model.fields('config');
  const list = Array.isArray(given) ? given : config?.list('layers');
  if (list !== undefined && list.length > mostLayers) {
    throw fileError(file, `the layers of ${model.place}`, `at most ${mostLayers}`, list.length);
  }
  if (list === undefined || list.length === 0)
    throw fileError(file, `the layers of ${model.place}`, 'present', 'none');
  const siblings: Building[] = [];
  const names = new Map<string, Building>();
  for (const [i, each] of list.entries()) {
    const layer = layerOf(each, i, file, siblings, parent, depth);
    if (names.has(layer.name)) throw fileError(file, 'the names of layers', 'unique', quote(layer.name));
    names.set(layer.name, layer);
    siblings.push(layer);
  }
  const ordered = isSequential ? siblings : inOrder(config as Fields, names, file);
  return ordered.flatMap((layer) => layer.inner ?? [layer]);
}

function layerOf(
  value: unknown,
  index: number,
  file: string,
  siblings: readonly KerasLayer[],
  parent: KerasLayer | undefined,
  depth: number,
): Building {
  const fields = new Fields(value, `layer ${index}`, file);
  const className = fields.text('class_name');
  const isModel = ['Sequential', 'Functional', 'Model'].includes(className);
  const unnamed = isModel && Array.isArray(fields.get('config'));
  const config = unnamed ? fields : new Fields(fields.get('config'), `the config of layer ${index}`, file);
  const own = config.get('name') ?? fields.get('name') ?? `layer ${index}`;
  const name = typeof own === 'string' ? own : config.text('name');
  const placed = unnamed
    ? fields
    : new Fields(fields.get('config'), `layer ${quote(name)} (${className})`, file);
  const layer: Building = {
    ...{ className, name, config: placed, siblings, parent, other: undefined, inner: undefined },
    sources: sourcesOf(fields, name),
  };
  if (isModel) layer.inner = layersIn(fields, file, layer, depth + 1);
  return layer;
}

// The names of the layers that a layer takes its inputs from. Keras 2: [[["dense", 0, 0, {}]]]. Keras 3:
// [{ args: [{ class_name: "__keras_tensor__", config: { keras_history: ["dense", 0, 0] } }], kwargs: {} }].
function sourcesOf(layer: Fields, name: string): string[] {
  const nodes = layer.list('inbound_nodes') ?? [];
  if (nodes.length === 0) return [];
  if (nodes.length > 1)
    throw layer.error('inbound_nodes', 'one use of the layer', `${nodes.length} of ${name}`);
  const found: string[] = [];
  const refuse = () => layer.error('inbound_nodes', 'outputs of other layers', nodes[0]);
  const take = (reference: readonly unknown[]) => {
    const [from, node, tensor, options] = reference;
    if (typeof from !== 'string' || node !== 0 || tensor !== 0 || found.length > 1000) throw refuse();
    checkCall(layer, options);
    found.push(from);
  };
  const collect = (part: unknown, depth: number): void => {
    if (depth > 4) throw refuse();
    if (Array.isArray(part)) {
      if (typeof part[0] === 'string') take(part);
      else for (const each of part) collect(each, depth + 1);
      return;
    }
    const history = isObject(part) && isObject(part.config) ? part.config.keras_history : undefined;
    if (!Array.isArray(history)) throw refuse();
    take(history);
  };
  const [node] = nodes;
  if (!isObject(node)) collect(node, 0);
  else {
    checkCall(layer, node.kwargs);
    collect(node.args, 0);
  }
  return found;
}

// A call may say that a layer acts as in training: for example to drop units in predictions, too.
function checkCall(layer: Fields, options: unknown): void {
  if (!isObject(options)) return;
  for (const [option, value] of Object.entries(options)) {
    if (value !== null && value !== false) {
      throw layer.error('inbound_nodes', 'calls without options', { [option]: value });
    }
  }
}

function inOrder(config: Fields, names: ReadonlyMap<string, Building>, file: string): Building[] {
  const start = endOf(config, 'input_layers', names, file);
  const end = endOf(config, 'output_layers', names, file);
  const users = new Map<string, Building[]>();
  for (const layer of names.values()) {
    for (const source of layer.sources) {
      if (!names.has(source)) throw layer.config.error('inbound_nodes', 'layers of the model', source);
      users.set(source, [...(users.get(source) ?? []), layer]);
    }
  }
  const ordered = [start];
  const done = new Set([start]);
  const isReady = (layer: Building) =>
    !done.has(layer) && layer.sources.every((source) => done.has(names.get(source) as Building));
  for (let last = start; last !== end; ) {
    const next = (users.get(last.name) ?? []).find(isReady);
    if (next === undefined) throw branching(last, file);
    const others = next.sources.filter((source) => source !== last.name);
    if (next.className === 'Add' ? next.sources.length !== 2 : next.sources.length !== 1) {
      throw next.config.error('inbound_nodes', 'one layer, or two for Add', next.sources.join(', '));
    }
    if (next.className === 'Add') next.other = names.get(others[0] ?? last.name) as Building;
    ordered.push(next);
    done.add(next);
    last = next;
  }
  const unused = [...names.values()].find((layer) => !done.has(layer));
  if (unused !== undefined) throw branching(unused, file);
  return ordered;
}

function branching({ name }: KerasLayer, file: string): Error {
  const rule = 'one after another, apart from inputs of Add';
  return fileError(file, 'the layers', rule, `a graph that branches at ${quote(name)}`);
}

// [["input", 0, 0]], or ["input", 0, 0]
function endOf(config: Fields, key: string, names: ReadonlyMap<string, Building>, file: string): Building {
  const list = config.list(key) ?? [];
  const [first] = Array.isArray(list[0]) ? list[0] : list;
  const count = Array.isArray(list[0]) ? list.length : 1;
  const layer = typeof first === 'string' && count === 1 ? names.get(first) : undefined;
  if (layer !== undefined) return layer;
  throw fileError(
    file,
    key,
    'one layer of the model',
    count === 1 ? quote(String(first)) : `${count} layers`,
  );
}
