// The tables of docs/interchange.md are made from the formats in lib/interop/formats.ts.

import { describe, expect, test } from 'vitest';
import { type Feature, type Format, features, type Rule } from '../../lib/interop/format';
import { formats } from '../../lib/interop/formats';
import { read } from './markdown';

const page = read('docs/interchange.md');

/** What the tables call what a network may have. */
const titles: Partial<Record<Feature, string>> = {
  embed: '`embeddings`',
  waves: '`numericEmbeddings`',
  noise: '`noise`',
  scale: '`inputScale`',
  dense: 'weights and biases',
  batchNorm: 'batch normalisation',
  layerNorm: 'layer normalisation',
  dropout: '`dropout`',
  add: '`skip`',
  activationMix: '`activationMix`',
  targetScaler: '`targetScaler`',
  clamp: "a Regressor's `clamp`",
  labels: '`labels`',
  table: 'a `Classifier` or `Regressor`',
};

const titleOf = (feature: Feature) => titles[feature] ?? `\`${feature}\``;

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [line(head), `|${'---|'.repeat(head.length)}`, ...rows.map(line)].join('\n');
}

const wordOf = (rule: Rule) =>
  rule === true ? 'yes' : rule === 'float32' ? 'float32' : rule === 'training' ? 'left out' : 'no';

/** The rows of a direction: features that all formats treat alike share a row. */
function held(direction: 'out' | 'in'): string {
  const suited = formats.filter((format) => format[direction] !== undefined);
  const cells = (feature: Feature) =>
    suited.map((format) => {
      const rule = (format[direction] as NonNullable<Format['out' | 'in']>).rules[feature];
      return typeof rule === 'boolean' ? (rule ? 'yes' : 'no') : wordOf(rule);
    });
  const rows = new Map<string, { titles: string[]; cells: string[] }>();
  for (const feature of features) {
    const own = cells(feature);
    const row = rows.get(own.join()) ?? { titles: [], cells: own };
    row.titles.push(titleOf(feature));
    rows.set(own.join(), row);
  }
  return table(
    [direction === 'out' ? 'Written' : 'Read', ...suited.map(({ title }) => title)],
    [...rows.values()].map((row) => [row.titles.join(', '), ...row.cells]),
  );
}

describe('docs/interchange.md', () => {
  test('the table of formats says what each writes and reads', () => {
    const code = (text: string) => `\`${text}\``;
    const rows = formats.map(({ title, name, extensions, out, in: reads }) => [
      title,
      code(name),
      extensions.map(code).join(', '),
      out === undefined ? 'no' : [...out.dtypes].sort().join(', '),
      reads === undefined ? 'no' : [...reads.dtypes].sort().join(', '),
      [...new Set([...Object.keys(out?.options ?? {}), ...Object.keys(reads?.options ?? {})])]
        .map(code)
        .join(', '),
    ]);
    expect(page).toContain(
      table(['Format', 'Name', 'Extension', 'Written in', 'Read in', 'Options of its own'], rows),
    );
  });

  test('the table of what is written has a column for each format and every feature', () => {
    expect(page).toContain(held('out'));
  });

  test('the table of what is read has a column for each format and every feature', () => {
    expect(page).toContain(held('in'));
  });
});
