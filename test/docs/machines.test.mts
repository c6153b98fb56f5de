import { expect, it } from 'vitest';
import { machineCounts, speedUp } from '../../bench/harness/paper.mjs';
import { tableOf } from './markdown.js';

it('the table of speeds on paper is that of the picture', () => {
  const table = tableOf('docs/machines.md', 'Batch');
  expect(table.length).toBe(4);
  for (const row of table) {
    const number = (text = '') => Number(text.replace(/[^\d.]/g, ''));
    const batchRows = number(row.Batch);
    const gigabits = number(row['Network between the machines']);
    const told = ['N = 2', '4', '8', '16'].map((name) => row[name]);
    const expected = machineCounts
      .slice(1)
      .map((machines) => speedUp({ machines, batchRows, gigabits }).toFixed(1));
    expect(told).toEqual(expected);
  }
});
