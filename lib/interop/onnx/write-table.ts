// The columns of a table as inputs of a graph, each of its own type, and their encodings as operators: in doubles, as
// native/tables/encoder.h describes them. The inputs of the network are rounded to its dtype once.

import { blasnetError } from '../../base/errors';
import type { Part } from '../../tabular/part';
import type { Chain } from '../chain';
import type { ModelTable } from '../model-table';
import type { GraphWriter, Value } from './graph-writer';
import { answerNames, writeAnswers } from './write-answers';

import { doubles, guard, toDoubles, toDtype } from './write-preprocessing';
import { writeOutputs } from './write-stages';

type Learned = ModelTable['inputs']['columns'][number];

/** What a text stands for besides the places of the categories. */
const unknown = -1;
const missing = -2;

/** A column with its input. */
interface Column {
  readonly learned: Learned;
  /** (rows, 1): texts, or numbers. */
  readonly x: Value;
  readonly isText: boolean;
}

/** Writes a Classifier or a Regressor: an input for each column, and its answers as outputs. */
export function writeTable(graph: GraphWriter, chain: Chain, table: ModelTable): void {
  const outputs = answerNames(table);
  for (const { name } of table.inputs.columns) {
    if (!outputs.includes(name)) continue;
    throw blasnetError(
      'ERR_BLASNET_ARG_VALUE',
      `ONNX cannot hold the column ${JSON.stringify(name)}, which an output is called: train with another name`,
    );
  }
  for (const name of outputs) graph.reserve(name);
  const columns = table.inputs.columns.map((learned): Column => {
    const isText = learned.categories !== undefined;
    return { learned, isText, x: graph.input(learned.name, isText ? 'string' : 'float64', 1) };
  });
  const { numbers, codes } = writeEncodings(graph, columns, table);
  graph.prefix = '';
  writeAnswers(graph, chain, table, writeOutputs(graph, chain, { numbers, codes }));
}

function writeEncodings(graph: GraphWriter, columns: readonly Column[], { inputs }: ModelTable) {
  const guards = columns.map((column) => guardOf(graph, column, inputs.unseen === 'error'));
  const parts = columns.flatMap((column, i) => column.learned.parts.map((part) => ({ part, column, i })));
  const codes = parts
    .filter(({ part }) => part.type === 'code')
    .map(({ part, column, i }) => {
      const places = placesOf(graph, column, part.numbers);
      const checked = guards[i] === undefined ? places : graph.op('Mul', [places, guards[i]]);
      return graph.op('Squeeze', [checked, graph.integers([1])]);
    });
  const isScaled = ({ type }: Part) => type === 'scale' || type === 'smoothClip';
  const numeric = parts.filter(({ part }) => part.type !== 'code');
  const ordered = inputs.numbersFirst
    ? [...numeric.filter(({ part }) => isScaled(part)), ...numeric.filter(({ part }) => !isScaled(part))]
    : numeric;
  const pieces = ordered.map(({ part, column, i }) => {
    graph.prefix = column.learned.name;
    const piece = writePart(graph, part, column);
    return guards[i] === undefined ? piece : graph.op('Mul', [piece, toDoubles(graph, guards[i])]);
  });
  graph.prefix = '';
  const numbers = pieces.length === 0 ? undefined : toDtype(graph, graph.op('Concat', pieces, { axis: 1n }));
  return { numbers, codes };
}

function writePart(graph: GraphWriter, { type, numbers }: Part, column: Column): Value {
  const { op } = graph;
  const { x, isText } = column;
  const [first = 0, second = 0, third = 0] = numbers;
  const one = (name: string, value: number) => doubles(graph, name, [value]);
  switch (type) {
    case 'scale': {
      const [, , , offset, low, high] = numbers;
      let y = scaled(graph, x, numbers);
      if (offset !== undefined) y = op('Add', [y, one('offset', offset)]);
      if (low === undefined || high === undefined) return y;
      return op('Min', [op('Max', [y, one('low', low)]), one('high', high)]);
    }
    case 'smoothClip': {
      // Of a huge number the square overflows. Here it makes no difference any more.
      const above = op('Max', [scaled(graph, x, numbers), one('low', -1e100)]);
      const s = op('Min', [above, one('high', 1e100)]);
      const third = op('Div', [s, one('limit', 3)]);
      const norm = op('Sqrt', [op('Add', [one('one', 1), op('Mul', [third, third])])]);
      return op('Div', [s, norm]);
    }
    case 'place': {
      const code = toDoubles(graph, codesOf(graph, column));
      const place = op('Div', [op('Sub', [code, one('center', first)]), one('scale', second)]);
      return op('Where', [op('Less', [code, one('zero', 0)]), one('fill', third), place]);
    }
    case 'missing':
      return toDoubles(
        graph,
        isText
          ? op('Equal', [codesOf(graph, column), graph.numbers('missing', [missing], [1], 'int64')])
          : op('IsNaN', [x]),
      );
    case 'piecewise':
      return writeBins(graph, filled(graph, x, first), numbers.slice(1));
    case 'oneHot': {
      const width = first + second;
      const all = graph.numbers(
        'places',
        Array.from({ length: width }, (_, i) => i),
        undefined,
        'int64',
      );
      return toDoubles(graph, op('Equal', [placesOf(graph, column, numbers), all]));
    }
    case 'signs': {
      const flag = isText ? flagOf(graph, codesOf(graph, column)) : x;
      const sign = op('Sub', [op('Mul', [flag, one('two', 2)]), one('one', 1)]);
      return op('Where', [op('IsNaN', [flag]), one('zero', 0), sign]);
    }
    case 'cyclic':
      return writeCycle(graph, x, { period: first, offset: second });
    case 'code':
      throw new Error('a code is no input of numbers');
  }
}

// (x - center) / scale, with the first three numbers of a part: center, scale, fill.
function scaled(graph: GraphWriter, x: Value, [center = 0, scale = 1, fill = 0]: readonly number[]): Value {
  const { op } = graph;
  const shifted = op('Sub', [filled(graph, x, fill), doubles(graph, 'center', [center])]);
  return op('Div', [shifted, doubles(graph, 'scale', [scale])]);
}

function filled(graph: GraphWriter, x: Value, fill: number): Value {
  return graph.op('Where', [graph.op('IsNaN', [x]), doubles(graph, 'fill', [fill]), x]);
}

// The share of each bin below x, (rows, bins). The first bin goes on below, and the last one above.
function writeBins(graph: GraphWriter, x: Value, edges: readonly number[]): Value {
  const { op } = graph;
  const lower = edges.slice(0, -1);
  const widths = lower.map((edge, i) => (edges[i + 1] as number) - edge);
  const shares = op('Div', [
    op('Sub', [x, doubles(graph, 'edges', lower)]),
    doubles(graph, 'widths', widths),
  ]);
  const last = lower.length - 1;
  const low = lower.map((_, i) => (i === 0 ? Number.NEGATIVE_INFINITY : 0));
  const high = lower.map((_, i) => (i === last ? Number.POSITIVE_INFINITY : 1));
  return op('Min', [op('Max', [shares, doubles(graph, 'low', low)]), doubles(graph, 'high', high)]);
}

// Sine and cosine of the time within a period; 0 and 0 where it is missing.
function writeCycle(
  graph: GraphWriter,
  x: Value,
  { period, offset }: { period: number; offset: number },
): Value {
  const { op } = graph;
  const one = (value: number) => doubles(graph, 'number', [value]);
  const turns = op('Div', [op('Sub', [x, one(offset)]), one(period)]);
  const angle = op('Mul', [op('Sub', [turns, op('Floor', [turns])]), one(2 * Math.PI)]);
  // Runtimes have Sin in float64, but not Cos.
  const waves = [angle, op('Add', [angle, one(Math.PI / 2)])].map((each) => op('Sin', [each]));
  return op('Where', [op('IsNaN', [x]), one(0), op('Concat', waves, { axis: 1n })]);
}

/** The places of a column's categories, with -1 for unknown and -2 for missing texts: integers (rows, 1). */
function codesOf(graph: GraphWriter, { learned, x }: Column): Value {
  return lookUp(graph, x, learned.categories ?? [], (i) => i, missing, unknown);
}

/** The place of each category among `known`: all from the last one on share it. A gap may have a place of its own. */
function placesOf(
  graph: GraphWriter,
  { learned, x }: Column,
  [known = 0, own = 0]: readonly number[],
): Value {
  const placeOf = (i: number) => Math.min(i, known - 1);
  return lookUp(graph, x, learned.categories ?? [], placeOf, own === 1 ? known : unknown, unknown);
}

// An empty text is a missing one, unless it is a category.
function lookUp(
  graph: GraphWriter,
  x: Value,
  categories: readonly string[],
  numberOf: (i: number) => number,
  ofMissing: number,
  ofOthers: number,
): Value {
  const gap = categories.includes('') ? [] : [''];
  const values = [...categories.keys()].map(numberOf);
  return graph.ml('LabelEncoder', [x], {
    keys_strings: [...categories, ...gap],
    values_int64s: [...values, ...gap.map(() => ofMissing)].map(BigInt),
    default_int64: BigInt(ofOthers),
  });
}

// 0 or 1 of the first two categories, and NaN of all else.
function flagOf(graph: GraphWriter, codes: Value): Value {
  const { op } = graph;
  const flag = toDoubles(graph, codes);
  const one = (value: number) => doubles(graph, 'number', [value]);
  const outside = op('Or', [op('Less', [flag, one(0)]), op('Greater', [flag, one(1)])]);
  return op('Where', [outside, one(Number.NaN), flag]);
}

/** 1 where the text of a column is known or missing (rows, 1). A run with another text fails. */
function guardOf(graph: GraphWriter, { learned, x, isText }: Column, refuses: boolean): Value | undefined {
  if (!isText || !refuses || !learned.parts.some(({ type }) => type !== 'missing')) return undefined;
  graph.prefix = learned.name;
  const index = lookUp(graph, x, learned.categories ?? [], () => 0, 0, 1);
  return guard(graph, index, 'int64');
}
