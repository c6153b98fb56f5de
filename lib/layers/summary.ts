import type { Dtype } from '../base/matrix';
import { type Architecture, activationOf, featuresOf, type Layer, numericColumns } from './architecture';
import type { ParameterFactors } from './parameter-factors';
import { parameterCount, parameterShapes } from './parameters';

/**
 * A table of the layers in plain text: number, shape of W, activation, parameters and other options; and a line with
 * the totals.
 */
export function formatSummary(architecture: Architecture, dtype: Dtype): string {
  const header = ['layer', 'inputs', 'outputs', 'activation', 'parameters', ''];
  const counts = layerCounts(architecture);
  const rows = architecture.map((layer, index) => [
    String(index + 1),
    String(featuresOf(layer)),
    String(layer.outputDim),
    activationOf(layer).name,
    grouped(counts[index] as number),
    extras(layer),
  ]);
  const table = [header, ...rows];
  const widths = header.map((_, column) => Math.max(...table.map((row) => (row[column] as string).length)));
  const lines = table.map((row) =>
    row
      .map((cell, column) =>
        column === 3 || column === 5
          ? cell.padEnd(widths[column] as number)
          : cell.padStart(widths[column] as number),
      )
      .join('  ')
      .trimEnd(),
  );
  const count = parameterCount(architecture);
  const bytes = count * (dtype === 'float64' ? 8 : 4);
  const longest = Math.max(...lines.map(({ length }) => length));
  const total = `${grouped(count)} parameters, ${dtype}, ${formatBytes(bytes)}`;
  return [lines[0], '-'.repeat(longest), ...lines.slice(1), total].join('\n');
}

// The number of parameters of each layer. The first one has what comes before it.
function layerCounts(architecture: Architecture): number[] {
  const counts = architecture.map(() => 0);
  for (const { name, rows, cols } of parameterShapes(architecture)) {
    const place = name.startsWith('E') ? 0 : Number(name.replace(/^\D+/, '')) - 1;
    counts[place] = (counts[place] as number) + rows * cols;
  }
  return counts;
}

/** One line: `2-25-1 (relu, sigmoid), 101 parameters, float64`. */
export function formatLine(architecture: Architecture, dtype: Dtype): string {
  const first = featuresOf(architecture[0] as Layer);
  return `${formatSizes(first, architecture)}, ${grouped(parameterCount(architecture))} parameters, ${dtype}`;
}

/** The line of a network whose inputDim is not known: `?-25-1 (relu, sigmoid), inputDim is inferred by fit, float64`. */
export function formatOutline(architecture: Architecture, dtype: Dtype): string {
  return `${formatSizes('?', architecture)}, inputDim is inferred by fit, ${dtype}`;
}

function formatSizes(first: number | string, architecture: Architecture): string {
  const sizes = [first, ...architecture.map(({ outputDim }) => outputDim)];
  return `${sizes.join('-')} (${architecture.map((layer) => activationOf(layer).name).join(', ')})`;
}

// For example: batch norm, dropout 0.5, frozen.
function extras(layer: Layer): string {
  const { name, embeddings = [], noise, normalization, dropout, skip, l1, l2, maxNorm, trainable } = layer;
  const { numericEmbeddings, learningRateFactors, weightDecayFactors } = layer;
  const tables = embeddings.map(({ categories, outputDim }) => `${categories} x ${outputDim}`);
  const parts = [
    name !== undefined && JSON.stringify(name),
    numericEmbeddings !== undefined &&
      `${numericEmbeddings.name} ${numericColumns(layer)} x ${numericEmbeddings.outputDim}`,
    tables.length > 0 && `embeddings ${tables.join(' + ')}`,
    layer.members !== undefined && `${layer.members} members`,
    normalization !== undefined && `${normalization.name} norm`,
    noise !== undefined && `noise ${noise}`,
    dropout !== undefined && `dropout ${dropout}`,
    layer.inputScale === true && 'scaled inputs',
    layer.activationMix === true && 'mixed activation',
    skip !== undefined && (skip === true ? 'skip' : `skip from ${JSON.stringify(skip)}`),
    l1 !== undefined && `l1 ${l1}`,
    l2 !== undefined && `l2 ${l2}`,
    maxNorm !== undefined && `maxNorm ${maxNorm}`,
    trainable === false && 'frozen',
    learningRateFactors !== undefined && `learning rate ${factorsText(learningRateFactors)}`,
    weightDecayFactors !== undefined && `weight decay ${factorsText(weightDecayFactors)}`,
  ];
  return parts.filter((part) => part !== false).join(', ');
}

// For example: x 0.1 (b), x 6 (gamma).
function factorsText(factors: ParameterFactors): string {
  return Object.entries(factors)
    .map(([kind, factor]) => `x ${factor} (${kind})`)
    .join(', ');
}

// 1,234,567. (The first toLocaleString of a process takes 15 ms.)
function grouped(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+$)/g, ',');
}

function formatBytes(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`;
  const kib = bytes / 1024;
  return kib < 1024 ? `${kib.toFixed(1)} KiB` : `${(kib / 1024).toFixed(1)} MiB`;
}
