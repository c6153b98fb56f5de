// Preprocessing as operators, in doubles, as the library itself computes it: the result is rounded to the network's dtype
// once.

import type { Back, Chain, ImputerStep, OneHotStep, ScalerStep, Step } from '../chain';
import { elementTypes, type GraphWriter, type Value } from './graph-writer';

export function toDoubles(graph: GraphWriter, x: Value): Value {
  return graph.op('Cast', [x], { to: BigInt(elementTypes.float64) });
}

export function toDtype(graph: GraphWriter, x: Value): Value {
  return graph.op('Cast', [x], { to: BigInt(elementTypes[graph.dtype]) });
}

/** Writes steps for X (rows, columns), in doubles. */
export function writeSteps(graph: GraphWriter, steps: readonly Step[], X: Value): Value {
  return steps.reduce((x, step, i) => {
    graph.prefix = `preprocessing_${i + 1}`;
    if (step.name === 'imputer') return writeImputer(graph, step, x);
    if (step.name === 'oneHotEncoder') return writeOneHot(graph, step, x);
    return writeScaler(graph, step, x);
  }, X);
}

/** Writes the way back of a targetScaler for outputs (rows, outputs), in doubles. */
export function writeBack(graph: GraphWriter, ways: readonly Back[], outputs: Value): Value {
  graph.prefix = 'targetScaler';
  return ways.reduce((y, { offset, scale, center }) => {
    const shifted = offset.every((value) => value === 0)
      ? y
      : graph.op('Sub', [y, doubles(graph, 'offset', offset)]);
    const scaled = graph.op('Mul', [shifted, doubles(graph, 'scale', scale)]);
    return graph.op('Add', [scaled, doubles(graph, 'center', center)]);
  }, outputs);
}

/** Keeps outputs (rows, outputs) within ranges, in doubles. */
export function writeClamp(graph: GraphWriter, ranges: NonNullable<Chain['clamp']>, outputs: Value): Value {
  const [low, high] = [ranges.map(([least]) => least), ranges.map(([, greatest]) => greatest)];
  const above = graph.op('Max', [outputs, doubles(graph, 'low', low)]);
  return graph.op('Min', [above, doubles(graph, 'high', high)]);
}

export function doubles(graph: GraphWriter, name: string, values: readonly number[]): Value {
  return graph.numbers(name, values, [values.length], 'float64');
}

// Numbers for all columns: those of the step, and for the other columns what changes nothing.
function spread(
  { inputColumns, columns }: { readonly inputColumns: number; readonly columns: readonly number[] },
  values: readonly number[],
  other: number,
): number[] {
  const all = new Array<number>(inputColumns).fill(other);
  for (const [i, column] of columns.entries()) all[column] = values[i] as number;
  return all;
}

function writeScaler(graph: GraphWriter, step: ScalerStep, x: Value): Value {
  const { op } = graph;
  const { center, scale, offset, clip, columns } = step;
  const vector = (name: string, values: readonly number[], other: number) =>
    doubles(graph, name, spread(step, values, other));
  let y = op('Div', [op('Sub', [x, vector('center', center, 0)]), vector('scale', scale, 1)]);
  if (offset !== 0)
    y = op('Add', [
      y,
      vector(
        'offset',
        columns.map(() => offset),
        0,
      ),
    ]);
  if (clip === null) return y;
  const [low, high] = clip;
  y = op('Max', [
    y,
    vector(
      'low',
      columns.map(() => low),
      Number.NEGATIVE_INFINITY,
    ),
  ]);
  return op('Min', [
    y,
    vector(
      'high',
      columns.map(() => high),
      Number.POSITIVE_INFINITY,
    ),
  ]);
}

// A column that is not filled keeps its NaN: what replaces it is NaN.
function writeImputer(graph: GraphWriter, step: ImputerStep, x: Value): Value {
  const { op, integers } = graph;
  const missing = op('IsNaN', [x]);
  const filled = op('Where', [missing, doubles(graph, 'fill', spread(step, step.fill, Number.NaN)), x]);
  if (step.indicators.length === 0) return filled;
  const flags = toDoubles(graph, op('Gather', [missing, integers(step.indicators)], { axis: 1n }));
  return op('Concat', [filled, flags], { axis: 1n });
}

function writeOneHot(graph: GraphWriter, step: OneHotStep, x: Value): Value {
  const { op, integers } = graph;
  const { inputColumns, columns, categories, unknown } = step;
  const take = (from: readonly number[]) => op('Gather', [x, integers(from)], { axis: 1n });
  const pieces: Value[] = [];
  let others: number[] = [];
  const flush = () => {
    if (others.length > 0) pieces.push(take(others));
    others = [];
  };
  for (let column = 0; column < inputColumns; column++) {
    const place = columns.indexOf(column);
    if (place < 0) {
      others.push(column);
      continue;
    }
    flush();
    const known = doubles(graph, 'categories', categories[place] as readonly number[]);
    const places = toDoubles(graph, op('Equal', [take([column]), known]));
    pieces.push(unknown === 'zeros' ? places : refusingUnknown(graph, places));
  }
  flush();
  return pieces.length === 1 ? (pieces[0] as Value) : op('Concat', pieces, { axis: 1n });
}

/**
 * Lets a run fail for a row without a 1. An operator that refuses a value does not exist. But an index that is out of
 * bounds is an error, and its node's name is in the message.
 */
function refusingUnknown(graph: GraphWriter, places: Value): Value {
  const { op, opset, integers } = graph;
  const found =
    opset >= 18 ? op('ReduceMax', [places, integers([1])]) : op('ReduceMax', [places], { axes: [1n] });
  const index = graph.op('Cast', [op('Sub', [doubles(graph, 'one', [1]), found])], {
    to: BigInt(elementTypes.int64),
  });
  return op('Mul', [places, guard(graph, index, 'float64')]);
}

/** 1 for the index 0. Any other index (rows, 1) makes the run fail. */
export function guard(graph: GraphWriter, index: Value, type: 'float64' | 'int64'): Value {
  const { prefix } = graph;
  graph.prefix = `${prefix}/unknown_category`;
  const one = graph.op('Gather', [graph.numbers('one', [1], [1], type), index]);
  graph.prefix = prefix;
  return one;
}
