// From the deeds of a graph to a chain: arithmetic before the first stage becomes preprocessing, that after the last one
// the way back of a targetScaler, and that between them biases, factors or weights.

import type { Dtype, FloatArray } from '../../base/matrix';
import { fileError, quote } from '../../formats/file-error';
import type { Back, Chain, DenseStage, ScalerStep, Stage, Step } from '../chain';
import { mostIdentities } from '../layers-of';
import type { Deed } from './deeds';
import type { Graph } from './graph';
import { elementTypes } from './graph-writer';
import type { Node, ValueInfo } from './model';
import type { Way } from './read-graph';
import type { FoundOutputs } from './read-outputs';

type Arithmetic = Extract<Deed, { kind: 'arithmetic' }>;

/** @throws Error ERR_BLASNET_FILE for sizes that are not known, and for what no network of this library does there */
export function chainOf(graph: Graph, { deeds, input }: Way, { classes }: FoundOutputs): Chain {
  const inputs = input === undefined ? 0 : columnsOf(graph, input);
  if ((input?.dims?.length ?? 0) > 2) checkFlat(graph, deeds);
  const added = new Set(deeds.flatMap((deed) => (deed.kind === 'add' ? [deed.from] : [])));
  const begin = beginOf(deeds, added);
  const before = stepsOf(graph, deeds.slice(0, begin), inputs);
  const width = before.at(-1) === undefined ? inputs : outputColumns(before.at(-1) as Step);
  const end = classes === undefined ? endOf(deeds, added, begin) : deeds.length;
  const middle = new Middle(graph, width);
  const places = new Map<number, number>();
  for (let i = begin; i < end; i++) {
    places.set(i, middle.stages.length);
    middle.take(deeds[i] as Deed, places, added.has(i));
  }
  const outputs = middle.width;
  const after = backOf(graph, deeds.slice(end), outputs);
  checkClasses(graph, classes, outputs);
  return {
    inputs,
    dtype: dtypeOf(middle.stages),
    before,
    stages: middle.stages,
    outputs,
    after,
    ...(classes !== undefined && { classes }),
  };
}

function columnsOf(graph: Graph, { name, dims, type }: ValueInfo): number {
  const place = `the input ${quote(name)}`;
  if (type === elementTypes.string) throw fileError(graph.file, place, 'one of numbers', 'one of texts');
  const [, ...sizes] = dims ?? [];
  const columns = sizes.reduce((product, size) => product * size, 1);
  if (sizes.length > 0 && columns > 0 && Number.isSafeInteger(columns)) return columns;
  throw fileError(graph.file, place, 'one whose columns are known', `the sizes [${dims?.join(', ') ?? ''}]`);
}

// Inputs of several dimensions are one row here, also in front of the node that makes them one.
function checkFlat(graph: Graph, deeds: readonly Deed[]): void {
  for (const deed of deeds) {
    if (deed.kind === 'cast' && deed.node.type !== 'Cast') return;
    if (deed.kind !== 'stage' || deed.stage.kind !== 'activation') continue;
    const { name } = deed.stage.activation;
    if (name === 'softmax' || name === 'logSoftmax') throw graph.wrong(deed.node, 'behind Flatten', name);
  }
}

// What can be preprocessing. Factors alone are those of a layer.
function beginOf(deeds: readonly Deed[], added: ReadonlySet<number>): number {
  let begin = 0;
  while (begin < deeds.length && !added.has(begin)) {
    const deed = deeds[begin] as Deed;
    if (!['arithmetic', 'limit', 'step', 'cast'].includes(deed.kind)) break;
    begin++;
  }
  const [last, previous] = [deeds[begin - 1], deeds[begin - 2]?.kind];
  const factors = last?.kind === 'arithmetic' && last.by === 'Mul' && last.vector;
  const alone = previous === undefined || previous === 'cast' || previous === 'step';
  return factors && alone && !['arithmetic', 'limit'].includes(deeds[begin]?.kind ?? '') ? begin - 1 : begin;
}

// Numbers of a column; others are those of the whole.
interface Scale {
  center: number;
  scale: number;
  offset: number;
  low: number;
  high: number;
}

const nothing = {
  center: 0,
  scale: 1,
  offset: 0,
  low: Number.NEGATIVE_INFINITY,
  high: Number.POSITIVE_INFINITY,
};

function stepsOf(graph: Graph, deeds: readonly Deed[], inputs: number): readonly Step[] {
  const steps: Step[] = [];
  let columns = inputs;
  let scales: Scale[] | undefined;
  const flush = () => {
    if (scales !== undefined) steps.push(...scalersOf(scales));
    scales = undefined;
  };
  // What the parts of a scaler are: each is done once, in this order.
  let done = 0;
  const next = (part: number): Scale[] => {
    if (scales === undefined || done >= part) {
      flush();
      scales = Array.from({ length: columns }, () => ({ ...nothing }));
    }
    done = part;
    return scales;
  };
  for (const deed of deeds) {
    if (deed.kind === 'cast') checkColumns(graph, deed, columns);
    else if (deed.kind === 'step') {
      flush();
      const step = deed.step.make(columns);
      steps.push(step);
      columns = outputColumns(step);
    } else if (deed.kind === 'arithmetic') {
      const numbers = spread(graph, deed, columns);
      addScale(graph, deed, numbers, done, next);
    } else if (deed.kind === 'limit') {
      const all = next(4);
      const [low, high] = [deed.low, deed.high].map(
        (values) => values && spread(graph, { ...deed, values }, columns),
      );
      for (const [c, scale] of all.entries()) {
        scale.low = Math.max(scale.low, low?.[c] ?? nothing.low);
        scale.high = Math.min(scale.high, high?.[c] ?? nothing.high);
      }
      // Both limits are one part.
      done = 3;
    }
  }
  flush();
  const open = steps.find(
    (step) => 'clip' in step && step.clip !== null && !step.clip.every(Number.isFinite),
  );
  if (open === undefined) return steps;
  throw fileError(graph.file, 'the preprocessing', 'kept within two limits or none', 'one limit alone');
}

function addScale(
  graph: Graph,
  { node, by }: Arithmetic,
  numbers: readonly number[],
  done: number,
  next: (part: number) => Scale[],
): void {
  if (by === 'From')
    throw graph.wrong(node, 'one that takes a constant from a value', 'a value from a constant');
  if (by === 'Mul' || by === 'Div') {
    const bad = numbers.find((value) => !(value > 0));
    if (bad !== undefined) throw graph.wrong(node, 'one with factors above 0, before the first layer', bad);
    for (const [c, scale] of next(2).entries()) {
      const number = numbers[c] as number;
      scale.scale = by === 'Div' ? number : 1 / number;
    }
    return;
  }
  const sign = by === 'Add' ? 1 : -1;
  // Before the division it is the centre, and behind it the offset.
  if (by === 'Add' && done === 2)
    for (const [c, scale] of next(3).entries()) scale.offset = numbers[c] as number;
  else for (const [c, scale] of next(1).entries()) scale.center = -sign * (numbers[c] as number) + 0;
}

// One scaler for the columns of each offset and of each pair of limits. Columns that stay as they are have none.
function scalersOf(scales: readonly Scale[]): readonly ScalerStep[] {
  const groups = new Map<string, number[]>();
  for (const [c, { center, scale, offset, low, high }] of scales.entries()) {
    const isNothing = center === 0 && scale === 1 && offset === 0;
    if (isNothing && low === nothing.low && high === nothing.high) continue;
    const key = [offset, low, high].join();
    groups.set(key, [...(groups.get(key) ?? []), c]);
  }
  return [...groups.values()].map((columns) => {
    const own = columns.map((c) => scales[c] as Scale);
    const [{ offset, low, high }] = own as [Scale];
    const clip = low === nothing.low && high === nothing.high ? null : ([low, high] as const);
    return {
      name: offset === 0 && clip === null ? 'standardScaler' : 'minMaxScaler',
      inputColumns: scales.length,
      columns,
      center: own.map(({ center }) => center),
      scale: own.map(({ scale }) => scale),
      offset,
      clip,
    };
  });
}

// Another form would mix the columns of several rows.
function checkColumns(graph: Graph, { node, columns }: Extract<Deed, { kind: 'cast' }>, width: number): void {
  if (columns === undefined || columns === width) return;
  throw graph.wrong(node, `one that keeps ${width} columns`, `${columns} columns`);
}

/** The numbers for each of some columns. */
function spread(
  graph: Graph,
  { node, values }: { readonly node: Node; readonly values: ArrayLike<number> },
  columns: number,
): number[] {
  if (values.length !== 1 && values.length !== columns) {
    throw graph.wrong(node, `one with a number for each of ${columns} columns`, `${values.length} numbers`);
  }
  return Array.from({ length: columns }, (_, c) => values[values.length === 1 ? 0 : c] as number);
}

function outputColumns(step: Step): number {
  if (step.name === 'imputer') return step.inputColumns + step.indicators.length;
  if (step.name !== 'oneHotEncoder') return step.inputColumns;
  return step.categories.reduce((sum, { length }) => sum + length - 1, step.inputColumns);
}

// What undoes the scaling of targets: factors and shifts at the end, behind a cast or a factor.
function endOf(deeds: readonly Deed[], added: ReadonlySet<number>, begin: number): number {
  let end = deeds.length;
  while (end > begin && !added.has(end)) {
    const deed = deeds[end - 1] as Deed;
    const moves = deed.kind === 'arithmetic' && (deed.by === 'Add' || deed.by === 'Sub');
    const scales = deed.kind === 'arithmetic' && deed.by === 'Mul' && deed.values.every((value) => value > 0);
    if (deed.kind !== 'cast' && !moves && !scales) break;
    end--;
  }
  // Shifts right behind a layer are its biases.
  while (end < deeds.length && isShift(deeds[end] as Deed)) end++;
  return end;
}

function isShift(deed: Deed): boolean {
  return deed.kind === 'arithmetic' && (deed.by === 'Add' || deed.by === 'Sub');
}

function backOf(graph: Graph, deeds: readonly Deed[], outputs: number): readonly Back[] {
  const ways: Back[] = [];
  const all = (value: number) => new Array<number>(outputs).fill(value);
  let way: { offset: number[]; scale: number[]; center: number[] } | undefined;
  let done = 0;
  const next = (part: number) => {
    if (way === undefined || done >= part) {
      if (way !== undefined) ways.push(way);
      way = { offset: all(0), scale: all(1), center: all(0) };
    }
    done = part;
    return way;
  };
  for (const deed of deeds) {
    if (deed.kind === 'cast') checkColumns(graph, deed, outputs);
    if (deed.kind !== 'arithmetic') continue;
    const { by, values } = deed;
    const numbers = Array.from({ length: outputs }, (_, c) => values[values.length === 1 ? 0 : c] as number);
    if (by === 'Mul') next(2).scale = numbers;
    else if (by === 'Sub') next(1).offset = numbers;
    else next(3).center = numbers;
  }
  if (way !== undefined) ways.push(way);
  return ways;
}

/** The stages between the preprocessing and the end, with the number of columns that they have given. */
class Middle {
  readonly stages: Stage[] = [];
  readonly #graph: Graph;
  readonly #used = new Set<FloatArray>();
  // The weights that the network has, but the file has not.
  #extra = 0;
  width: number;

  constructor(graph: Graph, width: number) {
    this.#graph = graph;
    this.width = width;
  }

  /** @param fixed whether the value before this deed is added later, so that the stage before it must not change */
  take(deed: Deed, places: ReadonlyMap<number, number>, fixed: boolean): void {
    switch (deed.kind) {
      case 'stage':
        this.#stage(deed);
        return;
      case 'add':
        this.stages.push({ kind: 'add', from: places.get(deed.from) ?? 0 });
        return;
      case 'arithmetic':
        this.#arithmetic(deed, fixed);
        return;
      case 'cast':
        checkColumns(this.#graph, deed, this.width);
        return;
      default: {
        const what = deed.kind === 'limit' ? 'limits' : 'preprocessing';
        throw this.#graph.wrong(
          deed.node,
          'before the first layer, or a part of an activation',
          `${what} behind it`,
        );
      }
    }
  }

  #stage({ node, stage }: Extract<Deed, { kind: 'stage' }>): void {
    const sizes = sizesOf(stage, this.width);
    if (sizes.takes !== undefined && sizes.takes !== this.width) {
      throw this.#graph.wrong(
        node,
        `one for ${this.width} columns, as many as it gets`,
        `one for ${sizes.takes}`,
      );
    }
    this.width = sizes.gives;
    this.stages.push(stage);
    if (stage.kind === 'dense') this.#use(node, stage.W);
    if (stage.kind === 'embed') for (const { data } of stage.tables) this.#use(node, data);
  }

  // Weights that several nodes share become those of several layers.
  #use(node: Node, weights: FloatArray): void {
    if (this.#used.has(weights)) this.#countExtra(node, weights.length);
    this.#used.add(weights);
  }

  #countExtra(node: Node, weights: number): void {
    this.#extra += weights;
    if (this.#extra <= mostIdentities) return;
    const rule = `one in a graph with at most ${mostIdentities} weights more than the file`;
    throw this.#graph.wrong(node, rule, `${weights} more`);
  }

  #arithmetic(deed: Arithmetic, fixed: boolean): void {
    const { by } = deed;
    const numbers = spread(this.#graph, deed, this.width);
    const shift =
      by === 'Add' ? numbers : by === 'Sub' ? numbers.map((value) => -value) : numbers.map(() => 0);
    const factors =
      by === 'Mul' ? numbers : by === 'Div' ? numbers.map((value) => 1 / value) : numbers.map(() => 1);
    const last = this.stages.at(-1);
    if (last?.kind === 'dense' && !fixed && isShift(deed)) {
      this.stages[this.stages.length - 1] = { ...last, b: shifted(last, shift) };
      return;
    }
    if (by === 'Mul' || by === 'Div') {
      this.stages.push({ kind: 'scale', factors: Float64Array.from(factors) });
      return;
    }
    if (by === 'From') this.stages.push({ kind: 'scale', factors: Float64Array.from(numbers, () => -1) });
    const b = Float64Array.from(by === 'From' ? numbers : shift);
    const n = this.width;
    this.#countExtra(deed.node, n * n);
    const W = Float64Array.from({ length: n * n }, (_, i) => Number(i % (n + 1) === 0));
    this.stages.push({ kind: 'dense', inputs: n, outputs: n, W, b });
  }
}

function shifted({ b }: DenseStage, by: readonly number[]): DenseStage['b'] {
  const sums = Float64Array.from(b, (value, i) => value + (by[i] as number));
  return b instanceof Float32Array ? Float32Array.from(sums) : sums;
}

/** How many columns a stage takes, if it says so, and how many it gives. */
function sizesOf(
  stage: Stage,
  width: number,
): { readonly takes: number | undefined; readonly gives: number } {
  switch (stage.kind) {
    case 'dense':
      return { takes: stage.inputs, gives: stage.outputs };
    case 'batchNorm':
    case 'layerNorm':
      return { takes: stage.gamma.length, gives: width };
    case 'activation':
      return { takes: stage.mix?.length, gives: width };
    case 'embed':
      return { takes: undefined, gives: stage.tables.reduce((sum, { cols }) => sum + cols, width) };
    case 'waves':
      return { takes: undefined, gives: width + stage.waves.columns * (stage.waves.outputs - 1) };
    default:
      return { takes: undefined, gives: width };
  }
}

function dtypeOf(stages: readonly Stage[]): Dtype {
  const dense = stages.filter((stage): stage is DenseStage => stage.kind === 'dense');
  return dense.some(({ W }) => W instanceof Float64Array) ? 'float64' : 'float32';
}

function checkClasses(graph: Graph, classes: FoundOutputs['classes'], outputs: number): void {
  const count = Math.max(2, outputs);
  if (classes === undefined || classes.length === count) return;
  throw fileError(graph.file, 'the names of the classes', `${count}, as the outputs tell`, classes.length);
}
