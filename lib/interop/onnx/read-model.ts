// A model of ONNX as a chain.

import type { Chain } from '../chain';
import type { ImportSource } from '../format';
import { chainOf } from './assemble';
import { Graph } from './graph';
import { readModel } from './model';
import { wayTo } from './read-graph';
import { outputsOf } from './read-outputs';

/**
 * Reads a dense network. Nothing in the file is run, and no other file is read but that of its external data.
 * @throws Error ERR_BLASNET_FILE with file, node, operator and rule
 */
export async function readChain(source: ImportSource): Promise<Chain> {
  const graph = new Graph(await readModel(source));
  const outputs = outputsOf(graph);
  return chainOf(graph, wayTo(graph, outputs.value), outputs);
}
