// A model of ONNX as a chain.

import type { AsyncOptions } from '../../addon/work';
import { fileError } from '../../formats/file-error';
import type { Chain } from '../chain';
import type { ImportSource } from '../format';
import { chainOf } from './assemble';
import { Graph } from './graph';
import { elementTypes } from './graph-writer';
import { type OnnxModel, readModel } from './model';
import { wayTo } from './read-graph';
import { outputsOf } from './read-outputs';

/**
 * Reads a dense network. Nothing in the file is run, and no other file is read but that of its external data.
 * @throws Error ERR_BLASNET_FILE with file, node, operator and rule
 */
export async function readChain(source: ImportSource, options: AsyncOptions): Promise<Chain> {
  const model = await readModel(source, options);
  checkInputs(model);
  const graph = new Graph(model);
  const outputs = outputsOf(graph);
  return chainOf(graph, wayTo(graph, outputs.value), outputs);
}

// A network has numbers, and perhaps codes of categories. Constants may be inputs, too, in older files.
function checkInputs({ file, inputs, tensors }: OnnxModel): void {
  const given = inputs.filter(({ name }) => !tensors.has(name));
  const numbers = given.filter(({ type }) => type !== elementTypes.int64);
  if (numbers.length <= 1 && given.length <= 2) return;
  const hint = 'columns of a table are inputs of a Classifier or a Regressor, which save keeps';
  throw fileError(file, 'the graph', 'one with one input of numbers', `${given.length} inputs; ${hint}`);
}
