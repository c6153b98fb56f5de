// The table of docs/large-data.md agrees with the library.

import { describe, expect, test } from 'vitest';
import { Network } from '../../lib/index';
import { resolveLoss } from '../../lib/layers/losses';
import { partRows } from '../../lib/streaming/learn';
import { completeSourceOptions, windowRowsOf } from '../../lib/streaming/options';
import { optionsOf, optionsTaken, read, toldDefaults } from './markdown';

const page = 'docs/large-data.md';
const net = new Network([{ inputDim: 1, outputDim: 1, activation: 'linear' }], { seed: 1 });
const train = (options: never) => net.fit([{ X: [[1]], Y: [[2]] }], options);

describe('docs/large-data.md', () => {
  const told = optionsOf(page, 'Option of fit with a source');

  test('fit with a source takes the options of the table, and those of fit on arrays', async () => {
    const taken = await optionsTaken(train);
    const ofArrays = await optionsTaken((options) => net.fit([[1]], [[2]], options));
    expect(taken).toEqual(expect.arrayContaining([...told.keys()]));
    expect(taken.sort()).toEqual([...ofArrays, 'windowRows'].sort());
  });

  test('the defaults and sizes are those of the library', () => {
    const loss = resolveLoss(undefined, 'linear');
    const completed = completeSourceOptions({ epochs: 1 }, net.architecture, loss);
    expect(completed).toMatchObject(toldDefaults(told));
    expect(toldDefaults(told)).toEqual({ batchSize: 32 });
    expect(windowRowsOf({ epochs: 1 }, completed, net.architecture, 'float64')).toBe(262_144);
    const wide = new Network([{ inputDim: 1023, outputDim: 1, activation: 'linear' }], {
      initializer: 'zeros',
    });
    const rows = windowRowsOf({ epochs: 1 }, completed, wide.architecture, 'float64');
    expect(Math.abs(rows * 8 * 1025 - 2 ** 24)).toBeLessThan(32 * 8 * 1025);
    expect(read(page)).toContain(`parts of ${partRows.toLocaleString('en')} rows`);
  });
});
