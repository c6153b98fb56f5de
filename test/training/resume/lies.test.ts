// Checkpoints whose tensors or metadata were changed, with a correct digest.

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import * as lib from '../../../lib';
import type { Tensor } from '../../../lib/formats/safetensors';
import { Network } from '../../../lib/network/network';
import { parse, serialized } from '../../formats/helpers';
import { rejectionOf } from '../../support/bad-input';
import { interruptedAfter, samplesOf, type Training } from './helpers';

const { adam, schedules } = lib;
const options = {
  epochs: 6,
  batchSize: 16,
  optimizer: adam({ learningRate: 0.01 }),
  validationSplit: 0.2,
  earlyStopping: { patience: 50 },
  schedule: schedules.cosine(),
};
const training: Training = { options: () => options };
const { X, Y } = samplesOf(training);
const nameOf = (epoch: number) => `checkpoint-00000${epoch}.safetensors`;

describe('a checkpoint that lies', () => {
  const change = (name: string, data: (old: never) => unknown) => (tensors: Tensor[]) => {
    const index = tensors.findIndex((tensor) => tensor.name === `training.${name}`);
    const tensor = tensors[index] as Tensor;
    const changed = data(tensor.data as never) as Tensor['data'];
    tensors[index] = { ...tensor, data: changed, shape: [changed.length] };
  };
  const remove = (name: string) => (tensors: Tensor[]) => {
    tensors.splice(
      tensors.findIndex((tensor) => tensor.name === `training.${name}`),
      1,
    );
  };
  const removeBest = (tensors: Tensor[]) => {
    remove('bestParameters')(tensors);
    remove('bestStatistics')(tensors);
  };
  const state = (changes: object) => (_: Tensor[], metadata: Record<string, string>) => {
    const old = JSON.parse(metadata['blasnet.training'] as string);
    metadata['blasnet.training'] = JSON.stringify({ ...old, ...changes });
  };
  const extra: Tensor = { name: 'training.more', dtype: 'U8', shape: [1], data: new Uint8Array(1) };

  it.each([
    {
      what: 'no generator',
      lie: remove('generator'),
      message: 'tensor "training.generator" of @ to be there, got none',
    },
    {
      what: 'a short generator',
      lie: change('generator', (key: Uint32Array) => key.subarray(1)),
      message: 'tensor "training.generator" of @ to be of 624 elements, got 623',
    },
    {
      what: 'no split',
      lie: remove('split'),
      message: 'tensor "training.split" of @ to be there, as the settings say, got none',
    },
    {
      what: 'a row twice',
      lie: change('split', (rows: Uint32Array) => rows.fill(rows[0] as number, 1, 2)),
      message: 'tensor "training.split" of @ to be a permutation of the rows',
    },
    {
      what: 'a row beyond',
      lie: change('split', (rows: Uint32Array) => rows.fill(60, 7, 8)),
      message: 'tensor "training.split" of @ to be a permutation of the rows, got 60',
    },
    {
      what: 'half a best',
      lie: remove('bestParameters'),
      message: 'the tensors of @ to be those of a training, got "training.bestStatistics" as well',
    },
    {
      what: 'no best',
      lie: removeBest,
      message: 'tensor "training.bestParameters" of @ to be there, as the settings say, got none',
    },
    {
      what: 'NaN for the best',
      lie: change('bestParameters', (data: Float64Array) => data.fill(Number.NaN, 2, 3)),
      message: 'element 2 of tensor "training.bestParameters" of @ to be a finite number, got NaN',
    },
    {
      what: 'a long best',
      lie: change('bestParameters', () => new Float64Array(1000)),
      message: 'tensor "training.bestParameters" of @ to be of',
    },
    {
      what: 'a short history',
      lie: change('history', (data: Float64Array) => data.subarray(1)),
      message: 'tensor "training.history" of @ to be of 10 elements, got 9',
    },
    {
      what: 'the state of another optimiser',
      lie: change('optimizer', (data: Float64Array) => data.subarray(3)),
      message: 'tensor "training.optimizer" of @ to be of',
    },
    {
      what: 'a tensor more',
      lie: (tensors: Tensor[]) => tensors.push(extra),
      message: 'the tensors of @ to be those of a training, got "training.more" as well',
    },
    {
      what: 'half an epoch',
      lie: state({ epoch: 1.5 }),
      message: 'In blasnet.training of @: Expected training.epoch to be an integer of at least 0, got 1.5',
    },
    {
      what: 'a key of one word',
      lie: state({ key: [1] }),
      message: 'In blasnet.training of @: Expected training.key to be an array of two 32-bit integers',
    },
    {
      what: 'a key beyond 32 bits',
      lie: state({ key: [1, 2 ** 32] }),
      message: 'In blasnet.training of @: Expected training.key[1] to be an integer from 0 to 4294967295',
    },
    {
      what: 'steps before the first',
      lie: state({ steps: -1 }),
      message: 'In blasnet.training of @: Expected training.steps to be an integer of at least 0',
    },
    {
      what: 'no plateau',
      lie: state({ plateau: undefined }),
      message: 'In blasnet.training of @: Expected training.plateau to be an object, got undefined',
    },
    {
      what: 'no settings',
      lie: state({ settings: null }),
      message: 'In blasnet.training of @: Expected training.settings to be an object, got null',
    },
    {
      what: 'series of numbers',
      lie: state({ settings: { rows: 60, series: [1] } }),
      message: 'In blasnet.training of @: Expected training.settings.series to be an array of names',
    },
    {
      what: 'a generator’s place beyond',
      lie: state({ generator: { position: 625, spareNormal: null } }),
      message:
        'In blasnet.training of @: Expected training.generator.position to be an integer from 0 to 624',
    },
    {
      what: 'more than there is',
      lie: state({ more: 1 }),
      message: 'In blasnet.training of @: Unknown option "more" in training',
    },
  ] as const)('is refused for $what', async ({ lie, message }) => {
    const directory = await interruptedAfter(2, training);
    const path = join(directory, nameOf(2));
    const { tensors, metadata } = parse(readFileSync(path));
    const [list, lines] = [[...tensors], { ...metadata }];
    lie(list as never, lines);
    writeFileSync(path, serialized(list, lines));
    const error = await rejectionOf(Network.resume(path, X, Y, options));
    expect(error.code).toBe('ERR_BLASNET_FILE');
    expect(error.message).toContain(message.replace('@', JSON.stringify(path)));
  });
});
