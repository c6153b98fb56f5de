// crossValidate and search in worker processes: equal results, dead workers, errors, aborts and what cannot be sent.

import { readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { describe, expect, it } from 'vitest';
import { mpi } from '../../lib/distributed/index';
import { sgd } from '../../lib/index';
import {
  Classifier,
  choice,
  crossValidate,
  logUniform,
  Regressor,
  search,
  Table,
} from '../../lib/tabular/index';
import { killedAfter } from '../network/child';

// The numbers of the workers' processes are read from /proc.
const isLinux = process.platform === 'linux';

const table = Table.from(
  Array.from({ length: 90 }, (_, i) => ({
    a: 2 * Math.sin(1.3 * i),
    b: i % 11 === 0 ? null : Math.cos(0.7 * i),
    city: ['Köln', 'Łódź', null, 'Paris'][i % 4] as string | null,
    old: i % 3 === 0,
    since: new Date(86_400_000 * i),
    left: Math.sin(1.3 * i) + Math.cos(0.7 * i) > 0.1 ? 'yes' : 'no',
  })),
);
const options = { target: 'left', folds: 3, hidden: [8], epochs: 6, seed: 3 } as const;

/** All values of a table but the times that were measured. */
function valuesOf(given: Table): unknown {
  return given.names.filter((name) => name !== 'seconds').map((name) => [name, given.column(name).toArray()]);
}

/** The parent of a worker that runs; undefined if no worker has this number. */
function parentOf(pid: number): number | undefined {
  try {
    const [state, parent] = readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ');
    const isOne = readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('trial-worker.js');
    return isOne && state !== 'Z' ? Number(parent) : undefined;
  } catch {
    return undefined;
  }
}

const isWorker = (pid: number) => parentOf(pid) !== undefined;

/** The workers of a process. */
function workersOf(parent: number): number[] {
  return readdirSync('/proc')
    .map(Number)
    .filter((pid) => parentOf(pid) === parent);
}

function killWorkers(): number {
  const pids = workersOf(process.pid);
  for (const pid of pids) process.kill(pid, 'SIGKILL');
  return pids.length;
}

describe('crossValidate', () => {
  it('gives the same results with any number of workers as without', async () => {
    const found = [];
    for (const workers of [undefined, 1, 3]) {
      const how = workers === undefined ? {} : { workers };
      const result = await crossValidate(Classifier, table, { ...options, ...how, keepModels: true });
      found.push({
        table: valuesOf(result.table),
        predictions: valuesOf(result.predictions),
        probabilities: valuesOf(result.probabilities as Table),
        folds: result.folds.map(({ seconds: _, ...fold }) => [fold, `${fold.evaluation}`]),
        models: result.models.map((model) => model.predictSync(table)),
        text: `${result}`,
      });
    }
    expect(found[1]).toEqual(found[0]);
    expect(found[2]).toEqual(found[0]);
  });

  it('gives a Regressor of several targets the same results, too', async () => {
    const given = {
      target: ['a', 'b'],
      missingTarget: 'drop',
      folds: 2,
      hidden: [4],
      epochs: 2,
      seed: 1,
    } as const;
    const here = await crossValidate(Regressor, table, given);
    const there = await crossValidate(Regressor, table, {
      ...given,
      workers: 2,
      threads: 2,
      priority: 'low',
    });
    expect(valuesOf(there.table)).toEqual(valuesOf(here.table));
    expect(valuesOf(there.predictions)).toEqual(valuesOf(here.predictions));
  });

  it.skipIf(!isLinux)('gives the same results when workers are killed in the middle', async () => {
    const whole = await crossValidate(Classifier, table, { ...options, repeats: 2 });
    let killed = 0;
    let ended = 0;
    const result = await crossValidate(Classifier, table, {
      ...{ ...options, repeats: 2, workers: 2 },
      onFoldEnd: () => {
        if (++ended === 2) killed = killWorkers();
      },
    });
    expect(killed).toBeGreaterThan(0);
    expect(valuesOf(result.table)).toEqual(valuesOf(whole.table));
    expect(valuesOf(result.predictions)).toEqual(valuesOf(whole.predictions));
  });

  it.skipIf(!isLinux)('fails by a name when its workers die again and again', async () => {
    let over = false;
    const end = crossValidate(Classifier, table, { ...options, epochs: 100_000, workers: 1 }).finally(() => {
      over = true;
    });
    const error = end.catch((reason: unknown) => reason);
    while (!over) {
      killWorkers();
      await new Promise(setImmediate);
    }
    expect(await error).toMatchObject({
      code: 'ERR_BLASNET_WORKER',
      message: expect.stringMatching(/^In fold 1: Cannot run the training: .*SIGKILL/),
      folds: [],
    });
  });

  it('rejects with the error of a fold, which is that without workers', async () => {
    const wild = sgd({ learningRate: 1e30 });
    const target = { target: 'a', folds: 2, hidden: [4], epochs: 3, seed: 1, optimizer: wild } as const;
    const here = await crossValidate(Regressor, table, { ...target, parallel: 1 }).catch(
      (error: unknown) => error,
    );
    const there = await crossValidate(Regressor, table, { ...target, workers: 1 }).catch(
      (error: unknown) => error,
    );
    expect(here).toBeInstanceOf(RangeError);
    const { message, code } = here as Error & { code: string };
    expect(there).toMatchObject({ message, code, folds: [] });
    expect(there).toBeInstanceOf(RangeError);
  });

  it('ends its workers when its signal is aborted, and leaves no file', async () => {
    const before = readdirSync(tmpdir()).filter((name) => name.startsWith('blasnet-')).length;
    const controller = new AbortController();
    const call = crossValidate(Classifier, table, {
      ...{ ...options, workers: 2, signal: controller.signal },
      onFoldEnd: () => controller.abort(new Error('enough')),
    });
    await expect(call).rejects.toMatchObject({ name: 'AbortError', folds: [{ fold: expect.any(Number) }] });
    if (isLinux) expect(workersOf(process.pid)).toEqual([]);
    expect(readdirSync(tmpdir()).filter((name) => name.startsWith('blasnet-')).length).toBeLessThanOrEqual(
      before + 1,
    );
  });

  it.skipIf(!isLinux)('leaves no worker behind when its process is killed', async () => {
    const script = `
      const processes = require('node:child_process');
      const { fork } = processes;
      const pids = [];
      processes.fork = (...given) => {
        const child = fork(...given);
        pids.push(child.pid);
        return child;
      };
      const { Classifier, crossValidate } = require(process.argv[1] + '/dist/tables.js');
      const rows = Array.from({ length: 60 }, (_, i) => ({ a: i % 7, y: i % 2 ? 'yes' : 'no' }));
      let ended = 0;
      crossValidate(Classifier, rows, {
        target: 'y', folds: 30, epochs: 50, hidden: [8], workers: 2,
        onFoldEnd: () => { if (++ended === 4) console.log(pids.join()); },
      });`;
    const [line = ''] = await killedAfter(1, script, process.cwd());
    const pids = line.split(',').map(Number);
    expect(pids.length).toBe(2);
    while (pids.some(isWorker)) await new Promise(setImmediate);
  });
});

describe('search', () => {
  const space = {
    hidden: choice([[4], [8]]),
    optimizer: { name: 'adam' as const, learningRate: logUniform(1e-4, 1e-1) },
    epochs: 6,
  };
  const given = { target: 'left', space, trials: 5, folds: 2, seed: 2, refit: 'bag' } as const;

  it('finds the same with workers as without', async () => {
    const found = [];
    for (const workers of [undefined, 3]) {
      const how = workers === undefined ? {} : { workers };
      const result = await search(Classifier, table, { ...given, ...how });
      found.push([valuesOf(result.table), result.bag?.predictSync(table), result.best.drawn]);
    }
    expect(found[1]).toEqual(found[0]);
  });

  it.skipIf(!isLinux)(
    'finds the same by halving when workers with trainings that wait are killed',
    async () => {
      const whole = await search(Classifier, table, { ...given, method: 'halving', refit: false });
      let killed = 0;
      const result = await search(Classifier, table, {
        ...{ ...given, method: 'halving', refit: false, workers: 2 },
        onTrialEnd: () => {
          if (killed === 0) killed = killWorkers();
        },
      });
      expect(killed).toBeGreaterThan(0);
      expect(valuesOf(result.table)).toEqual(valuesOf(whole.table));
    },
  );

  it('tests with a table of its own, and goes on after trials that fail', async () => {
    const wild = { ...given, refit: true, folds: undefined, trials: 6 } as const;
    const own = {
      hidden: [4],
      epochs: 2,
      optimizer: { name: 'sgd' as const, learningRate: choice([1e-2, 1e30]) },
    };
    const call = (how: object) =>
      search(Regressor, table, {
        ...{ target: 'a', space: own, trials: wild.trials, seed: 4, validation: table.slice(60) },
        ...how,
      });
    const [here, there] = [await call({}), await call({ workers: 2 })];
    expect(new Set(here.trials.map(({ state }) => state))).toEqual(new Set(['finished', 'failed']));
    expect(valuesOf(there.table)).toEqual(valuesOf(here.table));
    expect(there.model?.predictSync(table)).toEqual(here.model?.predictSync(table));
  });
});

describe('what cannot be sent', () => {
  const bad = [
    [
      'callbacks',
      { callbacks: () => true },
      'ERR_BLASNET_ARG_TYPE',
      /^Expected callbacks to be left out with workers/,
    ],
    [
      'functions inside options',
      { callbacks: { onEpochEnd: () => true } },
      'ERR_BLASNET_ARG_TYPE',
      /^Expected callbacks.onEpochEnd to be left out with workers, since it cannot be sent to another process, got/,
    ],
    [
      'objects of classes',
      { validationData: table },
      'ERR_BLASNET_ARG_TYPE',
      /^Expected validationData to be plain data/,
    ],
    [
      'parallel',
      { parallel: 2 },
      'ERR_BLASNET_ARG_VALUE',
      /^Expected parallel to be left out with workers, got 2/,
    ],
    ['no workers', { workers: 0 }, 'ERR_BLASNET_ARG_VALUE', /^Expected workers to be a positive integer/],
  ] as const;
  it.each(bad)('workers are refused with %s', async (_, more, code, message) => {
    const call = crossValidate(Classifier, table, { ...options, workers: 2, ...(more as object) });
    await expect(call).rejects.toMatchObject({ code, message: expect.stringMatching(message) });
  });

  it('a group of one rank trains in this process, and what is no group is refused', async () => {
    const alone = await mpi();
    const here = await crossValidate(Classifier, table, options);
    const there = await crossValidate(Classifier, table, {
      ...options,
      distributed: alone,
    });
    expect(valuesOf(there.predictions)).toEqual(valuesOf(here.predictions));
    for (const [more, code, message] of [
      [
        { distributed: alone, workers: 2 },
        'ERR_BLASNET_ARG_VALUE',
        /^Expected workers to be left out with distributed, got 2/,
      ],
      [
        { distributed: alone, parallel: 2 },
        'ERR_BLASNET_ARG_VALUE',
        /^Expected parallel to be left out with distributed, got 2/,
      ],
      [
        { distributed: { group: alone } },
        'ERR_BLASNET_ARG_TYPE',
        /^Expected distributed to be the group that mpi\(\)/,
      ],
      [{ distributed: 3 }, 'ERR_BLASNET_ARG_TYPE', /^Expected distributed to be a group of ranks/],
    ] as const) {
      const call = crossValidate(Classifier, table, { ...options, ...(more as object) });
      await expect(call).rejects.toMatchObject({ code, message: expect.stringMatching(message) });
    }
  });

  it('a function in the space of a search is refused by its name', async () => {
    const space = { epochs: choice([1, 2]), schedule: () => 0.1 };
    const call = search(Classifier, table, { target: 'left', space, workers: 2 } as never);
    await expect(call).rejects.toMatchObject({
      code: 'ERR_BLASNET_ARG_TYPE',
      message: expect.stringMatching(/^Expected space\.schedule to be left out with workers/),
    });
  });
});
