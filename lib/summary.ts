import { type Architecture, activationOf } from './architecture';
import type { Dtype } from './matrix';
import { parameterCount } from './parameters';

/** The layers as a table in plain text: number, shape of W, activation, parameters; and the sum. */
export function formatSummary(architecture: Architecture, dtype: Dtype): string {
  const header = ['layer', 'inputs', 'outputs', 'activation', 'parameters'];
  const rows = architecture.map((layer, index) => [
    String(index + 1),
    String(layer.inputDim),
    String(layer.outputDim),
    activationOf(layer).name,
    parameterCount([layer]).toLocaleString('en-US'),
  ]);
  const table = [header, ...rows];
  const widths = header.map((_, column) => Math.max(...table.map((row) => (row[column] as string).length)));
  const lines = table.map((row) =>
    row
      .map((cell, column) =>
        column === 3 ? cell.padEnd(widths[3] as number) : cell.padStart(widths[column] as number),
      )
      .join('  '),
  );
  const count = parameterCount(architecture);
  const bytes = count * (dtype === 'float64' ? 8 : 4);
  const total = `${count.toLocaleString('en-US')} parameters, ${dtype}, ${formatBytes(bytes)}`;
  return [lines[0], '-'.repeat((lines[0] as string).length), ...lines.slice(1), total].join('\n');
}

function formatBytes(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`;
  const kib = bytes / 1024;
  return kib < 1024 ? `${kib.toFixed(1)} KiB` : `${(kib / 1024).toFixed(1)} MiB`;
}
