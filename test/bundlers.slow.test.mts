// Bundles a program that uses the package by the bundlers of docs/install.md, which come from npm's registry, and runs the
// bundles in another folder, when the folder where they were made is no longer there.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  realpathSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build as esbuild } from 'esbuild';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { packLocal, run } from './support/packed.mjs';
import { newFolder } from './support/scratch.js';

const bundlers = [
  ...['webpack@5.113.0', 'rollup@4.68.8', 'next@16.4.6', 'react@19.3.1', 'react-dom@19.3.1'],
  ...['@rollup/plugin-node-resolve@16.0.3', '@rollup/plugin-commonjs@29.0.3'],
];

const home = realpathSync(mkdtempSync(join(tmpdir(), 'blasnet-bundlers-')));
const away = `${home}-away`;
const installed = join(away, 'node_modules/blasnet');
afterAll(() => {
  for (const folder of [home, away]) rmSync(folder, { recursive: true, force: true });
});

const program = `
import { buildInfo, functional, makeMoons, Network } from 'blasnet';
import { initLayers } from 'blasnet/functional';
import { Batcher } from 'blasnet/serving';
import { Column } from 'blasnet/tables';

async function main() {
  const { X, Y } = makeMoons({ samples: 20, noise: 0.2, seed: 1 });
  const net = new Network([{ inputDim: 2, outputDim: 1, activation: 'sigmoid' }], { seed: 2 });
  const { loss } = await net.fit(X, Y, { epochs: 2 });
  await net.save('net.safetensors');
  const { seed } = await Network.load('net.safetensors');
  const same = functional.initLayers === initLayers;
  const [served] = await new Batcher(net, { atOnce: 0 }).predict([0.5, -1]);
  const serves = served === net.predictSync([[0.5, -1], [0.5, -1]]).get(0, 0);
  console.log(JSON.stringify({ learned: loss[1] < loss[0], seed, same, serves, tables: typeof Column, file: buildInfo().file }));
}
main();
`;
const works = { learned: true, seed: 2, same: true, serves: true, tables: 'function' };

const bundles = ['esbuild', 'webpack', 'rollup'].flatMap((bundler) =>
  ['esm', 'cjs'].map((format) => ({ bundler, format })),
);

/** What the bundlers warned of. */
const warnings: string[] = [];

beforeAll(async () => {
  writeFileSync(join(home, 'package.json'), '{ "name": "user", "private": true }');
  writeFileSync(join(home, 'program.mjs'), program);
  const options = ['--ignore-scripts', '--no-audit', '--no-fund'];
  run('npm', ['install', ...options, ...bundlers, packLocal(newHomeOf('tarball'))], home);
  for (const format of ['esm', 'cjs'] as const) {
    const { warnings: found } = await esbuild({
      entryPoints: [join(home, 'program.mjs')],
      outfile: join(home, `out/esbuild-${format}`, fileOf(format)),
      bundle: true,
      platform: 'node',
      format,
      logLevel: 'silent',
    });
    warnings.push(...found.map(({ text }) => text));
  }
  for (const bundler of ['webpack', 'rollup']) {
    writeFileSync(join(home, `${bundler}.mjs`), scripts[bundler] as string);
    warnings.push(
      ...run(process.execPath, [`${bundler}.mjs`], home)
        .split('\n')
        .filter(Boolean),
    );
  }
  for (const [file, content] of Object.entries(service)) {
    mkdirSync(join(home, 'service', file, '..'), { recursive: true });
    writeFileSync(join(home, 'service', file), content);
  }
  const next = join(home, 'node_modules/next/dist/bin/next');
  run(process.execPath, [next, 'build'], join(home, 'service'), { NEXT_TELEMETRY_DISABLED: '1' });
  renameSync(home, away);
}, 900_000);

function newHomeOf(name: string): string {
  mkdirSync(join(home, name));
  return join(home, name);
}

function fileOf(format: string): string {
  return format === 'esm' ? 'program.mjs' : 'program.cjs';
}

/** The scripts bundle the program, and print the warnings. */
const scripts: Readonly<Record<string, string>> = {
  webpack: `
    import webpack from 'webpack';
    const esm = { experiments: { outputModule: true }, output: { module: true } };
    for (const [format, file, more] of [['esm', 'program.mjs', esm], ['cjs', 'program.cjs', { output: {} }]]) {
      const output = { ...more.output, path: import.meta.dirname + '/out/webpack-' + format, filename: file };
      const config = { mode: 'production', target: 'node18', entry: './program.mjs', ...more, output };
      const stats = await new Promise((resolve, reject) => webpack(config, (error, s) => error ? reject(error) : resolve(s)));
      const { errors, warnings } = stats.toJson({ all: false, errors: true, warnings: true });
      for (const { message } of [...errors, ...warnings]) console.log(message);
    }`,
  rollup: `
    import commonjs from '@rollup/plugin-commonjs';
    import { nodeResolve } from '@rollup/plugin-node-resolve';
    import { rollup } from 'rollup';
    for (const [format, file] of [['esm', 'program.mjs'], ['cjs', 'program.cjs']]) {
      const onLog = (level, { message }) => console.log(level, message);
      const bundle = await rollup({ input: 'program.mjs', external: /^node:/, onLog, plugins: [nodeResolve(), commonjs()] });
      await bundle.write({ dir: 'out/rollup-' + format, format, entryFileNames: file });
    }`,
};

/** A service of Next.js that predicts. */
const service = {
  'package.json': '{ "name": "service", "private": true }',
  'next.config.mjs': `
    import { join } from 'node:path';
    const root = join(import.meta.dirname, '..');
    export default { output: 'standalone', outputFileTracingRoot: root, turbopack: { root } };`,
  'app/layout.js': 'export default ({ children }) => <html><body>{children}</body></html>;',
  'app/predict/route.js': `
    import { buildInfo, Network } from 'blasnet';
    export const dynamic = 'force-dynamic';
    export async function GET() {
      const layers = [{ inputDim: 1, outputDim: 1, activation: 'sigmoid' }];
      const { data } = await new Network(layers, { initializer: 'zeros' }).predict([[1]]);
      return Response.json({ output: data[0], file: buildInfo().file });
    }`,
};

test('the bundlers warn of nothing', () => {
  expect(warnings).toEqual([]);
});

describe.each(bundles)('the bundle of $bundler as $format', ({ bundler, format }) => {
  /** Copies the bundle into a folder of an application, runs it there, and returns what it printed. */
  function runIn(application: string): Record<string, unknown> {
    cpSync(join(away, `out/${bundler}-${format}`), join(application, 'dist'), { recursive: true });
    return JSON.parse(run(process.execPath, [join(application, 'dist', fileOf(format))], application));
  }

  test('takes the addon of the package that is installed where it runs', () => {
    const application = realpathSync(newFolder());
    cpSync(installed, join(application, 'node_modules/blasnet'), { recursive: true });
    const { file, ...rest } = runIn(application);
    expect(rest).toEqual(works);
    expect(file).toContain(join(application, 'node_modules/blasnet/prebuilds'));
  });

  test('takes the addon that was copied next to its folder', () => {
    const application = realpathSync(newFolder());
    cpSync(join(installed, 'prebuilds'), join(application, 'prebuilds'), { recursive: true });
    const { file, ...rest } = runIn(application);
    expect(rest).toEqual(works);
    expect(file).toContain(join(application, 'prebuilds'));
  });

  test('says what to do where there is no addon', () => {
    expect(() => runIn(newFolder())).toThrow('a bundler has put it into another file');
  });
});

test('the standalone folder of Next.js runs elsewhere, with blasnet in its bundle', async () => {
  const folder = realpathSync(newFolder());
  cpSync(join(away, 'service/.next/standalone'), folder, { recursive: true, dereference: true });
  expect(readdirSync(folder)).toContain('service');
  const port = await freePort();
  const env = { ...process.env, PORT: String(port), HOSTNAME: '127.0.0.1' };
  const server = spawn(process.execPath, ['server.js'], { cwd: join(folder, 'service'), env, stdio: 'pipe' });
  try {
    await ready(server);
    const response = await fetch(`http://127.0.0.1:${port}/predict`);
    const { output, file } = (await response.json()) as { output: number; file: string };
    expect(output).toBe(0.5);
    expect(file).toContain(join(folder, 'node_modules/blasnet/prebuilds'));
  } finally {
    server.kill();
    await once(server, 'close');
  }
});

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}

/** Waits until a server says that it is ready. */
async function ready(server: ChildProcess): Promise<void> {
  let said = '';
  await new Promise<void>((resolve, reject) => {
    server.stdout?.on('data', (chunk) => {
      said += String(chunk);
      if (said.includes('Ready')) resolve();
    });
    server.on('close', () => reject(new Error(`the server ended: ${said}`)));
  });
}
