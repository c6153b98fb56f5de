// Makes the folder that smoke.mjs needs: the package, the programs that try it, and the package managers.
//
//   node scripts/release/smoke-kit.mjs FOLDER     (for the workflows; smoke-root.mjs makes its own)

import { spawnSync } from 'node:child_process';
import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { RunError, run } from '../run.mjs';

const checkout = fileURLToPath(new URL('../..', import.meta.url));

/** By the names that smoke.mjs uses. npm 10 is the last that runs on every version of Node that blasnet supports. */
const managers = {
  npm: 'npm@10',
  pnpm10: 'pnpm@10',
  pnpm: '@pnpm/exe.linux-x64@12',
  yarn: 'yarn@1',
  berry: '@yarnpkg/cli-dist@4',
};

/**
 * Fills the folder that smoke.mjs reads.
 * @param {string} kit     made here
 * @param {string} cache   the folder of the downloads
 */
export async function makeKit(kit, cache) {
  const work = mkdtempSync(join(tmpdir(), 'blasnet-kit-'));
  try {
    await fill(kit, cache, work);
  } finally {
    rmSync(work, { recursive: true });
  }
}

/**
 * @param {string} kit
 * @param {string} cache
 * @param {string} work
 */
async function fill(kit, cache, work) {
  mkdirSync(kit, { recursive: true });
  const packed = pack(checkout, join(work, 'packed'));
  reproducible(packed, work);
  copyFileSync(packed, join(kit, 'blasnet.tgz'));
  console.log(`blasnet.tgz: ${(statSync(packed).size / 1e6).toFixed(2)} MB`);
  const { dependencies } = JSON.parse(readFileSync(join(checkout, 'package.json'), 'utf8'));
  copyFileSync(
    fetched(`node-gyp-build@${dependencies['node-gyp-build']}`, cache),
    join(kit, 'node-gyp-build.tgz'),
  );
  for (const [name, specifier] of Object.entries(managers))
    unpack(fetched(specifier, cache), join(kit, name));
  copyFileSync(fileURLToPath(new URL('smoke.mjs', import.meta.url)), join(kit, 'smoke.mjs'));

  // The README and the addon come from the packed package.
  const installed = join(work, 'node_modules/blasnet');
  unpack(packed, installed);
  cpSync(join(checkout, 'node_modules/node-gyp-build'), join(work, 'node_modules/node-gyp-build'), {
    recursive: true,
  });
  const readme = readFileSync(join(installed, 'README.md'), 'utf8');
  const [, example = ''] = /## Ten lines\n+```js\n(.*?)```/s.exec(readme) ?? [];
  writeFileSync(join(kit, 'example.mjs'), example);
  writeFileSync(join(kit, 'golden.mjs'), goldenProgram());

  cpSync(join(installed, 'prebuilds'), join(kit, 'app/prebuilds'), { recursive: true });
  const bundled = { resolveDir: work, folder: join(kit, 'app/dist') };
  await bundle(bundled, example, 'esm', 'outside.mjs', ['blasnet']);
  // The bundle is CommonJS, like the library, where await works only in functions.
  const commonjs = example.replace(/^(import .*)$/m, '$1\n(async () => {');
  await bundle(bundled, `${commonjs}\n})();`, 'cjs', 'inside.cjs', []);
}

/**
 * @param {{ resolveDir: string, folder: string }} places
 * @param {string} contents
 * @param {'esm' | 'cjs'} format
 * @param {string} file
 * @param {string[]} external
 */
function bundle({ resolveDir, folder }, contents, format, file, external) {
  return build({
    stdin: { contents, resolveDir },
    bundle: true,
    platform: 'node',
    format,
    external,
    outfile: join(folder, file),
    logLevel: 'warning',
  });
}

/** Compares the first epochs with the article's, to the accuracy that the README promises. */
function goldenProgram() {
  const { cost } = JSON.parse(readFileSync(join(checkout, 'test/fixtures/train.json'), 'utf8'));
  return `
    import { functional, makeMoons, trainTestSplit } from 'blasnet';
    const costs = ${JSON.stringify(cost.slice(0, 101))};
    const { X, Y } = makeMoons({ samples: 1000, noise: 0.2, seed: 100 });
    const { train } = trainTestSplit(X, Y, { testSize: 0.1, seed: 42 });
    const sizes = [2, 25, 50, 50, 25, 1];
    const layers = sizes.slice(1).map((outputDim, i) => ({
      inputDim: sizes[i], outputDim, activation: outputDim === 1 ? 'sigmoid' : 'relu',
    }));
    const { costHistory } = functional.train(
      train.X.transpose(), train.Y.transpose(), layers, costs.length, 0.01);
    const worst = Math.max(...costs.map((cost, i) => Math.abs(cost - costHistory[i])));
    if (!(worst < 1e-9)) throw new Error('The costs differ from the article’s by ' + worst);
    console.log('the article’s costs to ' + worst.toExponential(1));`;
}

/**
 * Checks that a clone of the commit, in another folder, packs to the same bytes.
 * @param {string} packed
 * @param {string} work
 */
function reproducible(packed, work) {
  const changed = spawnSync('git', ['status', '--porcelain'], { cwd: checkout, encoding: 'utf8' }).stdout;
  if (changed !== '')
    return console.log('There are uncommitted changes, so the packing of a clone is not checked.');
  const clone = join(work, 'another folder');
  run('Cloning the commit', 'git', ['clone', '-q', checkout, clone], { cwd: work });
  cpSync(join(checkout, 'prebuilds'), join(clone, 'prebuilds'), { recursive: true });
  symlinkSync(join(checkout, 'node_modules'), join(clone, 'node_modules'));
  if (!readFileSync(pack(clone, join(work, 'packed again'))).equals(readFileSync(packed))) {
    throw new RunError('A clone of this commit packs to other bytes.');
  }
  console.log('A clone of the commit packs to the same bytes.');
  rmSync(clone, { recursive: true });
}

/**
 * @param {string} root
 * @param {string} to
 */
function pack(root, to) {
  mkdirSync(to, { recursive: true });
  run('Packing', 'npm', ['pack', '--pack-destination', to], { cwd: root });
  return join(to, readdirSync(to).find((name) => /^blasnet-\d.*\.tgz$/.test(name)) ?? '');
}

/**
 * Downloads a package of the registry, and returns the path of its archive.
 * @param {string} specifier
 * @param {string} cache
 */
export function fetched(specifier, cache) {
  const folder = join(cache, specifier.replaceAll(/[^\w.-]/g, '-'));
  if (!existsSync(folder)) {
    const part = `${folder}.part`;
    rmSync(part, { recursive: true, force: true });
    mkdirSync(part, { recursive: true });
    run(`Fetching ${specifier}`, 'npm', ['pack', specifier, '--pack-destination', part], { cwd: part });
    renameSync(part, folder);
  }
  return join(folder, readdirSync(folder)[0] ?? '');
}

/**
 * @param {string} tarball
 * @param {string} to
 */
export function unpack(tarball, to) {
  mkdirSync(to, { recursive: true });
  run(`Unpacking ${basename(tarball)}`, 'tar', ['-xzf', tarball, '-C', to, '--strip-components=1'], {
    cwd: to,
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    await makeKit(resolve(process.argv[2] ?? 'kit'), join(checkout, 'build-release/smoke'));
  } catch (error) {
    if (!(error instanceof RunError)) throw error;
    console.error(error.message);
    process.exitCode = 1;
  }
}
