// Several copies of the library in one process: two folders, two versions, workers, and one file loaded twice, after
// the module cache was emptied or in another context. All use the prebuilt addon, which contains its own OpenBLAS.

import { join } from 'node:path';
import { expect, test } from 'vitest';
import { runScript } from '../network/child.js';
import { installed, packed } from './helpers.mjs';

/** The scripts below share this training, which is large enough to use OpenBLAS. It returns the parameters as text. */
const prelude = `
  const layers = [
    { inputDim: 2, outputDim: 600, activation: 'relu' },
    { outputDim: 500, activation: 'tanh' },
    { outputDim: 1, activation: 'sigmoid' },
  ];
  const digest = (net) =>
    require('node:crypto').createHash('sha256').update(net.parameters.W2.data).update(net.parameters.W1.data).digest('hex');
  async function train({ Network, makeMoons, adam }, epochs = 3) {
    const { X, Y } = makeMoons({ samples: 300, noise: 0.2, seed: 1 });
    const net = new Network(layers, { seed: 1 });
    await net.fit(X, Y, { epochs, batchSize: 100, optimizer: adam() });
    return digest(net);
  }
`;

/** Returns the JSON that a script prints; expects its process to end by itself and print nothing else. */
async function printed(script: string, flags: string[] = []): Promise<unknown> {
  const { stdout, ...ended } = await runScript(prelude + script, { flags });
  expect(ended).toEqual({ code: 0, signal: null, stderr: '' });
  return JSON.parse(stdout);
}

const alone = (root: string) =>
  printed(`train(require(${JSON.stringify(root)})).then((it) => console.log(JSON.stringify(it)))`);

test('two versions, in the main thread and in workers, train at the same time', async () => {
  const roots = [installed(), packed('98.7.6'), installed()];
  const info = (await printed(`
    const roots = ${JSON.stringify(roots)};
    const { Worker } = require('node:worker_threads');
    const both = async () =>
      Promise.all(roots.map(async (root) => [require(root).buildInfo(), await train(require(root))]));
    const source = ${JSON.stringify(prelude)} + 'const roots = ' + JSON.stringify(roots) + ';(' + both + ')()' +
      '.then((it) => require("node:worker_threads").parentPort.postMessage(it))';
    const inWorker = () => new Promise((resolve, reject) => {
      new Worker(source, { eval: true }).once('message', resolve).once('error', reject);
    });
    Promise.all([both(), inWorker(), inWorker()]).then((it) => console.log(JSON.stringify(it.flat())));
  `)) as [{ version: string; file: string; prebuilt: boolean }, string][];
  const digest = await alone(roots[0] as string);
  expect(info.map(([, trained]) => trained)).toEqual(Array(9).fill(digest));
  const [own] = info.map(([{ version }]) => version);
  expect(own).not.toBe('98.7.6');
  expect(info.map(([{ version }]) => version)).toEqual([0, 1, 2].flatMap(() => [own, '98.7.6', own]));
  expect(info.every(([{ prebuilt }]) => prebuilt)).toBe(true);
  for (const [i, [{ file }]] of info.entries())
    expect(file.startsWith(join(roots[i % 3] as string, '/'))).toBe(true);
});

test('a copy whose four workers are terminated during their trainings continues in the main thread', async () => {
  const root = installed();
  const result = await printed(`
    const { Worker } = require('node:worker_threads');
    const library = require(${JSON.stringify(root)});
    const source = ${JSON.stringify(prelude)} + \`
      const { Network, makeMoons } = require(${JSON.stringify(root)});
      const { X, Y } = makeMoons({ samples: 300, noise: 0.2, seed: 1 });
      const net = new Network(layers, { seed: 1 });
      const before = digest(net);
      net.fit(X, Y, { epochs: 1e9 });
      (function wait() {
        if (digest(net) === before) setImmediate(wait);
        else require('node:worker_threads').parentPort.postMessage('under way');
      })();\`;
    async function main() {
      const workers = [1, 2, 3, 4].map(() => new Worker(source, { eval: true }));
      const training = train(library, 10);
      await Promise.all(workers.map((worker) => new Promise((resolve, reject) => {
        worker.once('message', resolve).once('error', reject);
      })));
      const codes = await Promise.all(workers.map((worker) => worker.terminate()));
      console.log(JSON.stringify([codes, await training === await train(library, 10)]));
    }
    main();
  `);
  expect(result).toEqual([[1, 1, 1, 1], true]);
});

test('copies that are required again after require.cache was emptied, as test runners do, train alike', async () => {
  const root = installed();
  const result = await printed(`
    const root = ${JSON.stringify(root)};
    async function main() {
      const libraries = [];
      const trainings = [];
      for (let i = 0; i < 4; i++) {
        const library = require(root);
        libraries.push(library);
        trainings.push(train(library));
        for (const file of Object.keys(require.cache)) delete require.cache[file];
      }
      const digests = await Promise.all(trainings);
      const again = await Promise.all(libraries.map((library) => train(library)));
      console.log(JSON.stringify([new Set(libraries).size, ...new Set([...digests, ...again])]));
    }
    main();
  `);
  expect(result).toEqual([4, await alone(root)]);
});

test('copies in different contexts, with different typed arrays, train alike', async () => {
  const root = installed();
  const result = await printed(`
    const root = ${JSON.stringify(root)};
    const { readFileSync } = require('node:fs');
    const { join } = require('node:path');
    const vm = require('node:vm');
    /** Like Jest, runs the module's code in the context, with the addon and Node's modules from outside. */
    function load() {
      const file = join(root, 'dist/index.js');
      // The globals that Jest gives to its contexts.
      const context = vm.createContext({ process, AbortSignal, setImmediate, setTimeout, clearTimeout, performance, ArrayBuffer });
      const module = { exports: {} };
      const parameters = ['module', 'exports', 'require', '__filename', '__dirname'];
      const wrapper = vm.compileFunction(readFileSync(file, 'utf8'), parameters, { filename: file, parsingContext: context });
      wrapper(module, module.exports, require('node:module').createRequire(file), file, join(root, 'dist'));
      return { library: module.exports, run: (code) => vm.runInContext(code, context) };
    }
    async function main() {
      const contexts = [load(), load()];
      const digests = await Promise.all(contexts.map(({ library }) => train(library)));
      const { library: { Network }, run } = contexts[0];
      const net = new Network(run("[{ inputDim: 2, outputDim: 1, activation: 'sigmoid' }]"), run('({ seed: 1 })'));
      const X = run('new Float64Array(200)');
      const fit = net.fit(X, run('new Float64Array(100)'), run('({ epochs: 200 })'));
      try {
        structuredClone(X.buffer, { transfer: [X.buffer] });
      } catch {} // Node 20 makes a copy, others refuse
      await fit;
      let outer = 'taken'; // arrays of another realm are known by what they hold
      try {
        await net.fit(new Float64Array(200), new Float64Array(100), run('({ epochs: 1 })'));
      } catch ({ code }) {
        outer = code;
      }
      console.log(JSON.stringify([...new Set(digests), X.length, outer]));
    }
    main();
  `);
  expect(result).toEqual([await alone(root), 200, 'taken']);
});
