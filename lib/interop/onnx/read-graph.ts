// From a graph to what it does, one thing after another: from its output back to its input.

import type { FloatArray } from '../../base/matrix';
import { fileError, quote } from '../../formats/file-error';
import type { Numbers, Stage, Waves } from '../chain';
import { attributeOf, type Constant, decimalOf, type Graph } from './graph';
import type { Node, ValueInfo } from './model';
import { activationAt, layerNormAt, type Match, wavesAt } from './patterns';
import { type FoundStep, isBesides, stepAt } from './read-columns';

/** One thing that a graph does. */
export type Deed = { readonly node: Node } & (
  | { readonly kind: 'stage'; readonly stage: Exclude<Stage, { kind: 'add' }> }
  /** Arithmetic with a number for each column, or one for all. `From` is the constant minus the value. */
  | {
      readonly kind: 'arithmetic';
      readonly by: 'Add' | 'Sub' | 'Mul' | 'Div' | 'From';
      readonly values: FloatArray;
      /** Whether there is a number for each column, even if there is one column. */
      readonly vector: boolean;
    }
  /** Keeps numbers from `low` to `high`. */
  | { readonly kind: 'limit'; readonly low: FloatArray | undefined; readonly high: FloatArray | undefined }
  | { readonly kind: 'step'; readonly step: FoundStep }
  | { readonly kind: 'cast' }
  /** Adds the value that was there after the first `from` deeds. */
  | { readonly kind: 'add'; readonly from: number }
);

export interface Way {
  readonly deeds: readonly Deed[];
  /** The input of numbers; undefined if the network takes categories alone. */
  readonly input: ValueInfo | undefined;
}

/** What a node does, and the value that it does it to; undefined for what only changes the form. */
interface Before {
  readonly deed: Deed | { readonly kind: 'addOf'; readonly node: Node; readonly other: string } | undefined;
  /** undefined: nothing, since the network begins here. */
  readonly of: string | undefined;
}

// Far more than any network needs.
const mostDeeds = 2000;

/** @throws Error ERR_BLASNET_FILE with node, operator and rule */
export function wayTo(graph: Graph, output: string): Way {
  const inputs = new Map(graph.model.inputs.map((input) => [input.name, input]));
  const backwards: (Deed | { kind: 'addOf'; node: Node; other: string })[] = [];
  // By value: how many deeds follow it.
  const places = new Map<string, number>();
  let value: string | undefined = graph.behind(output);
  while (value !== undefined && !(inputs.has(value) && graph.producer(value) === undefined)) {
    places.set(value, backwards.length);
    const { deed, of } = before(graph, value);
    if (deed !== undefined) backwards.push(deed);
    if (places.size > mostDeeds) {
      throw fileError(graph.file, 'the graph', `one of at most ${mostDeeds} operators in a row`, 'more');
    }
    value = of === undefined ? undefined : graph.behind(of);
  }
  if (value !== undefined) places.set(value, backwards.length);
  const deeds = backwards.reverse().map((deed): Deed => {
    if (deed.kind !== 'addOf') return deed;
    const place = places.get(graph.behind(deed.other));
    if (place !== undefined) return { kind: 'add', node: deed.node, from: backwards.length - place };
    const rule = 'one that adds a value that is on the way to its other input';
    throw graph.wrong(deed.node, rule, quote(deed.other));
  });
  return { deeds, input: value === undefined ? undefined : inputs.get(value) };
}

function before(graph: Graph, value: string): Before {
  const activation = activationAt(graph, value);
  const node = graph.producer(value);
  if (node === undefined) {
    throw fileError(graph.file, 'the graph', 'one whose output depends on an input', quote(value));
  }
  const stage = (made: Exclude<Stage, { kind: 'add' }>, of: string | undefined): Before => ({
    deed: { kind: 'stage', node, stage: made },
    of,
  });
  if (activation !== undefined) {
    return stage({ kind: 'activation', activation: activation.activation }, activation.of);
  }
  const mixed = mixAt(graph, node);
  if (mixed !== undefined) return stage(mixed.stage, mixed.of);
  const norm = layerNormAt(graph, value);
  if (norm !== undefined) return stage(layerNormOf(norm), norm.value);
  const step = stepAt(graph, value);
  if (step !== undefined) return { deed: { kind: 'step', node, step }, of: step.of };
  const waves = wavesAt(graph, value);
  if (waves !== undefined) return stage({ kind: 'waves', waves: wavesOf(waves) }, waves.value);
  return (
    readers[`${node.domain === '' ? '' : `${node.domain}.`}${node.type}`]?.(graph, node) ??
    refuse(graph, node)
  );
}

type Reader = (graph: Graph, node: Node) => Before;

const passes: Reader = (_, { inputs }) => ({ deed: undefined, of: inputs[0] as string });

/** By operator: what it does. */
const readers: Readonly<Record<string, Reader>> = {
  Gemm: readGemm,
  MatMul: readMatMul,
  Add: readArithmetic,
  Sub: readArithmetic,
  Mul: readArithmetic,
  Div: readArithmetic,
  Max: readLimit,
  Min: readLimit,
  Clip: readLimit,
  BatchNormalization: readBatchNorm,
  LayerNormalization: readLayerNorm,
  Dropout: readDropout,
  Concat: readBeside,
  Gather: readEmbeddings,
  Flatten: passes,
  Reshape: readReshape,
  Cast: (_, node) => ({ deed: { kind: 'cast', node }, of: node.inputs[0] as string }),
  'ai.onnx.ml.Scaler': readScaler,
};

function refuse(graph: Graph, node: Node): never {
  const known = [...Object.keys(readers), 'the activations of docs/layers.md'].join(', ');
  const quantised = /Quantize|QLinear|Integer$/.test(node.type);
  const hint = quantised ? '; export the model before it is quantised' : '';
  throw graph.wrong(node, `one of a dense network (${known})`, `${node.type}${hint}`);
}

/** A constant operand of a node, as its numbers. */
function operand(graph: Graph, node: Node, index: number, what: string): Constant {
  const value = node.inputs[index];
  const found = value === undefined ? undefined : graph.constant(value);
  if (found !== undefined) return found;
  throw graph.wrong(node, `one with ${what} that are stored in the file`, quote(value ?? ''));
}

function readGemm(graph: Graph, node: Node): Before {
  for (const [name, wanted] of [
    ['alpha', 1],
    ['beta', 1],
    ['transA', 0],
  ] as const) {
    const is = attributeOf(node, name);
    if (is !== wanted) throw graph.wrong(node, `one with ${name} = ${wanted}`, String(is));
  }
  const { outputs, ...dense } = weightsOf(graph, node, attributeOf(node, 'transB') === 1);
  const hasBias = node.inputs[2] !== undefined && node.inputs[2] !== '';
  const bias = hasBias ? operand(graph, node, 2, 'biases').data : new Float64Array(outputs);
  const b =
    bias.length === 1 && outputs > 1
      ? bias.slice().constructor === Float32Array
        ? new Float32Array(outputs).fill(bias[0] as number)
        : new Float64Array(outputs).fill(bias[0] as number)
      : bias;
  if (b.length !== outputs) throw graph.wrong(node, `one with ${outputs} biases`, b.length);
  return { deed: { kind: 'stage', node, stage: { ...dense, outputs, b } }, of: node.inputs[0] as string };
}

function readMatMul(graph: Graph, node: Node): Before {
  const dense = weightsOf(graph, node, false);
  const b = new Float64Array(dense.outputs);
  return { deed: { kind: 'stage', node, stage: { ...dense, b } }, of: node.inputs[0] as string };
}

function weightsOf(graph: Graph, node: Node, outputsFirst: boolean) {
  const weights = operand(graph, node, 1, 'weights');
  if (weights.dims.length !== 2) {
    throw graph.wrong(node, 'one with weights of 2 dimensions', `[${weights.dims.join(', ')}]`);
  }
  const [rows = 0, cols = 0] = weights.dims;
  const [outputs, inputs] = outputsFirst ? [rows, cols] : [cols, rows];
  // The constant itself may be turned.
  const transposed = outputsFirst === weights.transposed;
  return { kind: 'dense', inputs, outputs, W: weights.data, ...(transposed && { transposed }) } as const;
}

function readArithmetic(graph: Graph, node: Node): Before {
  const by = node.type as 'Add' | 'Sub' | 'Mul' | 'Div';
  const [left = '', right = ''] = node.inputs;
  const [leftIs, rightIs] = [graph.isConstant(left), graph.isConstant(right)];
  if (!leftIs && !rightIs) {
    if (by !== 'Add') throw graph.wrong(node, 'one with a constant', `${by} of two values`);
    const deeper = graph.depthOf(left) >= graph.depthOf(right);
    return { deed: { kind: 'addOf', node, other: deeper ? right : left }, of: deeper ? left : right };
  }
  if (leftIs && by === 'Div')
    throw graph.wrong(node, 'one that divides by a constant', 'a constant by a value');
  const { data, dims } = operand(graph, node, leftIs ? 0 : 1, 'numbers');
  checkVector(graph, node, dims);
  const kind = leftIs && by === 'Sub' ? 'From' : by;
  return {
    deed: { kind: 'arithmetic', node, by: kind, values: data, vector: dims.length > 0 },
    of: leftIs ? right : left,
  };
}

// A number for each column: (columns), (1, columns), or one alone.
function checkVector(graph: Graph, node: Node, dims: readonly number[]): void {
  if (dims.slice(0, -1).every((size) => size === 1)) return;
  throw graph.wrong(node, 'one with a number for each column', `numbers of the sizes [${dims.join(', ')}]`);
}

function readLimit(graph: Graph, node: Node): Before {
  const [left = '', right = ''] = node.inputs;
  if (node.type === 'Clip') {
    const bound = (index: number) =>
      node.inputs[index] === undefined || node.inputs[index] === ''
        ? undefined
        : operand(graph, node, index, 'limits').data;
    return { deed: { kind: 'limit', node, low: bound(1), high: bound(2) }, of: left };
  }
  const leftIs = graph.isConstant(left);
  const { data, dims } = operand(graph, node, leftIs ? 0 : 1, 'limits');
  checkVector(graph, node, dims);
  const [low, high] = node.type === 'Max' ? [data, undefined] : [undefined, data];
  return { deed: { kind: 'limit', node, low, high }, of: leftIs ? right : left };
}

function readScaler(graph: Graph, node: Node): Before {
  const numbers = (name: string, usual: number) => {
    const value = attributeOf(node, name) ?? [usual];
    if (Array.isArray(value) && value.every((each) => typeof each === 'number'))
      return Float64Array.from(value);
    throw graph.wrong(node, `one with numbers as ${name}`, String(value));
  };
  const [offset, scale] = [numbers('offset', 0), numbers('scale', 1)];
  const divisor = scale.map((value) => 1 / value);
  const step: FoundStep = {
    of: graph.behind(node.inputs[0] as string),
    make(columns) {
      const all = (values: Float64Array) =>
        Array.from({ length: columns }, (_, c) => values[values.length === 1 ? 0 : c] as number);
      if ([offset, scale].some(({ length }) => length !== 1 && length !== columns)) {
        throw graph.wrong(node, `one for ${columns} columns`, `${offset.length} and ${scale.length} numbers`);
      }
      return {
        name: 'standardScaler',
        inputColumns: columns,
        columns: Array.from({ length: columns }, (_, c) => c),
        center: all(offset),
        scale: all(divisor),
        offset: 0,
        clip: null,
      };
    },
  };
  return { deed: { kind: 'step', node, step }, of: step.of };
}

function readBatchNorm(graph: Graph, node: Node): Before {
  if (attributeOf(node, 'training_mode') === 1) {
    throw graph.wrong(
      node,
      'one for predictions',
      'one with training_mode = 1; export the model in evaluation mode',
    );
  }
  const [gamma, beta, mean, variance] = [1, 2, 3, 4].map((i) => operand(graph, node, i, 'moments').data) as [
    FloatArray,
    FloatArray,
    FloatArray,
    FloatArray,
  ];
  const stored = attributeOf(node, 'epsilon') as number;
  const epsilon = decimalOf(stored);
  const momentum = Math.min(
    1,
    Math.max(0, decimalOf(1 - decimalOf(attributeOf(node, 'momentum') as number))),
  );
  // As write-stages.ts: its variance makes up for the 32 bits of epsilon.
  const own = graph.model.producer === 'blasnet' && variance instanceof Float64Array;
  const restored = own
    ? variance.map((value) => Math.max(0, value - (epsilon - Math.fround(epsilon))))
    : variance;
  const stage = { kind: 'batchNorm', gamma, beta, mean, variance: restored, epsilon, momentum } as const;
  return { deed: { kind: 'stage', node, stage }, of: node.inputs[0] as string };
}

function readLayerNorm(graph: Graph, node: Node): Before {
  const axis = attributeOf(node, 'axis');
  if (axis !== -1) throw graph.wrong(node, 'one over the last axis', `axis = ${String(axis)}`);
  const gamma = operand(graph, node, 1, 'factors').data;
  const hasBias = node.inputs[2] !== undefined && node.inputs[2] !== '';
  const beta = hasBias ? operand(graph, node, 2, 'biases').data : new Float64Array(gamma.length);
  const epsilon = decimalOf(attributeOf(node, 'epsilon') as number);
  const stage = { kind: 'layerNorm', gamma, beta, epsilon } as const;
  return { deed: { kind: 'stage', node, stage }, of: node.inputs[0] as string };
}

function layerNormOf({ constants }: Match): Exclude<Stage, { kind: 'add' }> {
  const data = (name: string) => (constants.get(name) as Constant).data;
  const [stored = 0] = data('epsilon');
  const epsilon = data('epsilon') instanceof Float32Array ? decimalOf(stored) : stored;
  return { kind: 'layerNorm', gamma: data('gamma'), beta: data('beta'), epsilon };
}

function wavesOf({ constants }: Match): Waves {
  const [F, V, c] = ['F', 'V', 'c'].map((name) => constants.get(name) as Constant) as [
    Constant,
    Constant,
    Constant,
  ];
  const P = constants.get('P');
  const [columns = 0, frequencies = 0] = F.dims;
  const [, linear = 0, waves = 0] = V.dims;
  const flat = ({ data }: Constant, rows: number, cols: number): Numbers => ({ rows, cols, data });
  return {
    name: P === undefined ? 'plr' : 'pbld',
    columns,
    frequencies,
    outputs: P === undefined ? linear : linear + 1,
    F: flat(F, columns, frequencies),
    ...(P !== undefined && { P: flat(P, columns, frequencies) }),
    V: flat(V, columns * linear, waves),
    c: c.data,
  };
}

function readDropout(graph: Graph, node: Node): Before {
  const ratio = node.inputs[1];
  const isStored = ratio !== undefined && ratio !== '';
  const rate = isStored ? (operand(graph, node, 1, 'a ratio').data[0] as number) : 0.5;
  if (!(rate > 0 && rate < 1)) return passes(graph, node);
  const stage = { kind: 'dropout', rate: decimalOf(rate) } as const;
  return { deed: { kind: 'stage', node, stage }, of: node.inputs[0] as string };
}

// x + a * (f(x) - x)
function mixAt(graph: Graph, node: Node): { stage: Exclude<Stage, { kind: 'add' }>; of: string } | undefined {
  if (node.domain !== '' || node.type !== 'Add') return undefined;
  const [x = '', scaled = ''] = node.inputs;
  const product = graph.producer(scaled);
  if (product?.type !== 'Mul') return undefined;
  const difference = graph.producer(product.inputs[0] as string);
  const share = product.inputs[1] as string;
  if (difference?.type !== 'Sub' || !graph.isConstant(share)) return undefined;
  const of = graph.behind(x);
  const [active = '', minus = ''] = difference.inputs;
  if (graph.behind(minus) !== of) return undefined;
  const linear = { activation: { name: 'linear', alpha: 0 } as const, of: graph.behind(active) };
  const found = activationAt(graph, active) ?? linear;
  if (found.of !== of) return undefined;
  const mix = (graph.constant(share) as Constant).data;
  return { stage: { kind: 'activation', activation: found.activation, mix }, of };
}

// Numbers and the rows of tables side by side, or embedded numbers and others.
function readBeside(graph: Graph, node: Node): Before {
  if (!isBesides(node)) throw graph.wrong(node, 'one along the columns', 'one along another axis');
  const waves = wavesAt(graph, node.inputs[0] as string);
  if (waves !== undefined && node.inputs.length === 2) {
    const rest = graph.producer(node.inputs[1] as string);
    const first = graph.producer(waves.value);
    const isRest = rest?.type === 'Slice' && first?.type === 'Slice' && rest.inputs[0] === first.inputs[0];
    if (isRest) {
      const stage = { kind: 'waves', waves: wavesOf(waves) } as const;
      return { deed: { kind: 'stage', node, stage }, of: rest.inputs[0] as string };
    }
  }
  const tables = node.inputs
    .map((input) => graph.producer(input))
    .map((each) => each && tableOf(graph, each));
  const begin = tables.findIndex((table) => table !== undefined);
  if (begin < 0 || begin > 1 || tables.slice(begin).includes(undefined)) {
    throw graph.wrong(
      node,
      'one of numbers, categories and embeddings of them',
      `${node.inputs.length} other values`,
    );
  }
  return embedded(graph, node, tables.slice(begin) as Numbers[], begin === 1 ? node.inputs[0] : undefined);
}

function readEmbeddings(graph: Graph, node: Node): Before {
  const table = tableOf(graph, node);
  if (table === undefined) throw graph.wrong(node, 'one that takes rows of a table', 'another one');
  return embedded(graph, node, [table], undefined);
}

function embedded(graph: Graph, node: Node, tables: readonly Numbers[], of: string | undefined): Before {
  const gathers =
    of === undefined && node.type === 'Gather' ? [node] : node.inputs.slice(of === undefined ? 0 : 1);
  for (const [i, each] of gathers.entries()) {
    const gather = typeof each === 'string' ? (graph.producer(each) as Node) : each;
    const code = graph.producer(gather.inputs[1] as string);
    const index =
      code?.type === 'Gather' && attributeOf(code, 'axis') === -1
        ? graph.constant(code.inputs[1] as string)
        : undefined;
    const isInput = code !== undefined && graph.producer(code.inputs[0] as string) === undefined;
    if (isInput && index?.data.length === 1 && index.data[0] === i) continue;
    throw graph.wrong(
      gather,
      `one that takes rows by column ${i} of an input`,
      quote(gather.inputs[1] ?? ''),
    );
  }
  return { deed: { kind: 'stage', node, stage: { kind: 'embed', tables } }, of };
}

// The table that a node takes rows of.
function tableOf(graph: Graph, node: Node): Numbers | undefined {
  const [table = '', index = ''] = node.inputs;
  if (node.domain !== '' || node.type !== 'Gather' || graph.isConstant(index) || !graph.isConstant(table))
    return undefined;
  const { dims, data } = graph.constant(table) as Constant;
  const [rows = 0, cols = 0, ...others] = dims;
  return others.length === 0 && dims.length === 2 && rows > 1 ? { rows, cols, data } : undefined;
}

function readReshape(graph: Graph, node: Node): Before {
  const { data } = operand(graph, node, 1, 'sizes');
  if (data.length === 2 || (data.length === 1 && data[0] === -1)) return passes(graph, node);
  throw graph.wrong(node, 'one to rows and columns', `sizes [${data.join(', ')}]`);
}
