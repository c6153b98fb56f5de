// What stands in a standalone module: only what it needs, and no code of anybody who gave a name.

import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import fc from 'fast-check';
import type { Browser } from 'playwright-core';
import ts from 'typescript-5.4';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { labelEncoder, Network, preprocessing, standardScaler } from '../../lib';
import { workHere } from '../../lib/addon/work';
import { networkModule } from '../../lib/interop/standalone/network-module';
import { Classifier, type LabelsClassifier, Regressor } from '../../lib/tabular';
import { launchBrowser } from '../support/browser';
import { newFolder } from '../support/scratch';
import { inPlainNode } from './plain-node';
import { caseOf } from './random-networks';

/** The text of a module. */
async function textOf(model: Pick<Network, 'exportBytes'>): Promise<string> {
  return Buffer.from(await model.exportBytes({ format: 'module' })).toString();
}

/** Eight columns of every kind, with gaps. */
const records = Array.from({ length: 1000 }, (_, i) => {
  const x = Math.sin(i * 12.9898) * 2;
  const city = ['Rome', 'Paris', 'Łódź', 'Oslo'][(i * 7) % 4] as string;
  return {
    age: i % 11 === 0 ? null : 40 + Math.round(20 * x),
    income: 1000 * Math.exp(Math.cos(i * 7.7)),
    city: i % 13 === 0 ? null : city,
    street: `street ${i % 40}`,
    member: i % 5 === 0 ? null : i % 3 === 0,
    since: new Date(Date.UTC(2020, 0, 1 + (i % 900))),
    visits: i % 6,
    colour: i % 2 === 0 ? 'red' : 'blue',
    left: x + (city === 'Rome' ? 0.4 : 0) > 0.2 ? 'yes' : 'no',
  };
});
let classifier: Classifier;

beforeAll(async () => {
  classifier = await Classifier.train(records, { target: 'left', epochs: 12, hidden: [16], seed: 1 });
});

test('the module of a Classifier gives 1,000 records of eight columns the labels and probabilities of the model', async () => {
  const folder = newFolder();
  const file = join(folder, 'model.mjs');
  await classifier.export(file);
  const [labels, probabilities] = await inPlainNode(folder, [
    { file, name: 'predict', argument: records },
    { file, name: 'probabilities', argument: records },
  ]);
  expect(labels?.value).toEqual(await classifier.predict(records));
  const expected = (await classifier.probabilities(records)).toRecords() as Record<string, number>[];
  const got = probabilities?.value as Record<string, number>[];
  const differences = got.map((shares, i) => Math.abs((shares.yes as number) - (expected[i]?.yes as number)));
  expect(Math.max(...differences)).toBeLessThan(1e-6);
});

describe('the text of a module', () => {
  test('has no word that needs a platform or makes code of texts', async () => {
    const models = [classifier, ...Array.from({ length: 12 }, (_, seed) => caseOf(seed).network)];
    for (const model of models) {
      const text = (await textOf(model)).replace(/^ {2}'[\w+/=]+',$/gm, '');
      expect(text).toContain('export function predict');
      expect(text).not.toMatch(
        /\b(import|require|process|Buffer|eval|Function|atob|btoa|window|document|globalThis|self)\b/,
      );
    }
  });

  test('has only functions that something in it calls', async () => {
    const models = [classifier, ...Array.from({ length: 30 }, (_, seed) => caseOf(seed).network)];
    for (const model of models) {
      const text = (await textOf(model)).replace(/\/\/.*/g, '').replace(/^ {2}'[\w+/=]+',$/gm, '');
      const names = [...text.matchAll(/^function (\w+)/gm)].map(([, name]) => name as string);
      const idle = names.filter((name) => (text.match(new RegExp(`\\b${name}\\b`, 'g')) ?? []).length < 2);
      expect(names.length).toBeGreaterThan(5);
      expect(idle).toEqual([]);
    }
  });

  test('is that of the file, and half as long with floats', async () => {
    const network = new Network([
      { inputDim: 100, outputDim: 100, activation: 'relu' },
      { outputDim: 2, activation: 'linear' },
    ]);
    const path = join(newFolder(), 'large.mjs');
    await network.export(path);
    const text = await textOf(network);
    expect(readFileSync(path, 'utf8')).toBe(text);
    const floats = await network.exportBytes({ format: 'module', dtype: 'float32' });
    expect(floats.length / text.length).toBeLessThan(0.55);
  });
});

test('a module rounds what a float32 network takes, once, after the preprocessing', async () => {
  const network = new Network([{ inputDim: 1, outputDim: 1, activation: 'linear' }], { dtype: 'float32' });
  network.parameters.W1.data[0] = 1;
  const folder = newFolder();
  const file = join(folder, 'model.mjs');
  await network.export(file);
  // The next float to this integer.
  const [result] = await inPlainNode(folder, [{ file, name: 'predict', argument: [2 ** 24 + 1] }]);
  expect(result?.value).toEqual([2 ** 24]);
  expect(network.predictSync([[2 ** 24 + 1]]).get(0, 0)).toBe(2 ** 24);
});

test('a row that begins with a gap is a row, and the gap is named', async () => {
  const network = new Network([{ inputDim: 2, outputDim: 1, activation: 'sigmoid' }], { seed: 1 });
  const folder = newFolder();
  const file = join(folder, 'model.mjs');
  await network.export(file);
  const [result] = await inPlainNode(folder, [{ file, name: 'predict', argument: [null, 1] }]);
  expect(result?.error?.message).toMatch(/^Expected row 0, column 0 to be a number \(NaN stands for/);
});

test('a network beyond the longest text of engines is refused, with what to do instead', () => {
  const outputs = 2 ** 13;
  const inputs = 2 ** 12;
  // Nothing reads these zeros, so the system gives no memory for them.
  const W = new Float64Array(inputs * outputs);
  const dense = { kind: 'dense', inputs, outputs, W, b: new Float64Array(outputs) } as const;
  const chain = { inputs, outputs, dtype: 'float64', before: [], stages: [dense], after: [] } as const;
  expect(() => workHere(networkModule(chain))).toThrow(
    "Expected a network of at most 268435456 bytes of parameters for a module, got 268500992; format: 'onnx' and save take any network",
  );
});

const hostile = fc.oneof(
  fc.constantFrom(
    ...['</script><script>globalThis.hacked = 1</script>', '<!--<script>', '*/ hacked()', '`hacked()`'],
    ...[
      "'",
      '"',
      '\\',
      '\n',
      '\r\n',
      '\u2028',
      '\u2029',
      '\u0000',
      '\ud800',
      '//',
      '__proto__',
      'constructor',
    ],
  ),
  fc.string({ unit: 'binary', maxLength: 6 }),
);

test('whatever the names of columns and classes are, a module is code without them, and its types compile', async () => {
  const names = fc.uniqueArray(hostile, { minLength: 4, maxLength: 4, selector: (name) => name });
  const folder = newFolder();
  let count = 0;
  const property = fc.asyncProperty(names, async ([column, target, ...classes]) => {
    const usual = ['a', 'b'].map((text, i) => (classes[i] === '' ? text : (classes[i] as string)));
    const given = Array.from({ length: 8 }, (_, i) =>
      Object.fromEntries([
        [column, [...usual, 'c'][i % 3]],
        [target, usual[i % 2]],
      ]),
    );
    const model = await Classifier.train(given, { target: target as string, epochs: 1, hidden: [] });
    const file = join(folder, `${count++}.mjs`);
    await model.export(file);
    const module = (await import(/* @vite-ignore */ pathToFileURL(file).href)) as {
      predict(records: readonly object[]): string[];
      probabilities(record: object): object;
      readonly target: string;
      readonly columns: readonly { readonly name: string }[];
    };
    expect([module.target, module.columns.map(({ name }) => name)]).toEqual([target, [column]]);
    expect(module.predict(given)).toEqual(await model.predict(given));
    expect(Object.keys(module.probabilities(given[0] as object)).sort()).toEqual([...usual].sort());
    const text = readFileSync(file, 'utf8');
    expect(text).not.toMatch(/<\/script|<!--/);
    const types = readFileSync(file.replace('.mjs', '.d.mts'), 'utf8');
    const { diagnostics } = ts.transpileModule(types, { reportDiagnostics: true });
    expect(diagnostics).toEqual([]);
  });
  await fc.assert(property, { numRuns: 25, seed: 1 });
  expect(globalThis).not.toHaveProperty('hacked');
});

test('the types of a module take what it takes, and refuse the rest', async () => {
  const folder = newFolder();
  const layers = [{ inputDim: 2, outputDim: 3, activation: 'softmax' }];
  const learned = preprocessing([standardScaler()]).fit([
    [0, 1],
    [2, 5],
  ]);
  const labels = labelEncoder({ classes: ['a', 'b', 'c'] });
  await new Network(layers, { preprocessing: learned, labels }).export(join(folder, 'network.mjs'));
  await classifier.export(join(folder, 'classifier.mjs'));
  const quick = { epochs: 1, hidden: [], seed: 1 };
  const regressor = await Regressor.train(records, { ...quick, target: 'income', quantiles: [0.1, 0.9] });
  await regressor.export(join(folder, 'regressor.mjs'));
  const several: LabelsClassifier = await Classifier.train(records, { ...quick, target: ['left', 'colour'] });
  await several.export(join(folder, 'labels.mjs'));
  writeFileSync(
    join(folder, 'user.mts'),
    `import * as network from './network.mjs';
import * as model from './classifier.mjs';
import * as numbers from './regressor.mjs';
import * as labels from './labels.mjs';
const outputs: number[] = network.predict([1, 2]);
const rows: number[][] = network.predict([[1, 2], new Float32Array(2)]);
const name: 'a' | 'b' | 'c' = network.classify([1, 2]);
declare const record: model.Row;
const answer: 'no' | 'yes' = model.predict({ ...record, age: null, city: 'Rome', since: '2024-01-01' });
const share: number = model.probabilities([record])[0]!.yes;
const median: number = numbers.predict({} as numbers.Row);
const low: number = numbers.quantiles({} as numbers.Row)['0.1'];
const left: 'no' | 'yes' = labels.predict({} as labels.Row).left;
const kinds: string[] = model.columns.map(({ kind }) => kind);
// @ts-expect-error: a record lacks columns
model.predict({ age: 1 });
// @ts-expect-error: a number is no text
model.predict({ ...record, city: 5 });
// @ts-expect-error: a network takes numbers
network.predict(['1', '2']);
export { answer, kinds, left, low, median, name, outputs, rows, share };
`,
  );
  const compiler = join(__dirname, '../../node_modules/typescript/bin/tsc');
  const options = ['--noEmit', '--strict', '--module', 'nodenext', '--types', '', 'user.mts'];
  const { stdout, status } = spawnSync(process.execPath, [compiler, ...options], {
    cwd: folder,
    encoding: 'utf8',
  });
  expect(stdout).toBe('');
  expect(status).toBe(0);
});

describe('a module in a browser', () => {
  let browser: Browser;

  beforeAll(async () => {
    browser = await launchBrowser();
  });

  afterAll(async () => {
    await browser?.close();
  });

  test('answers as in this process, also as a script within a page that hostile names do not leave', async () => {
    const hostileRecords = records.slice(0, 60).map(({ age, left }) => ({
      age,
      '</script><script>window.hacked = 1</script>': `</script>${left}`,
      left,
    }));
    const model = await Classifier.train(hostileRecords, { target: 'left', epochs: 2, hidden: [4], seed: 1 });
    const text = await textOf(model);
    const asked = JSON.stringify(hostileRecords).replaceAll('<', '\\u003c');
    const page = await browser.newPage();
    const complaints: string[] = [];
    page.on('pageerror', (error) => complaints.push(String(error)));
    await page.setContent(
      `<script type="module">${text}\nwindow.answers = probabilities(${asked});</script>`,
    );
    const answers = (await page.evaluate('window.answers')) as { yes: number }[];
    const expected = (await model.probabilities(hostileRecords)).toRecords() as { yes: number }[];
    for (const [i, { yes }] of answers.entries()) expect(yes).toBeCloseTo(expected[i]?.yes as number, 6);
    expect(answers.length).toBe(60);
    expect(await page.evaluate('window.hacked')).toBeUndefined();
    expect(complaints).toEqual([]);
  });

  test('computes networks as this process does, loaded as a file of its own', async () => {
    const page = await browser.newPage();
    for (const seed of [3, 8, 13, 21]) {
      const { network, numbers, categories } = caseOf(seed);
      const X = categories === undefined ? numbers : { numbers, categories };
      const rows =
        categories === undefined
          ? numbers
          : numbers.map((row, i) => ({ numbers: row, categories: categories[i] }));
      const address = `data:text/javascript,${encodeURIComponent(await textOf(network))}`;
      const finite = JSON.stringify(rows, (_, value) => (Number.isNaN(value) ? 'NaN' : value)).replaceAll(
        '"NaN"',
        'NaN',
      );
      const outputs = (await page.evaluate(
        `import(${JSON.stringify(address)}).then(({ predict }) => predict(${finite}))`,
      )) as number[][];
      const expected = network.predictSync(X);
      for (const [i, output] of outputs.flat().entries())
        expect(output).toBeCloseTo(expected.data[i] as number, 4);
    }
  });
});
