// The stages of a network as operators.

import type { BatchNormStage, Chain, LayerNormStage, Stage, Waves } from '../chain';
import { formulaOf } from './formulas';
import type { GraphWriter, Value } from './graph-writer';
import { layerNormFormula, wavesFormula } from './layer-formulas';
import { toDoubles, toDtype, writeBack, writeClamp } from './write-preprocessing';

/** The inputs of a network in a graph. */
export interface GraphInputs {
  /** (rows, columns) in the network's dtype; undefined if the network takes categories alone. */
  readonly numbers: Value | undefined;
  /** For each table of embeddings, the codes (rows). -1 is the last row of the table, as in this library. */
  readonly codes: readonly Value[];
}

/** The network's outputs in the units of the targets (rows, outputs). */
export function writeOutputs(graph: GraphWriter, chain: Chain, inputs: GraphInputs): Value {
  const { after, clamp } = chain;
  const outputs = writeStages(graph, chain, inputs);
  if (after.length === 0 && clamp === undefined) return outputs;
  const back = writeBack(graph, after, toDoubles(graph, outputs));
  const result = toDtype(graph, clamp === undefined ? back : writeClamp(graph, clamp, back));
  graph.prefix = '';
  return result;
}

function writeStages(graph: GraphWriter, { stages }: Chain, inputs: GraphInputs): Value {
  // What each stage gave, for those that are added later.
  const values: Value[] = [];
  let value = inputs.numbers as Value;
  let layer = 1;
  for (const stage of stages) {
    graph.prefix = `layer_${layer}`;
    values.push(value);
    value = writeStage(graph, stage, value, values, inputs, layer);
    if (stage.kind === 'dense') layer++;
  }
  graph.prefix = '';
  return value;
}

function writeStage(
  graph: GraphWriter,
  stage: Stage,
  x: Value,
  values: readonly Value[],
  inputs: GraphInputs,
  layer: number,
): Value {
  const { op } = graph;
  switch (stage.kind) {
    case 'embed': {
      const rows = stage.tables.map(({ rows, cols, data }, i) =>
        op('Gather', [graph.tensor(`E${i + 1}`, data, [rows, cols]), inputs.codes[i] as Value]),
      );
      const parts = inputs.numbers === undefined ? rows : [x, ...rows];
      return parts.length === 1 ? (parts[0] as Value) : op('Concat', parts, { axis: 1n });
    }
    case 'waves':
      return writeWaves(graph, stage.waves, x);
    case 'noise':
      return x;
    case 'scale':
      return op('Mul', [x, graph.tensor(`s${layer}`, stage.factors, [stage.factors.length])]);
    case 'dense': {
      const W = graph.tensor(`W${layer}`, stage.W, [stage.outputs, stage.inputs]);
      return op('Gemm', [x, W, graph.tensor(`b${layer}`, stage.b, [stage.outputs])], { transB: 1n });
    }
    case 'batchNorm':
      return writeBatchNorm(graph, stage, x, layer - 1);
    case 'layerNorm':
      return writeLayerNorm(graph, stage, x, layer - 1);
    case 'activation': {
      const { name, alpha } = stage.activation;
      const z = formulaOf(name, graph.dtype)?.(graph, x, alpha) as Value;
      if (stage.mix === undefined) return z;
      const mix = graph.tensor(`a${layer - 1}`, stage.mix, [stage.mix.length]);
      return op('Add', [x, op('Mul', [op('Sub', [z, x]), mix])]);
    }
    case 'dropout':
      return op('Dropout', [x, graph.number(stage.rate)]);
    case 'add':
      return op('Add', [x, values[stage.from] as Value]);
  }
}

function writeBatchNorm(graph: GraphWriter, stage: BatchNormStage, x: Value, layer: number): Value {
  const { gamma, beta, mean, variance } = stage;
  const vector = (name: string, data: typeof gamma) => graph.tensor(`${name}${layer}`, data, [data.length]);
  // The attribute has 32 bits. In float64, the variance makes up for what it lacks.
  const epsilon = Math.fround(stage.epsilon);
  const exact =
    variance instanceof Float64Array ? variance.map((value) => value + (stage.epsilon - epsilon)) : variance;
  const inputs = [
    x,
    vector('gamma', gamma),
    vector('beta', beta),
    vector('mean', mean),
    vector('variance', exact),
  ];
  return graph.op('BatchNormalization', inputs, { epsilon: stage.epsilon, momentum: 1 - stage.momentum });
}

function writeLayerNorm(graph: GraphWriter, stage: LayerNormStage, x: Value, layer: number): Value {
  const { op } = graph;
  const { gamma, beta, epsilon } = stage;
  const scale = graph.tensor(`gamma${layer}`, gamma, [gamma.length]);
  const bias = graph.tensor(`beta${layer}`, beta, [beta.length]);
  if (graph.dtype === 'float32' && graph.opset >= 17) {
    return op('LayerNormalization', [x, scale, bias], { axis: -1n, epsilon });
  }
  return layerNormFormula(graph, x, { scale, bias, epsilon: graph.number(epsilon) });
}

function writeWaves(graph: GraphWriter, waves: Waves, x: Value): Value {
  const { op, integers } = graph;
  const { name, columns, frequencies, outputs, F, P, V, c } = waves;
  const linear = name === 'pbld' ? outputs - 1 : outputs;
  const cut = (from: number, to: number) => op('Slice', [x, integers([from]), integers([to]), integers([1])]);
  const end = 2 ** 31 - 1;
  const parameters = {
    F: graph.tensor('F1', F.data, [columns, frequencies, 1]),
    P: P && graph.tensor('P1', P.data, [columns, frequencies, 1]),
    V: graph.tensor('V1', V.data, [columns, linear, V.cols]),
    c: graph.tensor('c1', c, [columns, linear, 1]),
  };
  const features = wavesFormula(graph, cut(0, columns), parameters, columns * outputs);
  return op('Concat', [features, cut(columns, end)], { axis: 1n });
}
