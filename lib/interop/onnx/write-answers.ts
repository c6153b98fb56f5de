// The names of classes, and other answers, as operators and outputs of a graph.

import { activationRow } from '../../layers/activations';
import type { Chain } from '../chain';
import type { ModelTable } from '../model-table';
import { elementTypes, type GraphWriter, type Value } from './graph-writer';
import { doubles, toDoubles, toDtype } from './write-preprocessing';

type Name = string | number | boolean;

/** Writes the label of a network with class names: the class of the largest output, or that of the side of one output. */
export function writeNetworkLabel(graph: GraphWriter, chain: Chain, outputs: Value, name: string): void {
  // As in lib/samples/labels.ts: an output that may be negative decides by its sign.
  const last = chain.stages.at(-1);
  const real = last?.kind !== 'activation' || activationRow(last.activation.name).range === 'real';
  const number = chain.outputs === 1 ? side(graph, outputs, real ? 0 : 0.5) : largest(graph, outputs);
  writeNames(graph, number, chain.classes as readonly Name[], name);
}

/** Writes the answers of a Classifier or a Regressor to outputs whose names are reserved: see `answerNames`. */
export function writeAnswers(graph: GraphWriter, chain: Chain, table: ModelTable, outputs: Value): void {
  const { targets } = table;
  if (targets.kind === 'regressor') {
    writeNumbers(graph, targets, outputs);
    return;
  }
  if (!targets.single) {
    for (const [i, { name, classes }] of targets.columns.entries()) {
      writeNames(graph, side(graph, column(graph, outputs, i), 0.5), classes, name);
    }
    graph.output(outputs, answers.probabilities, graph.dtype, chain.outputs);
    return;
  }
  const { classes } = targets.columns[0] as (typeof targets.columns)[0];
  const binary = chain.outputs === 1;
  writeNames(graph, binary ? side(graph, outputs, 0.5) : largest(graph, outputs), classes, answers.label);
  const both = () => graph.op('Concat', [graph.op('Sub', [graph.number(1), outputs]), outputs], { axis: 1n });
  graph.output(binary ? both() : outputs, answers.probabilities, graph.dtype, classes.length);
}

/** The names of the outputs, where the targets do not give them. */
export const answers = {
  label: 'label',
  probabilities: 'probabilities',
  prediction: 'prediction',
  quantiles: 'quantiles',
  interval: 'interval',
} as const;

/** The names of all outputs of a model. */
export function answerNames({ targets }: ModelTable): readonly string[] {
  if (targets.kind === 'classifier') {
    const labels = targets.single ? [answers.label] : targets.columns.map(({ name }) => name);
    return [...labels, answers.probabilities];
  }
  if (!targets.single) return targets.columns;
  return [
    answers.prediction,
    ...(targets.quantiles === undefined ? [] : [answers.quantiles]),
    ...(targets.intervals === undefined ? [] : [answers.interval]),
  ];
}

type NumberTargets = Extract<ModelTable['targets'], { kind: 'regressor' }>;

function writeNumbers(graph: GraphWriter, targets: NumberTargets, outputs: Value): void {
  const { columns, single, quantiles: levels, intervals } = targets;
  if (!single) {
    for (const [i, name] of columns.entries()) graph.output(column(graph, outputs, i), name, graph.dtype, 1);
    return;
  }
  const sorted = levels === undefined ? outputs : ascending(graph, outputs, levels.length);
  const median = levels === undefined ? sorted : column(graph, sorted, levels.indexOf(0.5));
  graph.output(median, answers.prediction, graph.dtype, 1);
  if (levels !== undefined) graph.output(sorted, answers.quantiles, graph.dtype, levels.length);
  if (intervals === undefined) return;
  const [low, high] = [column(graph, sorted, 0), column(graph, sorted, (levels?.length ?? 1) - 1)];
  graph.output(interval(graph, low, high, intervals.margin), answers.interval, graph.dtype, 2);
}

// A negative margin may turn an interval around: it is then its middle.
function interval(graph: GraphWriter, low: Value, high: Value, margin: number): Value {
  const { op } = graph;
  const [from, to] = [toDoubles(graph, low), toDoubles(graph, high)];
  const by = doubles(graph, 'margin', [margin]);
  const [start, end] = [op('Sub', [from, by]), op('Add', [to, by])];
  const middle = op('Mul', [op('Add', [from, to]), doubles(graph, 'half', [0.5])]);
  const turned = op('Greater', [start, end]);
  const ends = [op('Where', [turned, middle, start]), op('Where', [turned, middle, end])];
  return toDtype(graph, op('Concat', ends, { axis: 1n }));
}

function ascending(graph: GraphWriter, outputs: Value, count: number): Value {
  const [values] = graph.several(
    'TopK',
    [outputs, graph.integers([count])],
    { axis: -1n, largest: 0n, sorted: 1n },
    2,
  );
  return values as Value;
}

/** A column of outputs (rows, 1). */
function column(graph: GraphWriter, outputs: Value, i: number): Value {
  return graph.op('Gather', [outputs, graph.integers([i])], { axis: 1n });
}

// The number of the class (rows): that of the largest output, of equal ones the first.
function largest(graph: GraphWriter, outputs: Value): Value {
  return graph.op('ArgMax', [outputs], { axis: 1n, keepdims: 0n });
}

// The number of the class (rows) from one output (rows, 1).
function side(graph: GraphWriter, output: Value, threshold: number): Value {
  const { op, integers, number } = graph;
  const second = op('Cast', [op('Greater', [output, number(threshold)])], { to: BigInt(elementTypes.int64) });
  return op('Squeeze', [second, integers([1])]);
}

// Strings, or numbers: whole ones as integers. Truth values are bool.
function writeNames(graph: GraphWriter, numbers: Value, classes: readonly Name[], name: string): void {
  const [first] = classes;
  if (typeof first === 'boolean') {
    const table = graph.numbers('classes', classes.map(Number), undefined, 'int64');
    const flag = graph.op('Cast', [graph.op('Gather', [table, numbers])], { to: BigInt(elementTypes.bool) });
    graph.output(flag, name, 'bool');
    return;
  }
  if (typeof first === 'string') {
    graph.output(
      graph.op('Gather', [graph.strings('classes', classes as string[]), numbers]),
      name,
      'string',
    );
    return;
  }
  const type = classes.every((value) => Number.isSafeInteger(value)) ? 'int64' : 'float64';
  const table = graph.numbers('classes', classes as number[], undefined, type);
  graph.output(graph.op('Gather', [table, numbers]), name, type);
}
