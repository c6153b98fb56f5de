// A chain as a model of ONNX.

import { buildInfo } from '../../addon/build-info';
import type { Chain } from '../chain';
import { modelTable } from '../model-table';
import { GraphWriter } from './graph-writer';
import { writeNetworkLabel } from './write-answers';
import { toDoubles, toDtype, writeSteps } from './write-preprocessing';
import { type GraphInputs, writeOutputs } from './write-stages';
import { writeTable } from './write-table';

/** The names of a network's inputs and outputs. */
export const names = { numbers: 'X', categories: 'categories', outputs: 'Y', label: 'label' } as const;

/** The bytes of the model, in parts. The parameters are not copied. */
export function writeModel(chain: Chain, opset: number): readonly Uint8Array[] {
  const graph = new GraphWriter(opset, chain.dtype);
  if (chain.table === undefined) writeNetwork(graph, chain);
  else writeTable(graph, chain, modelTable(chain.table));
  return graph.file(buildInfo().version, {});
}

function writeNetwork(graph: GraphWriter, chain: Chain): void {
  for (const name of [names.outputs, names.label]) graph.reserve(name);
  const outputs = writeOutputs(graph, chain, inputsOf(graph, chain));
  graph.output(outputs, names.outputs, graph.dtype, chain.outputs);
  if (chain.classes !== undefined) writeNetworkLabel(graph, chain, outputs, names.label);
}

function inputsOf(graph: GraphWriter, { inputs, before, stages }: Chain): GraphInputs {
  const [first] = stages;
  const tables = first?.kind === 'embed' ? first.tables.length : 0;
  const X = inputs > 0 ? graph.input(names.numbers, graph.dtype, inputs) : undefined;
  const codes = tables > 0 ? graph.input(names.categories, 'int64', tables) : '';
  const numbers =
    X === undefined || before.length === 0
      ? X
      : toDtype(graph, writeSteps(graph, before, toDoubles(graph, X)));
  graph.prefix = '';
  // (rows) of each table
  const column = (i: number) =>
    graph.op('Gather', [codes, graph.numbers('column', [i], [], 'int64')], { axis: 1n });
  return { numbers, codes: Array.from({ length: tables }, (_, i) => column(i)) };
}
