import * as format from './format';
import type { ModelResult, Race, Run } from './results';

/** Returns the results as lines of text, with numbers flush right. */
export function resultsTable(models: readonly ModelResult[]): string {
  const headings = ['', 'final cost', 'train accuracy', 'test accuracy', 'seconds', 'epochs/s'];
  return table(headings, models.map(modelCells));
}

/** Returns the race as lines of text, under a line that explains it. */
export function raceTable({ goal, racers }: Race): string {
  const headings = ['', 'epochs', 'seconds', 'epochs (He)', 'seconds (He)'];
  return [
    `How soon each optimiser is as good as ${format.count(goal.epochs)} epochs of gradient descent (training cost`,
    `${format.cost(goal.cost)}, accuracy ${format.percent(goal.trainAccuracy)}), from the article’s initial weights and from He’s:`,
    '',
    table(
      headings,
      racers.map(({ name, article, he }) => [name, ...format.runCells(article), ...format.runCells(he)]),
    ),
  ].join('\n');
}

/** 255 epochs, 0.11 s */
export function describeRun({ epochs, seconds }: Run): string {
  return epochs === null ? 'not reached' : `${format.epochs(epochs)}, ${format.seconds(seconds)} s`;
}

function table(headings: readonly string[], rows: readonly string[][]): string {
  const widths = headings.map((_, column) =>
    Math.max(...[headings, ...rows].map((row) => (row[column] as string).length)),
  );
  const line = (row: readonly string[]) =>
    row
      .map((text, column) =>
        column === 0 ? text.padEnd(widths[0] as number) : text.padStart(widths[column] as number),
      )
      .join('   ');
  const rule = '─'.repeat(line(headings).length);
  return [line(headings), rule, ...rows.map(line)].join('\n');
}

function modelCells({ name, summary }: ModelResult): string[] {
  return [
    name,
    summary.cost.toFixed(6),
    format.percent(summary.trainAccuracy),
    format.percent(summary.testAccuracy),
    format.seconds(summary.seconds),
    format.count(summary.epochs / summary.seconds),
  ];
}
