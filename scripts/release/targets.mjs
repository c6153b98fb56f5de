// The platforms that have a prebuilt addon, and the settings to build it.

import { existsSync } from 'node:fs';

/**
 * @typedef {object} Target
 * @property {string} name
 * @property {'linux' | 'darwin' | 'win32'} platform
 * @property {'x64' | 'arm64'} arch
 * @property {'glibc' | 'musl'} [libc]   only on Linux
 * @property {string[]} openblas   make's variables for OpenBLAS; empty if the system has a BLAS
 * @property {Toolchain} [cross]   builds it on another Linux; without it, only a machine of that kind can build it
 */

/**
 * A cross compiler, with Debian's names for its parts.
 * @typedef {object} Toolchain
 * @property {string} prefix   before gcc, g++, strip, ...
 * @property {string} system   CMake's name
 * @property {string} processor
 */

/*
 * The processors that OpenBLAS has kernels for, in addition to the kernels that every processor runs. Other processors
 * use the nearest kernels: AMD's Zen uses Haswell's, which differ from Zen's in two parameters; Zen 4 and every
 * processor with AVX-512 use SkylakeX's. The kernels for every ARM have vectors already; Neoverse N1's differ from
 * them in blocks for larger caches. Cortex-A57's would differ only in a parameter that depends on the building
 * machine's processors.
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

/** @returns {Target | undefined} the target of this machine, if it has one */
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
 * The path of a target's addon from the root, where node-gyp-build looks for it.
 * @param {{ platform: string, arch: string, libc?: string | undefined }} target
 */
export function prebuiltFile({ platform, arch, libc }) {
  return `prebuilds/${platform}-${arch}/blasnet${libc ? `.${libc}` : ''}.node`;
}

/**
 * The path of a target's test addon from the root. It is not packed.
 * @param {Target} target
 */
export function prebuiltTestFile({ platform, arch, libc }) {
  return `prebuilds-test/${platform}-${arch}/blasnet_test${libc ? `.${libc}` : ''}.node`;
}
