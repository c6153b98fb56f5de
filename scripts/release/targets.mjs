// The platforms that blasnet is built for ahead of time, and what building for each takes.

import { existsSync } from 'node:fs';

/**
 * @typedef {object} Target
 * @property {string} name
 * @property {'linux' | 'darwin' | 'win32'} platform
 * @property {'x64' | 'arm64'} arch
 * @property {'glibc' | 'musl'} [libc]   Linux alone
 * @property {string[]} openblas   make's variables for OpenBLAS; none where the system has a BLAS
 * @property {Toolchain} [cross]   to build it on another Linux; none: on such a machine alone
 */

/**
 * A cross compiler, as Debian names its parts.
 * @typedef {object} Toolchain
 * @property {string} prefix   before gcc, g++, strip, ...
 * @property {string} system   CMake's name
 * @property {string} processor
 */

/*
 * The kernels for which processors OpenBLAS brings besides the ones that every processor runs. Others take the
 * nearest of these: AMD's Zen takes Haswell's, which are its own but for two parameters; Zen 4 and whatever has
 * AVX-512 takes SkylakeX's. What every ARM runs has vectors already, and Neoverse N1's differ from it by blocks for
 * larger caches; Cortex-A57's would by nothing, but for how many processors the building machine has.
 */
const intel = ['TARGET=GENERIC', 'DYNAMIC_LIST=HASWELL SKYLAKEX'];
const arm = ['TARGET=ARMV8', 'DYNAMIC_LIST=NEOVERSEN1'];

/** @type {Toolchain} */
const aarch64 = { prefix: 'aarch64-linux-gnu-', system: 'Linux', processor: 'aarch64' };
/** @type {Toolchain} */
const mingw = { prefix: 'x86_64-w64-mingw32-', system: 'Windows', processor: 'x86_64' };

/** @type {readonly Target[]} */
export const targets = [
  { name: 'linux-x64-glibc', platform: 'linux', arch: 'x64', libc: 'glibc', openblas: intel },
  { name: 'linux-x64-musl', platform: 'linux', arch: 'x64', libc: 'musl', openblas: intel },
  {
    name: 'linux-arm64-glibc',
    platform: 'linux',
    arch: 'arm64',
    libc: 'glibc',
    openblas: arm,
    cross: aarch64,
  },
  { name: 'linux-arm64-musl', platform: 'linux', arch: 'arm64', libc: 'musl', openblas: arm },
  { name: 'darwin-arm64', platform: 'darwin', arch: 'arm64', openblas: [] },
  { name: 'darwin-x64', platform: 'darwin', arch: 'x64', openblas: [] },
  {
    name: 'win32-x64',
    platform: 'win32',
    arch: 'x64',
    openblas: [...intel, 'OSNAME=WINNT', 'BINARY=64'],
    cross: mingw,
  },
];

/** Alpine's C library; node-gyp-build looks for the same file. */
export const musl = existsSync('/etc/alpine-release');

/** @returns {Target | undefined} what this machine is, if it is one of them */
export function hostTarget() {
  const { platform, arch } = process;
  const libc = platform !== 'linux' ? undefined : musl ? 'musl' : 'glibc';
  return findTarget({ platform, arch, libc });
}

/** @param {{ platform: string | undefined, arch: string | undefined, libc?: string | undefined }} machine */
export function findTarget({ platform, arch, libc }) {
  return targets.find(
    (target) =>
      target.platform === platform &&
      target.arch === arch &&
      (target.libc === undefined || target.libc === libc),
  );
}

/**
 * The addon's file for a target, from the root, as node-gyp-build looks for it.
 * @param {Target} target
 */
export function prebuiltFile({ platform, arch, libc }) {
  return `prebuilds/${platform}-${arch}/blasnet${libc ? `.${libc}` : ''}.node`;
}

/**
 * Where the addon of the tests is left for a target, from the root. It is not packed.
 * @param {Target} target
 */
export function prebuiltTestFile({ platform, arch, libc }) {
  return `prebuilds-test/${platform}-${arch}/blasnet_test${libc ? `.${libc}` : ''}.node`;
}
