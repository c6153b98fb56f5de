// Missing numbers and categories in a graph, as steps of preprocessing.

import type { ImputerStep, OneHotStep, Step } from '../chain';
import { attributeOf, type Graph } from './graph';
import type { Node } from './model';

/** A step of preprocessing in a graph, and the value that it is of. */
export interface FoundStep {
  readonly of: string;
  /** @param columns how many columns the value has */
  make(columns: number): Step;
}

/** The step that gives a value; undefined if it is none of these. */
export function stepAt(graph: Graph, value: string): FoundStep | undefined {
  const node = graph.producer(value);
  if (node === undefined) return undefined;
  return imputerAt(graph, node) ?? indicatorsAt(graph, node) ?? oneHotAt(graph, value, node);
}

function imputerAt(graph: Graph, node: Node): FoundStep | undefined {
  if (node.domain === 'ai.onnx.ml' && node.type === 'Imputer') return foreignImputer(graph, node);
  if (node.type !== 'Where') return undefined;
  const [flag = '', fill = '', x = ''] = node.inputs;
  const test = graph.producer(flag);
  const numbers = graph.isConstant(fill) ? graph.constant(fill) : undefined;
  if (test?.type !== 'IsNaN' || numbers === undefined) return undefined;
  const of = graph.behind(x);
  if (graph.behind(test.inputs[0] as string) !== of) return undefined;
  return { of, make: (columns) => imputerStep(graph, node, columns, numbers.data) };
}

function foreignImputer(graph: Graph, node: Node): FoundStep {
  const fill = attributeOf(node, 'imputed_value_floats') ?? attributeOf(node, 'imputed_value_int64s');
  const replaced = attributeOf(node, 'replaced_value_float') ?? Number.NaN;
  if (!Array.isArray(fill) || !Number.isNaN(replaced)) {
    throw graph.wrong(
      node,
      'an Imputer that replaces NaN by numbers',
      `one that replaces ${String(replaced)}`,
    );
  }
  const of = graph.behind(node.inputs[0] as string);
  return { of, make: (columns) => imputerStep(graph, node, columns, fill as readonly number[]) };
}

// NaN stands for a column that is not filled.
function imputerStep(graph: Graph, node: Node, columns: number, fill: ArrayLike<number>): ImputerStep {
  if (fill.length !== columns && fill.length !== 1) {
    throw graph.wrong(node, `one with a number for each of ${columns} columns`, `${fill.length} numbers`);
  }
  const all = Array.from({ length: columns }, (_, c) => fill[fill.length === 1 ? 0 : c] as number);
  const filled = [...all.keys()].filter((c) => !Number.isNaN(all[c]));
  return {
    name: 'imputer',
    inputColumns: columns,
    columns: filled,
    fill: filled.map((c) => all[c] as number),
    indicators: [],
  };
}

// What was filled, and beside it where a number was missing.
function indicatorsAt(graph: Graph, node: Node): FoundStep | undefined {
  if (!isBesides(node) || node.inputs.length !== 2) return undefined;
  const [filled = '', flags = ''] = node.inputs;
  const where = graph.producer(filled);
  const imputer = where && imputerAt(graph, where);
  const gather = graph.producer(behindCasts(graph, flags));
  if (imputer === undefined || gather === undefined) return undefined;
  const taken = takenAt(graph, gather);
  const test = taken && graph.producer(taken.of);
  if (test?.type !== 'IsNaN' || graph.behind(test.inputs[0] as string) !== imputer.of) return undefined;
  return {
    of: imputer.of,
    make: (columns) => ({
      ...(imputer.make(columns) as ImputerStep),
      indicators: (taken as Taken).columns,
    }),
  };
}

interface Taken {
  readonly of: string;
  readonly columns: readonly number[];
}

type Piece = Taken & { readonly categories?: readonly number[]; readonly unknown?: OneHotStep['unknown'] };

function oneHotAt(graph: Graph, value: string, node: Node): FoundStep | undefined {
  const values = isBesides(node) ? node.inputs : [value];
  const pieces: Piece[] = [];
  for (const each of values) {
    const piece = pieceAt(graph, each);
    if (piece === undefined) return undefined;
    pieces.push(piece);
  }
  const [first] = pieces as [Piece];
  if (pieces.every(({ categories }) => categories === undefined)) return undefined;
  const unknown = pieces.find((piece) => piece.unknown !== undefined)?.unknown ?? 'zeros';
  const mixed = pieces.some((piece) => piece.unknown !== undefined && piece.unknown !== unknown);
  if (mixed || pieces.some(({ of }) => of !== first.of)) {
    throw graph.wrong(node, 'one that puts columns of one value side by side', 'another one');
  }
  return { of: first.of, make: (columns) => oneHotStep(graph, node, columns, pieces, unknown) };
}

function oneHotStep(
  graph: Graph,
  node: Node,
  columns: number,
  pieces: readonly Piece[],
  unknown: OneHotStep['unknown'],
): OneHotStep {
  const order = pieces.flatMap((piece) => piece.columns);
  if (order.length !== columns || order.some((column, i) => column !== i)) {
    const rule = `one with the ${columns} columns in their order`;
    throw graph.wrong(node, rule, `the columns ${order.slice(0, 20).join(', ')}`);
  }
  const encoded = pieces.filter(({ categories }) => categories !== undefined);
  return {
    name: 'oneHotEncoder',
    inputColumns: columns,
    columns: encoded.map((piece) => piece.columns[0] as number),
    categories: encoded.map(({ categories }) => categories as readonly number[]),
    unknown,
  };
}

function pieceAt(graph: Graph, value: string): Piece | undefined {
  const own = behindCasts(graph, value);
  const node = graph.producer(own);
  if (node === undefined) return undefined;
  if (node.type === 'Mul') {
    // What lets a run fail for unknown categories: see write-preprocessing.ts.
    const guard = graph.producer(node.inputs[1] as string);
    const isGuard = guard?.type === 'Gather' && graph.sizeOf(guard.inputs[0] as string) === 1;
    const piece = isGuard ? pieceAt(graph, node.inputs[0] as string) : undefined;
    return piece?.categories && { ...piece, unknown: 'error' };
  }
  if (node.domain === 'ai.onnx.ml' && node.type === 'OneHotEncoder') return foreignOneHot(graph, node);
  if (node.type !== 'Equal') return takenAt(graph, node);
  const [x = '', known = ''] = node.inputs;
  const taken = takenOf(graph, x);
  const categories = graph.isConstant(known) ? graph.constant(known) : undefined;
  if (taken?.columns.length !== 1 || categories === undefined) return undefined;
  return { ...taken, categories: Array.from(categories.data), unknown: 'zeros' };
}

function foreignOneHot(graph: Graph, node: Node): Piece {
  const categories = attributeOf(node, 'cats_int64s');
  const taken = takenOf(graph, node.inputs[0] as string);
  if (!Array.isArray(categories) || taken?.columns.length !== 1) {
    throw graph.wrong(
      node,
      'an encoder of one column of whole numbers',
      'one of texts or of several columns',
    );
  }
  const sorted = [...(categories as readonly number[])].sort((a, b) => a - b);
  if (sorted.join() !== categories.join()) {
    throw graph.wrong(node, 'an encoder of ascending numbers', categories.slice(0, 20).join(', '));
  }
  return { ...taken, categories: sorted, unknown: attributeOf(node, 'zeros') === 0 ? 'error' : 'zeros' };
}

function takenOf(graph: Graph, value: string): Taken | undefined {
  const node = graph.producer(behindCasts(graph, value));
  return node && takenAt(graph, node);
}

/** Columns that are taken out of a value. */
function takenAt(graph: Graph, node: Node): Taken | undefined {
  const gathers = node.domain === '' && node.type === 'Gather' && attributeOf(node, 'axis') === -1;
  const extracts = node.domain === 'ai.onnx.ml' && node.type === 'ArrayFeatureExtractor';
  const [x = '', index = ''] = node.inputs;
  if ((!gathers && !extracts) || graph.isConstant(x) || !graph.isConstant(index)) return undefined;
  return { of: graph.behind(x), columns: Array.from(graph.constant(index)?.data ?? []) };
}

// Programs write one or two in a row.
const mostCasts = 8;

/** The value behind a few nodes that only change its type or its form. */
export function behindCasts(graph: Graph, value: string): string {
  let name = graph.behind(value);
  for (let i = 0; i < mostCasts; i++) {
    const node = graph.producer(name);
    const shown = node?.domain === '' && ['Cast', 'Reshape', 'Flatten', 'Squeeze'].includes(node.type);
    if (node === undefined || !shown) return name;
    name = graph.behind(node.inputs[0] as string);
  }
  return name;
}

/** Whether a node puts values side by side. */
export function isBesides(node: Node): boolean {
  const axis = attributeOf(node, 'axis');
  return node.domain === '' && node.type === 'Concat' && (axis === 1 || axis === -1);
}
