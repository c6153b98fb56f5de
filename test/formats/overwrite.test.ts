// A training that replaces the checkpoints of an earlier one in its folder.

import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { CheckpointStore } from '../../lib/formats/checkpoints';
import { Network } from '../../lib/network/network';
import { adam } from '../../lib/optimizers/optimizers';
import type { FitOptions } from '../../lib/training/options';
import { rejectionOf } from '../support/bad-input';
import { newFolder } from '../support/scratch';
import { network, stateOf, X, Y } from '../training/helpers';

const nameOf = (epoch: number) => `checkpoint-${String(epoch).padStart(6, '0')}.safetensors`;
const epochsIn = (folder: string) =>
  readdirSync(folder)
    .map((file) => Number(/\d+/.exec(file)?.[0]))
    .sort((a, b) => a - b);

const methods = {
  fit: (net: Network, options: FitOptions) => net.fit(X, Y, options),
  fitSync: async (net: Network, options: FitOptions) => net.fitSync(X, Y, options),
};

/** A folder with the checkpoints of epochs 6 to 8, and a damaged one of epoch 9. */
function usedFolder(): string {
  const directory = newFolder();
  network().fitSync(X, Y, { epochs: 8, optimizer: adam(), checkpoint: { directory } });
  writeFileSync(join(directory, nameOf(9)), 'damaged');
  return directory;
}

describe.each(Object.entries(methods))('overwrite of %s', (_, train) => {
  it('replaces the checkpoints of an earlier training when the first one is written', async () => {
    const directory = usedFolder();
    const seen: number[][] = [];
    const options = {
      epochs: 5,
      checkpoint: { directory, everyEpochs: 2, overwrite: true },
      callbacks: () => void seen.push(epochsIn(directory)),
    };
    await train(network(), options);
    // Each callback is called before the checkpoint of its epoch.
    expect(seen).toEqual([[6, 7, 8, 9], [6, 7, 8, 9], [2], [2], [2, 4]]);
    expect(epochsIn(directory)).toEqual([2, 4, 5]);
    const { network: resumed } = await Network.resume(directory, X, Y, { epochs: 7 });
    const twin = network();
    twin.fitSync(X, Y, { epochs: 7 });
    expect(stateOf(resumed)).toEqual(stateOf(twin));
  });

  it('lets a program that trains with checkpoints run again, with the same result', async () => {
    const directory = join(newFolder(), 'checkpoints');
    const results = [];
    for (let run = 0; run < 3; run++) {
      const net = network();
      await train(net, { epochs: 3, checkpoint: { directory, overwrite: true } });
      results.push(stateOf(net));
      expect(epochsIn(directory)).toEqual([1, 2, 3]);
    }
    expect(results[1]).toEqual(results[0]);
    expect(results[2]).toEqual(results[0]);
  });

  it('takes no checkpoint of the earlier training for the best', async () => {
    const directory = newFolder();
    const best = { monitor: 'scripted', mode: 'min' } as const;
    const scripted = (value: number) => [{ name: 'scripted', compute: () => value }];
    await train(network(), { epochs: 4, metrics: scripted(1), checkpoint: { directory, best, keepLast: 1 } });
    expect(epochsIn(directory)).toEqual([1, 4]);
    const checkpoint = { directory, best, keepLast: 1, overwrite: true };
    await train(network(), {
      epochs: 3,
      metrics: scripted(2),
      checkpoint: { ...checkpoint, everyEpochs: 2 },
    });
    expect(epochsIn(directory)).toEqual([2, 3]);
  });

  it.each<{ what: string; options: Partial<FitOptions>; data: number[][] }>([
    { what: 'data that are refused', options: {}, data: [[1, 2, Number.NaN]] },
    {
      what: 'an error in the first epoch',
      options: {
        callbacks: () => {
          throw new Error('mine');
        },
      },
      data: [[1, 2, 3]],
    },
  ])('leaves the earlier checkpoints after $what', async ({ options, data }) => {
    const directory = usedFolder();
    const given = { epochs: 5, checkpoint: { directory, overwrite: true }, ...options };
    const call =
      train === methods.fit
        ? network().fit(data, [[1]], given)
        : (async () => network().fitSync(data, [[1]], given))();
    await rejectionOf(call);
    expect(epochsIn(directory)).toEqual([6, 7, 8, 9]);
  });

  it('refuses the folder without it, and names it', async () => {
    const directory = usedFolder();
    const error = await rejectionOf(
      train(network(), { epochs: 5, checkpoint: { directory, overwrite: false } }),
    );
    expect(error.code).toBe('ERR_BLASNET_ARG_VALUE');
    expect(error.message).toMatch(/, or overwrite: true to replace that one$/);
    expect(epochsIn(directory)).toEqual([6, 7, 8, 9]);
  });
});

it('resume from an older checkpoint replaces the later ones, and keeps the earlier ones', async () => {
  const directory = newFolder();
  const options = { epochs: 8, optimizer: adam() };
  const net = network();
  net.fitSync(X, Y, { ...options, checkpoint: { directory, keepLast: 5 } });
  const checkpoint = { directory, keepLast: 9, overwrite: true };
  const path = join(directory, nameOf(5));
  const seen: number[][] = [];
  const callbacks = () => void seen.push(epochsIn(directory));
  const { network: resumed } = await Network.resume(path, X, Y, { ...options, checkpoint, callbacks });
  expect(seen).toEqual([
    [4, 5, 6, 7, 8],
    [4, 5, 6],
    [4, 5, 6, 7],
  ]);
  expect(stateOf(resumed)).toEqual(stateOf(net));
});

it.each([
  { overwrite: 'yes', got: '"yes" (string)' },
  { overwrite: 1, got: '1 (number)' },
  { overwrite: null, got: 'null' },
])('refuses overwrite that is neither true nor false: $got', ({ overwrite, got }) => {
  const options = { directory: newFolder(), overwrite: overwrite as never };
  const message = (name: string) => `Expected ${name} to be true or false, got ${got}`;
  const expected = (name: string) =>
    expect.objectContaining({ name: 'TypeError', code: 'ERR_BLASNET_ARG_TYPE', message: message(name) });
  expect(() => new CheckpointStore(options)).toThrow(expected('overwrite'));
  expect(() => network().fitSync(X, Y, { epochs: 1, checkpoint: options })).toThrow(
    expected('checkpoint.overwrite'),
  );
});
