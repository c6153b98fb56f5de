// Network.loadBest: the best checkpoint of a folder.

import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import { Network } from '../../../lib/network/network';
import { sgd } from '../../../lib/optimizers/optimizers';
import { rejectionOf, thrownBy } from '../../support/bad-input';
import { newFolder } from '../../support/scratch';
import { layers, randomLabels, randomMatrix, snapshot } from '../helpers';
import { forged } from './helpers';

const [X, Y] = [randomMatrix(40, 2, 1), randomLabels(40, 1, 2)];
// A rate at which the losses go up and down.
const options = { batchSize: 8, optimizer: sgd({ learningRate: 3 }), validationSplit: 0.3 } as const;
const epochs = 12;
const make = () => new Network(layers([2, 6, 1], 'tanh', 'sigmoid'), { seed: 4 });

/** Trains, and keeps every checkpoint. The parameters of each epoch are kept beside them. */
function training(checkpoint: object = {}, more: object = {}) {
  const directory = newFolder();
  const net = make();
  const states: number[][] = [];
  const history = net.fitSync(X, Y, {
    ...{ ...options, epochs, metrics: ['rocAuc'] },
    checkpoint: { directory, keepLast: epochs, ...checkpoint },
    callbacks: { onEpochEnd: () => void states.push(snapshot(net)) },
    ...more,
  });
  return { directory, states, history: history as unknown as Record<string, number[]> };
}

function indexOf(series: readonly number[] | undefined, mode: 'min' | 'max'): number {
  const numbers = series as number[];
  return numbers.indexOf(Math[mode](...numbers));
}

const both = async (folder: string | URL, given?: object) =>
  Promise.all([Network.loadBest(folder, given), Network.loadBestSync(folder, given)]);

async function expectBest(folder: string | URL, given: object | undefined, state: number[] | undefined) {
  for (const net of await both(folder, given)) expect(snapshot(net)).toEqual(state);
}

describe('the best checkpoint', () => {
  it('is that of the series and the mode that are asked for', async () => {
    const { directory, states, history } = training();
    const asked = [
      [{ monitor: 'loss' }, 'loss', 'min'],
      [{ monitor: 'loss', mode: 'max' }, 'loss', 'max'],
      [{ monitor: 'valLoss' }, 'valLoss', 'min'],
      [{ monitor: 'accuracy' }, 'accuracy', 'max'],
      [{ monitor: 'valRocAuc' }, 'valRocAuc', 'max'],
      [{ monitor: 'valRocAuc', mode: 'min' }, 'valRocAuc', 'min'],
    ] as const;
    const found = asked.map(([, series, mode]) => indexOf(history[series], mode));
    expect(new Set(found).size).toBeGreaterThan(2); // else a wrong choice could be right by chance
    for (const [i, [given]] of asked.entries())
      await expectBest(directory, given, states[found[i] as number]);
  });

  it('is that of the option best of the training, unless another series is asked for', async () => {
    const best = { monitor: 'valRocAuc', mode: 'min' };
    const { directory, states, history } = training({ best });
    const [least, most] = [indexOf(history.valRocAuc, 'min'), indexOf(history.valRocAuc, 'max')];
    await expectBest(directory, undefined, states[least]);
    await expectBest(directory, { monitor: 'valRocAuc' }, states[least]);
    await expectBest(directory, { mode: 'max' }, states[most]);
    await expectBest(directory, { monitor: 'valLoss' }, states[indexOf(history.valLoss, 'min')]);
  });

  it('is that of valLoss, or of loss without a validation set, where nothing names a series', async () => {
    const validated = training();
    await expectBest(validated.directory, {}, validated.states[indexOf(validated.history.valLoss, 'min')]);
    const alone = training({}, { validationSplit: undefined });
    await expectBest(alone.directory, {}, alone.states[indexOf(alone.history.loss, 'min')]);
  });

  it('is among those that the training kept', async () => {
    const best = { monitor: 'valLoss', mode: 'min' };
    const { directory, states, history } = training({ keepLast: 1, best });
    expect(readdirSync(directory).length).toBeLessThanOrEqual(2);
    await expectBest(pathToFileURL(directory), undefined, states[indexOf(history.valLoss, 'min')]);
  });

  it('is found again after the training was resumed', async () => {
    const directory = newFolder();
    const checkpoint = { directory, keepLast: 1, best: { monitor: 'valLoss', mode: 'min' } };
    await make().fit(X, Y, { ...options, epochs: 3, checkpoint });
    const { history } = await Network.resume(directory, X, Y, { ...options, epochs, checkpoint });
    const { states } = training();
    await expectBest(directory, undefined, states[indexOf(history.valLoss, 'min')]);
  });
});

describe('a folder with damage', () => {
  const damaged = () => {
    const found = training();
    const at = indexOf(found.history.valLoss, 'min');
    const path = join(found.directory, `checkpoint-${String(at + 1).padStart(6, '0')}.safetensors`);
    const bytes = readFileSync(path);
    bytes[bytes.length - 1] = (bytes.at(-1) as number) ^ 1;
    writeFileSync(path, bytes);
    return { ...found, path, at };
  };

  it('is refused, or read without the damaged checkpoint on demand', async () => {
    const { directory, states, history, path, at } = damaged();
    for (const error of [
      thrownBy(() => Network.loadBestSync(directory)),
      await rejectionOf(Network.loadBest(directory)),
    ]) {
      expect(error).toMatchObject({
        code: 'ERR_BLASNET_FILE',
        message: expect.stringMatching(
          new RegExp(`of "${path}" to be .*; .* \\(skipDamaged: true chooses among the others\\)$`),
        ),
      });
    }
    const others = history.valLoss?.map((value, i) => (i === at ? Number.POSITIVE_INFINITY : value));
    await expectBest(directory, { skipDamaged: true }, states[indexOf(others, 'min')]);
    const [net] = await both(directory, { verifyChecksum: false });
    expect(snapshot(net as Network)).not.toEqual(states[indexOf(others, 'min')]);
  });

  it('is refused for a false option best, which says what it must be', async () => {
    const { directory } = training();
    const path = join(directory, readdirSync(directory).sort().at(-1) as string);
    const before = readFileSync(path);
    for (const text of ['{"monitor":1,"mode":"min"}', '{"monitor":"loss","mode":"less"}', 'null', '[]']) {
      writeFileSync(
        path,
        forged(before, (_, metadata) => Object.assign(metadata, { 'blasnet.best': text })),
      );
      expect((await rejectionOf(Network.loadBest(directory))).message).toContain(
        `Expected "blasnet.best" of the metadata of "${path}" to be fit's option best, got ${JSON.stringify(text)}`,
      );
    }
  });
});

describe('loadBest and loadBestSync', () => {
  const placesOf = () => {
    const { directory } = training();
    const file = join(directory, 'checkpoint-000001.safetensors');
    return { directory, file, none: join(directory, 'none'), empty: newFolder(), number: 7 };
  };
  const table: [
    what: string,
    place: keyof ReturnType<typeof placesOf>,
    options: object,
    kind: typeof Error,
    code: string,
    message: string,
  ][] = [
    [
      'a series that does not exist',
      'directory',
      { monitor: 'val_loss' },
      RangeError,
      'ERR_BLASNET_UNKNOWN_NAME',
      "Expected monitor to be one of 'loss', 'accuracy', 'valLoss', 'valAccuracy', 'valRocAuc', " +
        'got "val_loss" (string); did you mean "valLoss"?',
    ],
    [
      'a mode that does not exist',
      'directory',
      { mode: 'least' },
      RangeError,
      'ERR_BLASNET_UNKNOWN_NAME',
      `Expected mode to be one of 'min', 'max', got "least" (string)`,
    ],
    [
      'a number for the series',
      'directory',
      { monitor: 1 },
      TypeError,
      'ERR_BLASNET_ARG_TYPE',
      'Expected monitor to be the name of a series, got 1 (number)',
    ],
    [
      'a word for skipDamaged',
      'directory',
      { skipDamaged: 'yes' },
      TypeError,
      'ERR_BLASNET_ARG_TYPE',
      'Expected skipDamaged to be true or false, got "yes" (string)',
    ],
    [
      'an unknown option',
      'directory',
      { metric: 'loss' },
      TypeError,
      'ERR_BLASNET_UNKNOWN_OPTION',
      expect.stringMatching(
        /^Unknown option "metric"; known: steps, verifyChecksum, monitor, mode, skipDamaged/,
      ),
    ],
    [
      'a number for the folder',
      'number',
      {},
      TypeError,
      'ERR_BLASNET_ARG_TYPE',
      'Expected folder to be a non-empty path without null characters or a file: URL, got 7 (number)',
    ],
    [
      'a file',
      'file',
      {},
      Error,
      'ERR_BLASNET_FILE',
      "Expected the content of PATH to be a training's checkpoints, got no folder; Network.load reads a file",
    ],
    [
      'a folder that is not there',
      'none',
      {},
      Error,
      'ERR_BLASNET_FILE',
      "Expected the content of PATH to be a training's checkpoints, got no folder; Network.load reads a file",
    ],
    [
      'an empty folder',
      'empty',
      {},
      Error,
      'ERR_BLASNET_FILE',
      "Expected the content of PATH to be a training's checkpoints, got none",
    ],
  ];

  it.each(table)('refuse %s', async (_, place, given, kind, code, message) => {
    const folder = placesOf()[place];
    for (const error of [
      thrownBy(() => Network.loadBestSync(folder as string, given)),
      await rejectionOf(Network.loadBest(folder as string, given)),
    ]) {
      const told = typeof message === 'string' ? message.replace('PATH', JSON.stringify(folder)) : message;
      expect(error).toMatchObject({ code, message: told });
      expect((error as Error).constructor).toBe(kind);
    }
  });

  it('ask for the mode of a series that the library does not compute', async () => {
    const mine = (outputs: { data: ArrayLike<number> }) => outputs.data[0] as number;
    const found = training({}, { metrics: [{ name: 'mine', compute: (_: never, Y: never) => mine(Y) }] });
    const monitor =
      Object.keys(found.history).find((name) => name.endsWith('ine') && name !== 'mine') ?? 'mine';
    const error = await rejectionOf(Network.loadBest(found.directory, { monitor }));
    expect(error).toMatchObject({
      code: 'ERR_BLASNET_ARG_VALUE',
      message: expect.stringContaining(`Expected mode to be given as 'min' or 'max'`),
    });
    await expectBest(
      found.directory,
      { monitor, mode: 'max' },
      found.states[indexOf(found.history[monitor], 'max')],
    );
  });

  it('refuse a folder whose series has no finite number', async () => {
    const folder = newFolder();
    const net = make();
    net.fitSync(X, Y, { ...options, epochs: 1, checkpoint: { directory: folder } });
    const one = join(folder, 'checkpoint-000001.safetensors');
    const change = (_: unknown, metadata: Record<string, string>) => {
      metadata['blasnet.checkpoint'] = '{"epoch":1,"loss":1,"valLoss":null}';
    };
    writeFileSync(one, forged(readFileSync(one), change));
    const error = await rejectionOf(Network.loadBest(folder, { monitor: 'valLoss' }));
    expect(error.message).toMatch(/valLoss/);
    expect(error.code).toMatch(/^ERR_BLASNET_/);
  });

  it('end with an AbortError when the signal says so', async () => {
    const signal = AbortSignal.abort();
    await expect(Network.loadBest(training().directory, { signal })).rejects.toMatchObject({
      name: 'AbortError',
    });
  });
});
