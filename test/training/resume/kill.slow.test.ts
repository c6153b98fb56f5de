// Processes that train and save are killed at any moment, again and again.

import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Network } from '../../../lib/network/network';
import { adam } from '../../../lib/optimizers/optimizers';
import type { FitOptions } from '../../../lib/training/options';
import { dist, killedAfter } from '../../network/child';
import { randomMatrix } from '../../network/helpers';
import { newFolder } from '../../support/scratch';
import { epochsIn, expectSame, random, samplesOf, type Training, uninterrupted } from './helpers';

const { Y } = samplesOf({});
const X = randomMatrix(60, 3, 1);

// Trains in a new process, from the newest checkpoint if one exists, and prints every epoch. The epoch's checkpoint
// may be written before or after that.
const program = `
  const { readdirSync, writeSync } = require('node:fs');
  const [library, directory, given] = process.argv.slice(1);
  const { adam, Network } = require(library);
  const { layers, X, Y, options, way } = JSON.parse(given);
  const all = {
    ...options,
    optimizer: adam(options.optimizer),
    checkpoint: { directory, everyEpochs: 1 },
    callbacks: ({ epoch }) => void writeSync(1, epoch + '\\n'),
  };
  if (readdirSync(directory).some((name) => name.startsWith('checkpoint-'))) Network.resume(directory, X, Y, all);
  else new Network(layers, { seed: 11 })[way](X, Y, all);
`;

describe('a kill at any moment', () => {
  it.each(['fit', 'fitSync'])('leaves a training that goes on, amid the checkpoints of %s', async (way) => {
    const directory = newFolder();
    const options = { epochs: 1_000_000, batchSize: 16, validationSplit: 0.2 };
    const optimizer = { learningRate: 0.01 };
    const given = { layers: random, X: X.toArray(), Y: Y.toArray(), options: { ...options, optimizer }, way };
    for (let round = 0; round < 16; round++) {
      const lines = await killedAfter(
        1 + ((7 * round) % 10),
        program,
        dist,
        directory,
        JSON.stringify(given),
      );
      const newest = Math.max(...epochsIn(directory), 0);
      expect([Number(lines.at(-1)) - 1, Number(lines.at(-1))]).toContain(newest);
    }
    const newest = Math.max(...epochsIn(directory));
    const whole: Training = {
      options: (): FitOptions => ({ ...options, epochs: newest + 3, optimizer: adam(optimizer) }),
    };
    const resumed = await Network.resume(directory, X, Y, whole.options(newest));
    expectSame(resumed, await uninterrupted(whole), whole);
  });

  // Every parameter is the version's number; a line says that it is about to be written, another that it is.
  const saving = `
    const { writeSync } = require('node:fs');
    const [library, path, first, way] = process.argv.slice(1);
    const { Network } = require(library);
    const net = new Network([{ inputDim: 100, outputDim: 200, activation: 'relu' }, { outputDim: 1, activation: 'linear' }]);
    (async () => {
      for (let version = Number(first); ; version++) {
        for (const { data } of Object.values(net.parameters)) data.fill(version);
        writeSync(1, version + '\\n');
        await net[way](path);
        writeSync(1, version + '\\n');
      }
    })();`;

  it.each(['save', 'saveSync'])('leaves a whole file, amid %s', async (way) => {
    const path = join(newFolder(), 'model.safetensors');
    new Network(random).saveSync(path);
    let version = 0;
    for (let round = 0; round < 16; round++) {
      const lines = await killedAfter(2 + ((5 * round) % 9), saving, dist, path, String(version + 1), way);
      const { W1, b2 } = Network.loadSync(path).parameters;
      version = b2?.data[0] as number;
      expect(W1?.data.every((value) => value === version)).toBe(true);
      const last = Number(lines.at(-1));
      // If its line comes twice, the version is written; if it comes once, it may be.
      const said = lines.filter((line) => Number(line) === last).length;
      expect(said === 2 ? [last] : [last - 1, last]).toContain(version);
    }
  });
});
