// A network with more inputs, categories and classes, which answers as the old one did where nothing is new.

import type { Matrix } from '../../base/matrix';
import type { Json } from '../../formats/json';
import {
  type Architecture,
  featuresOf,
  type Layer,
  membersOf,
  numericColumns,
} from '../../layers/architecture';
import { Network } from '../../network/network';
import { arraysOf, newMemory, withMemory, withTable } from '../../network/network-file';
import type { NetworkOptions } from '../../network/network-options';
import { contentOf } from '../../network/savable';
import type { GrownInputs, Origin, WaysToGrow } from './grow-inputs';

/** What may change in front of the network's first layer without a change of its answers. */
export function waysToGrow(network: Network): WaysToGrow {
  const [first] = contentOf(network).architecture as [Layer];
  const { numericEmbeddings, members, skip, trainable } = first;
  const takesNumbers = numericEmbeddings === undefined && members === undefined && skip === undefined;
  // A layer that adds its inputs to its outputs has as many inputs as units.
  return { scales: takesNumbers && trainable !== false, width: skip === undefined };
}

/** The logit that a new class begins with, below the mean of the others: it is nearly never chosen. */
const newClassLogit = -3;

/**
 * Makes the grown network.
 *
 * @param classes the number of classes of a single target; undefined for other targets
 * @param options those that depend on the targets
 * @param table what its file says beside the network
 */
export function growNetwork(
  network: Network,
  grown: GrownInputs,
  classes: number | undefined,
  options: NetworkOptions,
  table: Json,
): Network {
  const old = contentOf(network);
  const architecture = grownArchitecture(old.architecture, grown, classes);
  const memory = newMemory(architecture, old.dtype);
  const to = arraysOf(memory);
  const members = membersOf(architecture);
  const outputs = architecture.length;
  for (const [name, target] of Object.entries(to)) {
    const source = old.arrays[name] as Matrix;
    const table = /^E(\d+)$/.exec(name);
    if (table) growTable(source, target, grown.tables[Number(table[1]) - 1] as readonly number[]);
    else if (source.data.length === target.data.length) target.data.set(source.data);
    else if (name === `W${outputs}` && outputs > 1) growOutputs(source, target, members);
    else if (name === `b${outputs}`) growBiases(source, target, members);
  }
  growFirstLayer(old.architecture[0] as Layer, architecture[0] as Layer, old.arrays, to, grown.origins, {
    last: outputs === 1,
    members,
  });
  const copies = {
    ...{ dtype: old.dtype, seed: old.seed, ...options, ...withTable(table) },
    ...(old.preprocessing && { preprocessing: old.preprocessing.copy() }),
    ...(old.targetScaler && { targetScaler: old.targetScaler.copy() }),
  };
  return new Network(architecture, withMemory(copies, memory));
}

function grownArchitecture(
  layers: Architecture,
  { inputs }: GrownInputs,
  classes: number | undefined,
): Architecture {
  return layers.map((layer, i) => ({
    ...layer,
    ...(i === 0 && {
      inputDim: inputs.width,
      ...(inputs.embeddings.length > 0 && { embeddings: inputs.embeddings }),
    }),
    ...(i === layers.length - 1 && classes !== undefined && outputLayer(classes)),
  })) as unknown as Architecture;
}

function outputLayer(classes: number) {
  return classes === 2 ? {} : { outputDim: classes, activation: 'softmax' as const };
}

function growTable({ data, cols }: Matrix, target: Matrix, rows: readonly number[]): void {
  rows.forEach((from, row) => {
    target.data.set(data.subarray(from * cols, (from + 1) * cols), row * cols);
  });
}

// One logit of two classes is the difference of theirs: the first one becomes 0.
function growOutputs(source: Matrix, target: Matrix, members: number): void {
  const { cols } = source;
  const [before, after] = [source.rows / members, target.rows / members];
  const shift = before === 1 ? 1 : 0;
  for (let member = 0; member < members; member++) {
    const from = source.data.subarray(member * before * cols, (member + 1) * before * cols);
    target.data.set(from, (member * after + shift) * cols);
  }
}

function growBiases(source: Matrix, target: Matrix, members: number): void {
  const [before, after] = [source.rows / members, target.rows / members];
  const shift = before === 1 ? 1 : 0;
  for (let member = 0; member < members; member++) {
    const from = source.data.subarray(member * before, (member + 1) * before);
    let sum = 0;
    for (const bias of from) sum += bias;
    const mean = sum / (before + shift);
    const all = target.data.subarray(member * after, (member + 1) * after);
    all.fill(mean + newClassLogit, before + shift);
    all.set(from, shift);
  }
}

// The features of the first layer: embedded numbers, other numbers, tables. Only numbers that are not embedded grow in number.
function growFirstLayer(
  old: Layer,
  next: Layer,
  arrays: Readonly<Record<string, Matrix>>,
  to: Readonly<Record<string, Matrix>>,
  origins: readonly Origin[],
  { last, members }: { readonly last: boolean; readonly members: number },
): void {
  const embedded = numericColumns(next);
  const width = next.numericEmbeddings?.outputDim ?? 1;
  const features: Origin[] = [];
  origins.forEach((origin, input) => {
    const count = input < embedded ? width : 1;
    for (let i = 0; i < count; i++) {
      const from = input < embedded ? input * width + i : (origin.from as number) + embedded * (width - 1);
      features.push({ ...origin, from: origin.from === undefined ? undefined : from });
    }
  });
  const [before, after] = [featuresOf(old), featuresOf(next)];
  const tables = after - features.length;
  for (let i = 0; i < tables; i++) features.push({ from: before - tables + i, factor: 1, offset: 0 });

  const [W, b] = [arrays.W1, arrays.b1] as [Matrix, Matrix];
  const [nextW, nextB] = [to.W1, to.b1] as [Matrix, Matrix];
  const scale = arrays.s1?.data;
  // The rows of a network of one layer may grow, too.
  const oldUnits = last ? W.rows / members : W.rows;
  const units = last ? nextW.rows / members : nextW.rows;
  const shift = last && oldUnits === 1 && units > 1 ? 1 : 0;
  for (let row = 0; row < W.rows; row++) {
    const unit = last ? Math.floor(row / oldUnits) * units + (row % oldUnits) + shift : row;
    let bias = 0;
    features.forEach(({ from, factor, offset }, feature) => {
      if (from === undefined) return;
      const weight = W.data[row * before + from] as number;
      nextW.data[unit * after + feature] = weight * factor;
      bias += weight * offset * (scale?.[from] ?? 1);
    });
    if (bias !== 0) nextB.data[unit] = (b.data[row] as number) + bias;
  }
  growFactors(arrays.s1, to.s1, 1, features);
  growFactors(arrays.R1, to.R1, members, features);
}

// A factor of a new feature is 1. source: (rows, features)
function growFactors(
  source: Matrix | undefined,
  target: Matrix | undefined,
  rows: number,
  features: readonly Origin[],
): void {
  if (source === undefined || target === undefined) return;
  const [before, after] = [source.data.length / rows, features.length];
  for (let row = 0; row < rows; row++) {
    features.forEach(({ from }, feature) => {
      const factor = from === undefined ? 1 : source.data[row * before + from];
      target.data[row * after + feature] = factor as number;
    });
  }
}
