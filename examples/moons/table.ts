import * as format from './format';
import type { ModelResult } from './results';

const headings = ['', 'final cost', 'train accuracy', 'test accuracy', 'seconds', 'epochs/s'];

/** The results as lines of text, numbers flush right. */
export function resultsTable(models: readonly ModelResult[]): string {
  const rows = [headings, ...models.map(cells)];
  const widths = headings.map((_, column) => Math.max(...rows.map((row) => (row[column] as string).length)));
  const line = (row: readonly string[]) =>
    row
      .map((text, column) =>
        column === 0 ? text.padEnd(widths[0] as number) : text.padStart(widths[column] as number),
      )
      .join('   ');
  const rule = '─'.repeat(line(headings).length);
  return [line(headings), rule, ...rows.slice(1).map(line)].join('\n');
}

function cells({ name, summary }: ModelResult): string[] {
  return [
    name,
    summary.cost.toFixed(6),
    format.percent(summary.trainAccuracy),
    format.percent(summary.testAccuracy),
    format.seconds(summary.seconds),
    format.count(summary.epochs / summary.seconds),
  ];
}
