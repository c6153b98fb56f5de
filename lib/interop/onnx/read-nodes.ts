// What single nodes of a graph do, and formulas of several nodes.

import type { FloatArray } from '../../base/matrix';
import { fileError, quote } from '../../formats/file-error';
import type { Stage } from '../chain';
import type { Before } from './deeds';
import { attributeOf, type Constant, decimalOf, type Graph } from './graph';
import { elementTypes } from './graph-writer';
import type { Node } from './model';
import { activationAt, layerNormAt, type Match, wavesAt } from './patterns';
import { type FoundStep, stepAt } from './read-columns';
import { readBeside, readEmbeddings, wavesOf } from './read-embeddings';

/** What gives a value. @throws Error ERR_BLASNET_FILE with node, operator and rule */
export function before(graph: Graph, value: string): Before {
  const activation = activationAt(graph, value);
  const node = graph.producer(value);
  if (node === undefined) {
    throw fileError(graph.file, 'the graph', 'one whose output depends on an input', quote(value));
  }
  if (graph.behind(value) !== node.outputs[0]) {
    throw graph.wrong(node, 'one of whose results the first alone is used', quote(value));
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
  Flatten: readFlatten,
  Reshape: readReshape,
  Cast: readCast,
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

/** A constant operand with a number for each column, or one for all. */
function rowOperand(graph: Graph, node: Node, index: number, what: string): FloatArray {
  const { data, dims } = operand(graph, node, index, what);
  checkVector(graph, node, dims);
  return data;
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
  const bias = hasBias ? rowOperand(graph, node, 2, 'biases') : new Float64Array(1);
  // One number is that of all units.
  const b = bias.length === 1 ? new Float64Array(outputs).fill(bias[0] as number) : bias;
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
    // Before version 11 of the operators, limits are attributes.
    const bound = (index: number, name: string) => {
      const attribute = attributeOf(node, name);
      if (typeof attribute === 'number') return Float64Array.of(attribute);
      return node.inputs[index] === undefined || node.inputs[index] === ''
        ? undefined
        : operand(graph, node, index, 'limits').data;
    };
    return { deed: { kind: 'limit', node, low: bound(1, 'min'), high: bound(2, 'max') }, of: left };
  }
  if (node.inputs.length !== 2) throw graph.wrong(node, 'one of two inputs', node.inputs.length);
  const leftIs = graph.isConstant(left);
  const data = rowOperand(graph, node, leftIs ? 0 : 1, 'limits');
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

function readDropout(graph: Graph, node: Node): Before {
  const ratio = node.inputs[1];
  const isStored = ratio !== undefined && ratio !== '';
  // Before version 12 of the operators, it is an attribute.
  const rate = isStored
    ? (operand(graph, node, 1, 'a ratio').data[0] as number)
    : (attributeOf(node, 'ratio') as number);
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

function readReshape(graph: Graph, node: Node): Before {
  const { data } = operand(graph, node, 1, 'sizes');
  const [first, second = 0] = data;
  // A list of answers has one column. The sizes 0 and -1 say no number.
  const columns = data.length === 1 && first === -1 ? 1 : second;
  if (data.length !== 2 && columns !== 1)
    throw graph.wrong(node, 'one to rows and columns', `sizes [${data.join(', ')}]`);
  const deed = { kind: 'cast', node, ...(columns > 0 && { columns }) } as const;
  return { deed, of: node.inputs[0] as string };
}

function readFlatten(graph: Graph, node: Node): Before {
  const axis = attributeOf(node, 'axis');
  if (axis === -1) return { deed: { kind: 'cast', node }, of: node.inputs[0] as string };
  throw graph.wrong(node, 'one to rows and columns', `axis = ${String(axis)}`);
}

// A cast to other types rounds.
function readCast(graph: Graph, node: Node): Before {
  const to = attributeOf(node, 'to');
  if (to !== elementTypes.float32 && to !== elementTypes.float64) {
    throw graph.wrong(node, 'one to float32 or float64', `type ${String(to)} of ONNX`);
  }
  return { deed: { kind: 'cast', node }, of: node.inputs[0] as string };
}
