// Embeddings of categories and of numbers in a graph.

import { quote } from '../../formats/file-error';
import type { Numbers, Waves } from '../chain';
import type { Before } from './deeds';
import { attributeOf, type Constant, type Graph } from './graph';
import type { Node } from './model';
import { type Match, wavesAt } from './patterns';
import { isBesides } from './read-columns';

/** The numericEmbeddings that were found. */
export function wavesOf({ constants }: Match): Waves {
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

/** Numbers and the rows of tables side by side, or embedded numbers and others. */
export function readBeside(graph: Graph, node: Node): Before {
  if (!isBesides(node)) throw graph.wrong(node, 'one along the columns', 'one along another axis');
  const waves = wavesAt(graph, node.inputs[0] as string);
  if (waves !== undefined && node.inputs.length === 2) {
    const { columns } = wavesOf(waves);
    const first = cutAt(graph, waves.value);
    const rest = cutAt(graph, node.inputs[1] as string);
    if (first?.of === rest?.of && first?.from === 0 && first.to === columns && rest?.from === columns) {
      return { deed: { kind: 'stage', node, stage: { kind: 'waves', waves: wavesOf(waves) } }, of: rest.of };
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

/** Columns next to each other that are cut out of a value. */
function cutAt(graph: Graph, value: string): { of: string; from: number; to: number } | undefined {
  const node = graph.producer(value);
  if (node === undefined || node.type !== 'Slice' || node.inputs.length !== 4) return undefined;
  const [from, to, axis] = node.inputs.slice(1).map((input) => graph.constant(input)?.data[0]);
  const isAlongColumns = axis === 1 || axis === -1;
  if (from === undefined || to === undefined || !isAlongColumns) return undefined;
  return { of: graph.behind(node.inputs[0] as string), from, to };
}

/** Rows of one table alone. */
export function readEmbeddings(graph: Graph, node: Node): Before {
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
