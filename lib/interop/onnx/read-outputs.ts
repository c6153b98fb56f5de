// Which output of a graph is that of the network, and which names its classes have.

import { fileError, quote } from '../../formats/file-error';
import type { Graph } from './graph';
import { elementTypes } from './graph-writer';
import type { Node, ValueInfo } from './model';
import { behindCasts, isBesides } from './read-columns';

/** The network's outputs in a graph. */
export interface FoundOutputs {
  readonly value: string;
  readonly classes: readonly (string | number)[] | undefined;
}

/** @throws Error ERR_BLASNET_FILE for a graph with several outputs of numbers */
export function outputsOf(graph: Graph): FoundOutputs {
  const { outputs } = graph.model;
  const isLabel = ({ name, type }: ValueInfo) =>
    type === elementTypes.string ||
    type === elementTypes.int64 ||
    // Names that are numbers, but not whole ones.
    (outputs.length === 2 && namesBehind(graph, name) !== undefined);
  const numbers = outputs.filter((output) => !isLabel(output));
  const [main, other] = numbers;
  if (main === undefined || other !== undefined) {
    const got = numbers.map(({ name }) => quote(name)).join(' and ');
    throw fileError(graph.file, 'the graph', 'one with one output of numbers', got === '' ? 'none' : got);
  }
  const maps = graph.producer(main.name);
  const isMap = maps?.domain === 'ai.onnx.ml' && maps.type === 'ZipMap';
  const value = graph.behind(isMap ? (maps.inputs[0] as string) : main.name);
  const label = outputs.find(isLabel);
  const named = (isMap ? namesOfMap(maps) : undefined) ?? (label && namesBehind(graph, label.name));
  return { value: withoutFirst(graph, value), classes: named };
}

function namesOfMap({ attributes }: Node): readonly (string | number)[] | undefined {
  const names = attributes.get('classlabels_strings') ?? attributes.get('classlabels_int64s');
  return Array.isArray(names) ? (names as readonly (string | number)[]) : undefined;
}

// The label is taken out of a constant of names.
function namesBehind(graph: Graph, label: string): readonly (string | number)[] | undefined {
  const node = graph.producer(behindCasts(graph, label));
  if (node === undefined || !['Gather', 'ArrayFeatureExtractor'].includes(node.type)) return undefined;
  return graph.names(node.inputs[0] as string);
}

// Of two classes, scikit-learn gives both probabilities: 1 - p and p.
function withoutFirst(graph: Graph, value: string): string {
  const node = graph.producer(behindCasts(graph, value));
  if (node === undefined || !isBesides(node) || node.inputs.length !== 2) return value;
  const [first = '', second = ''] = node.inputs.map((input) => behindCasts(graph, input));
  const rest = graph.producer(first);
  if (rest?.type !== 'Sub' || behindCasts(graph, rest.inputs[1] as string) !== second) return value;
  const one = rest.inputs[0] as string;
  return graph.isConstant(one) && graph.constant(one)?.data[0] === 1 ? second : value;
}
