import type { Dtype } from '../base/matrix';
import { type Architecture, activationOf, type Layer } from './architecture';
import { parameterCount } from './parameters';

/**
 * The layers as a table in plain text: number, shape of W, activation, parameters, and what else a layer does; and
 * the sum.
 */
export function formatSummary(architecture: Architecture, dtype: Dtype): string {
  const header = ['layer', 'inputs', 'outputs', 'activation', 'parameters', ''];
  const rows = architecture.map((layer, index) => [
    String(index + 1),
    String(layer.inputDim),
    String(layer.outputDim),
    activationOf(layer).name,
    parameterCount([layer]).toLocaleString('en-US'),
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
  const total = `${count.toLocaleString('en-US')} parameters, ${dtype}, ${formatBytes(bytes)}`;
  return [lines[0], '-'.repeat(longest), ...lines.slice(1), total].join('\n');
}

// batch norm, dropout 0.5, frozen: in the order of their work.
function extras(layer: Layer): string {
  const { normalization, dropout, noise, l1, l2, maxNorm, trainable = true } = layer;
  const numbers = Object.entries({ noise, dropout, l1, l2, maxNorm }).filter(
    ([, value]) => value !== undefined,
  );
  return [
    ...(normalization === undefined ? [] : [`${normalization.name} norm`]),
    ...numbers.map(([name, value]) => `${name} ${value}`),
    ...(trainable ? [] : ['frozen']),
  ].join(', ');
}

function formatBytes(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`;
  const kib = bytes / 1024;
  return kib < 1024 ? `${kib.toFixed(1)} KiB` : `${(kib / 1024).toFixed(1)} MiB`;
}
