// The tables of docs/files.md, serving.md, errors.md, functional.md, install.md and speed.md agree with the library,
// and the figures agree with bench/results/.

import { describe, expect, test } from 'vitest';
import { errorClasses } from '../../lib/base/errors.js';
import { CheckpointStore } from '../../lib/formats/checkpoints.js';
import * as functional from '../../lib/functional.js';
import { buildInfo, type FitOptions, type Matrix, Network } from '../../lib/index.js';
import { Cadence } from '../../lib/training/cadence.js';
import { overrideNames } from '../../lib/training/fingerprint.js';
import { targets } from '../../scripts/release/targets.mjs';
import {
  codeIn,
  codeOf,
  namesIn,
  optionsOf,
  optionsTaken,
  pages,
  type Row,
  read,
  tableOf,
  toldDefaults,
} from './markdown.js';

const X = [[1], [2]];
const net = new Network([{ inputDim: 1, outputDim: 1, activation: 'linear' }], { seed: 1 });
const train = (options: FitOptions) => net.fit(X, X, options);

describe('docs/files.md', () => {
  test('checkpoints have the options and defaults in the table', async () => {
    const told = optionsOf('docs/files.md', 'Option of checkpoint');
    const taken = await optionsTaken((checkpoint) => train({ epochs: 1, checkpoint }));
    expect([...told.keys()].sort()).toEqual(taken.sort());
    const { everyEpochs, overwrite, ...defaults } = toldDefaults(told);
    expect(overwrite).toBe(false);
    expect(new CheckpointStore({ directory: 'checkpoints' })).toMatchObject(defaults);
    expect(defaults).toEqual({ keepLast: 3 });
    expect(everyEpochs).toBe(1);
    expect(new Cadence({}, 0).due(1, 0)).toBe(true);
    const best = (options: never) =>
      train({ epochs: 1, checkpoint: { directory: 'checkpoints', best: options } });
    expect(await optionsTaken(best)).toEqual(['monitor', 'mode']);
  });

  test('resume takes the options of fit, skipDamaged, steps and override', async () => {
    const taken = await optionsTaken((options) => Network.resume('checkpoints', X, X, options));
    expect(taken).toEqual([...(await optionsTaken(train)), 'skipDamaged', 'steps', 'override']);
  });

  test('every name in override has its row', () => {
    const rows = tableOf('docs/files.md', 'Name in override');
    expect(rows.flatMap((row) => codeIn(row['Name in override'] as string)).sort()).toEqual(
      [...overrideNames].sort(),
    );
  });

  test('every option of fit is said to be equal or free in a resumed training', async () => {
    const rows = tableOf('docs/files.md', 'Must be equal, and is compared, unless `override` names it');
    const named = new Set(rows.flatMap((row) => Object.values(row).flatMap(codeIn)));
    // The user gives the functions of callbacks and metrics; the names of metrics are compared as the names of series.
    const inWords = ['callbacks', 'metrics'];
    const options = (await optionsTaken(train)).filter((option) => !inWords.includes(option));
    expect(options.filter((option) => !named.has(option))).toEqual([]);
  });
});

describe('docs/serving.md', () => {
  const page = 'docs/serving.md';

  test('the methods in the table are there', () => {
    const rows = tableOf(page, 'Asynchronous');
    const names = rows.flatMap((row) => [
      ...codeIn(row.Asynchronous as string),
      ...codeIn(row['On the calling thread'] as string),
    ]);
    const missing = names.filter(
      (name) => !(name.replace('Network.', '') in (name.startsWith('Network.') ? Network : net)),
    );
    expect(missing).toEqual([]);
  });

  test('the methods have the options in the table', async () => {
    const rows = tableOf(page, 'Method with options');
    const told = rows.flatMap((row) =>
      codeIn(row['Method with options'] as string).map(
        (name) => [name, codeIn(row.Options as string)] as const,
      ),
    );
    const ofMembers = new Network([{ inputDim: 1, outputDim: 1, activation: 'tanh', members: 2 }]);
    const calls: Record<string, (unknown: never) => unknown> = {
      predict: (unknown) => net.predict(X, unknown),
      classify: (unknown) => net.predict(X, unknown), // it passes its options to predict
      evaluate: (unknown) => net.evaluate(X, X, unknown),
      evaluateSync: (unknown) => net.evaluateSync(X, X, unknown),
      gradients: (unknown) => net.gradients(X, X, unknown),
      selectMembers: (unknown) => ofMembers.selectMembers(1, X, X, unknown),
      save: (unknown) => net.save('model', unknown),
      toBytes: (unknown) => net.toBytes(unknown),
      cloneAsync: (unknown) => net.cloneAsync(unknown),
      'Network.load': (unknown) => Network.load('model', unknown),
      'Network.fromBytes': (unknown) => Network.fromBytes(new Uint8Array(8), unknown),
      'Network.loadSync': (unknown) => Network.loadSync('model', unknown),
      'Network.fromBytesSync': (unknown) => Network.fromBytesSync(new Uint8Array(8), unknown),
      'Network.loadBest': (unknown) => Network.loadBest('folder', unknown),
      'Network.loadBestSync': (unknown) => Network.loadBestSync('folder', unknown),
    };
    expect(told.map(([name]) => name)).toEqual(Object.keys(calls));
    for (const [name, options] of told) {
      expect(options.sort(), name).toEqual((await optionsTaken(calls[name] as never)).sort());
    }
  });

  test('a predictor has the members and the default in the table', async () => {
    const predictor = net.predictor();
    expect(await optionsTaken((options) => net.predictor(options))).toEqual(['maxBatch', 'preprocessed']);
    expect(predictor.input.rows).toBe(1);
    const [, ...members] = tableOf(page, 'Member of a Predictor').map(
      (row) => codeIn(row['Member of a Predictor'] as string)[0],
    );
    for (const member of members) expect(predictor).toHaveProperty((member as string).replace(/\(.*/, ''));
  });
});

describe('docs/errors.md', () => {
  test('the table has every code, with its class', () => {
    const told = tableOf('docs/errors.md', 'Code').map((row) => [codeOf(row, 'Code'), codeOf(row, 'Class')]);
    const codes = Object.entries(errorClasses).map(([code, { name }]) => [code, name]);
    expect(told.sort()).toEqual(codes.sort());
  });

  test('no page names a code that does not exist', () => {
    const named = pages.flatMap((page) => read(page).match(/ERR_BLASNET_\w+/g) ?? []);
    expect(named.filter((code) => !(code in errorClasses))).toEqual([]);
  });
});

describe('docs/functional.md', () => {
  const page = 'docs/functional.md';
  const layers = [{ inputDim: 1, outputDim: 1, activation: 'sigmoid' }] as const;

  test('the table has every function, with its parameters', () => {
    const told = namesIn(page, 'Function').map((code) => code.replace(/\(.*/, ''));
    expect(told.sort()).toEqual(Object.keys(functional).sort());
  });

  test('the parameters in the table are those of the functions', () => {
    const sources: Record<string, { toString(): string }> = functional;
    for (const code of namesIn(page, 'Function')) {
      const [, name = '', told = ''] = /^(\w+)\((.*)\)$/.exec(code) ?? [];
      const [, parameters = ''] = /^function \w+\(([^)]*)\)/.exec(String(sources[name])) ?? [];
      const names = parameters.split(',').map((parameter) => parameter.replace(/=.*/, '').trim());
      expect(told.split(', '), name).toEqual(names);
    }
  });

  test('train has the options in the table, and the seed of initLayers is the one on the page', async () => {
    const told = optionsOf(page, 'Option of train');
    const matrix = net.parameters.W1 as Matrix;
    const taken = await optionsTaken((options) => functional.train(matrix, matrix, layers, 1, 0.1, options));
    expect([...told.keys()]).toEqual(taken);
    expect(toldDefaults(told)).toEqual({ verbose: false });
    const [row] = tableOf(page, 'Function').filter((other) => other.Function?.includes('initLayers'));
    const [, seed] = /the seed is (\d+) by default/.exec(row?.Result ?? '') ?? [];
    expect(functional.initLayers(layers)).toEqual(functional.initLayers(layers, Number(seed)));
  });
});

describe('docs/install.md', () => {
  test('the platforms are the targets of a release', () => {
    const systems: Record<string, string> = { Linux: 'linux', macOS: 'darwin', Windows: 'win32' };
    const told = tableOf('docs/install.md', 'Platform').map((row) => {
      const [system = '', arch, libc] = (row.Platform as string).split(/,? /);
      return [systems[system], arch, libc].filter(Boolean).join('-');
    });
    expect(told.sort()).toEqual(targets.map(({ name }) => name).sort());
  });

  test('the fields of buildInfo are those in the table', () => {
    expect(namesIn('docs/install.md', 'Field')).toEqual(Object.keys(buildInfo()));
  });

  test('the versions of Bun and Deno are those that are tested, and Node the oldest that is supported', () => {
    const [, bun, deno] = /bun: '(.+)', deno: '(.+)'/.exec(read('scripts/runtimes.mjs')) ?? [];
    expect(read('docs/install.md').replace(/\s+/g, ' ')).toContain(`Bun ${bun} and Deno ${deno}`);
    const { engines } = JSON.parse(read('package.json')) as { engines: { node: string } };
    const node = `every version of Node from ${engines.node.replace('>=', '')} on`;
    for (const page of ['README.md', 'docs/install.md'])
      expect(read(page).replace(/\s+/g, ' ')).toContain(node);
  });
});

describe('figures', () => {
  // Lines of the results: case, variant, threads, ours, rival, ratio.
  const results = ['2026-11-23', '2026-11-29-rows', '2026-11-30']
    .flatMap((name) => read(`bench/results/${name}.md`).split('\n'))
    .filter((line) => line.startsWith('|'))
    .map((line) => line.split('|').map((cell) => cell.trim()));

  const rivals: Record<string, string> = { 'ONNX Runtime': 'onnxruntime-node' };

  /** Whether a figure equals the other one, rounded to the figure's number of digits. */
  function isRounded(told: string, measured: number): boolean {
    const number = told.replace(/,/g, '');
    const [, decimals = ''] = number.split('.');
    return Math.abs(Number(number) - measured) <= 0.5 * 10 ** -decimals.length + 1e-9;
  }

  test.each([
    ...tableOf('README.md', 'Case').map((row) => ({ page: 'README.md', ...row })),
    ...tableOf('docs/speed.md', 'Case').map((row) => ({ page: 'docs/speed.md', ...row })),
    ...tableOf('docs/speed.md', 'Work').map((row) => ({ page: 'docs/speed.md', Case: row.Work, ...row })),
  ])('$page has a measured figure for $Case beside $Rival', (row: Row) => {
    const [, ours = '', unit, threads] = /^([\d.,]+) (\S+) \((\d)\)$/.exec(row.blasnet ?? '') ?? [];
    const [, rival = '', theirs = ''] = /^(.+) ([\d.,]+) \S+$/.exec(row.Rival ?? '') ?? [];
    expect(row.Rival?.endsWith(` ${unit}`)).toBe(true);
    const number = (text: string | undefined) => Number(/^[\d.,]+/.exec(text ?? '')?.[0]?.replace(/,/g, ''));
    const found = results.filter(([, , , usedThreads, measured, other, ratio]) => {
      const [, name, value] = /^(.+?)(?: \(\d\))?: (.+)$/.exec(other ?? '') ?? [];
      return (
        usedThreads?.startsWith(threads as string) &&
        measured?.includes(`) ${unit}`) &&
        number(measured) === number(ours) &&
        name === (rivals[rival] ?? rival) &&
        number(value) === number(theirs) &&
        isRounded((row.Ratio as string).replace('x', ''), number(ratio))
      );
    });
    expect(found.length).toBeGreaterThan(0);
  });

  test.each(tableOf('docs/speed.md', 'Option'))('the cost of $Option is the one that was measured', (row) => {
    const networks = { "Article's network": 'moons, ', '784-128-64-10': '784-128-64-10, ' };
    for (const [column, prefix] of Object.entries(networks)) {
      const [line, ...others] = results.filter(
        ([, , variant, , measured]) =>
          variant?.startsWith(prefix) &&
          variant.endsWith(`: ${row.Option}`) &&
          measured?.includes('times as long'),
      );
      expect(others).toEqual([]);
      const told = (row[column] as string).replace('x', '');
      expect(isRounded(told, Number.parseFloat(line?.[4] as string)), `${column}: ${line?.[4]}`).toBe(true);
    }
  });
});
