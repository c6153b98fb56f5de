// Checkpoints that are aborted while they are written or read, at any call of the file system.

import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { Network } from '../../../lib/network/network';
import { adam } from '../../../lib/optimizers/optimizers';
import { bits } from '../../network/files/helpers';
import { layers, randomLabels, randomMatrix } from '../../network/helpers';
import { diskFull, watchFs } from '../../support/fs-calls';
import { newFolder } from '../../support/scratch';

// A checkpoint has three times 2.4 MB.
const network = () => new Network(layers([500, 600, 1], 'relu', 'sigmoid'), { seed: 1 });
const [X, Y] = [randomMatrix(4, 500, 1), randomLabels(4, 1, 2)];
const options = (directory: string) => ({
  epochs: 2,
  optimizer: adam(),
  checkpoint: { directory, keepLast: 9 },
});

/** The parameters after each epoch. */
function course(): unknown[] {
  const net = network();
  const states = [bits(net)];
  net.fitSync(X, Y, {
    ...options(''),
    checkpoint: undefined as never,
    callbacks: { onEpochEnd: () => void states.push(bits(net)) },
  });
  return states;
}

it('an abort of fit while it writes a checkpoint leaves the older ones, and the last step', async () => {
  const states = course();
  let aborted = 0;
  for (let number = 1; ; number += 3) {
    const directory = join(newFolder(), 'checkpoints');
    const net = network();
    const controller = new AbortController();
    const watched = watchFs((_, each) => {
      if (each === number) controller.abort();
    });
    const result = await net
      .fit(X, Y, { ...options(directory), signal: controller.signal })
      .catch((error) => error);
    watched.stop();
    if (!controller.signal.aborted) break;
    const names = readdirSync(join(directory, '..')).length === 0 ? [] : readdirSync(directory).sort();
    expect(names).toEqual(
      ['checkpoint-000001.safetensors', 'checkpoint-000002.safetensors'].slice(0, names.length),
    );
    for (const [i, name] of names.entries()) {
      expect(bits(Network.loadSync(join(directory, name)))).toEqual(states[i + 1]);
    }
    if (result.name === 'AbortError') aborted++;
    expect(states).toContainEqual(bits(net));
    expect(states.slice(names.length)).toContainEqual(bits(net));
  }
  expect(aborted).toBeGreaterThan(5);
});

it('a checkpoint that finds the disk full leaves the older ones, and the next one is written', async () => {
  const directory = join(newFolder(), 'checkpoints');
  const net = network();
  let writes = 0;
  const watched = watchFs((name) => {
    if (name === 'writev') writes++;
    return name === 'writev' && writes === 2 ? diskFull() : undefined;
  });
  await expect(net.fit(X, Y, options(directory))).rejects.toMatchObject({
    code: 'ERR_BLASNET_FILE',
    message: expect.stringContaining('no space left on device (ENOSPC)'),
  });
  watched.stop();
  expect(readdirSync(directory)).toEqual(['checkpoint-000001.safetensors']);
  const { network: resumed } = await Network.resume(directory, X, Y, options(directory));
  expect(bits(resumed)).toEqual(course()[2]);
  expect(readdirSync(directory).length).toBe(2);
});

it('an abort of resume while it reads ends with an AbortError, and the next resume is the whole training', async () => {
  const directory = join(newFolder(), 'checkpoints');
  const states = course();
  await network().fit(X, Y, { ...options(directory), epochs: 1 });
  const resume = (signal?: AbortSignal) =>
    Network.resume(directory, X, Y, {
      ...options(directory),
      checkpoint: undefined as never,
      ...(signal && { signal }),
    });
  for (let number = 1; ; number++) {
    const controller = new AbortController();
    const watched = watchFs((_, each) => {
      if (each === number) controller.abort();
    });
    const result = await resume(controller.signal).catch((error) => error);
    watched.stop();
    if (!controller.signal.aborted) break;
    expect(result).toMatchObject({ name: 'AbortError' });
  }
  expect(bits((await resume()).network)).toEqual(states[2]);
});
