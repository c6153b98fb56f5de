// Checks prebuilt addons before npm packs them: they are built from these sources, are small, export only Node's entry
// points, and need nothing of the system that Node does not need.
//
//   node scripts/release/inspect.mjs [--all]     (npm run inspect:prebuilt; --all: no target may be missing)
//
// It uses binutils, which also read the files of other architectures; on macOS, Apple's tools for Apple's files.

import { spawnSync } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { mismatch } from './record.mjs';
import { prebuiltFile, targets } from './targets.mjs';

/** @typedef {import('./targets.mjs').Target} Target */

/** The largest allowed size of a binary, in bytes. */
export const mostBytes = 5_200_000;

/**
 * The newest symbol versions that an addon for Linux may need: with glibc those of RHEL 8, which Node 18 and newer
 * need; with musl those of Alpine 3.18, where only the C++ library has versions.
 */
const newestVersions = {
  glibc: { GLIBC: '2.28', GLIBCXX: '3.4.25', CXXABI: '1.3.11', GCC: '8.0.0' },
  musl: { GLIBC: '0', GLIBCXX: '3.4.30', CXXABI: '1.3.13', GCC: '12.0.0' },
};

/** The libraries that exist on every system with Node. */
const systemLibraries = {
  linux:
    /^(libstdc\+\+\.so\.6|libgcc_s\.so\.1|lib(m|c|pthread|dl)\.so\.6|ld-linux-.*\.so\.\d|libc\.musl-.*\.so\.1)$/,
  win32: /^(kernel32|msvcrt|advapi32|bcrypt|ucrtbase|api-ms-win-.*|node)\.(dll|exe)$/i,
  darwin: /^\/(usr\/lib\/lib(c\+\+|System|objc)[.\w]*\.dylib|System\/Library\/Frameworks\/.*)$/,
};

const entryPoints = ['napi_register_module_v1', 'node_api_module_get_api_version_v1'];

/**
 * Returns the faults of a target's addon, one phrase each.
 * @param {string} root
 * @param {Target} target
 * @returns {string[]}
 */
export function faults(root, target) {
  const file = join(root, prebuiltFile(target));
  const unfit = mismatch(root, target);
  if (!existsSync(file)) return [`${unfit}`];
  const { size } = statSync(file);
  // Only Apple's tools read what Apple's files link; the machine that builds these files checks it.
  const legible = target.platform !== 'darwin' || process.platform === 'darwin';
  return [
    ...(unfit === undefined ? [] : [unfit]),
    ...(size > mostBytes ? [`takes ${size} bytes, more than ${mostBytes}`] : []),
    ...(legible ? librariesOf(file, target) : [])
      .filter((library) => !systemLibraries[target.platform].test(library))
      .map((library) => `needs ${library}`),
    ...(target.libc === undefined ? [] : elfFaults(file, newestVersions[target.libc])),
  ];
}

/**
 * @param {string} file
 * @param {Target} target
 */
function librariesOf(file, { platform }) {
  const found =
    platform === 'linux'
      ? read('readelf', '--dynamic', '--wide', file).matchAll(/\(NEEDED\).*\[(.*)\]/g)
      : platform === 'win32'
        ? read('objdump', '--private-headers', file).matchAll(/^\s*DLL Name: (\S+)/gm)
        : read('otool', '-L', file).matchAll(/^\t(\S+) \(/gm);
  const libraries = [...found].map(([, library = '']) => library);
  if (libraries.length === 0) throw new Error(`${file}: what it links could not be read`);
  return libraries;
}

/**
 * @param {string} file
 * @param {Record<string, string>} newest
 */
function elfFaults(file, newest) {
  const symbols = read('readelf', '--dyn-syms', '--wide', file);
  const shown = [...symbols.matchAll(/(?:GLOBAL|WEAK|UNIQUE) +DEFAULT +(\d+) (\S+)$/gm)].map(
    ([, , name = '']) => name,
  );
  const missing = entryPoints.filter((name) => !shown.includes(name));
  const versions = [...symbols.matchAll(/ (\S+)@+(GLIBC|GLIBCXX|CXXABI|GCC)_([\d.]+)/g)];
  return [
    ...missing.map((name) => `does not show ${name}`),
    ...shown.filter((name) => !entryPoints.includes(name)).map((name) => `shows ${name}`),
    ...versions
      .filter(([, , set, version]) => newer(version ?? '', newest[set ?? ''] ?? ''))
      .map(([, name, set, version]) => `needs ${name} of ${set} ${version}`),
  ];
}

/**
 * @param {string} version
 * @param {string} than
 */
function newer(version, than) {
  return version.localeCompare(than, 'en', { numeric: true }) > 0;
}

/**
 * @param {string} command
 * @param {...string} args
 */
function read(command, ...args) {
  const { status, stdout, stderr, error } = spawnSync(command, args, {
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
  });
  if (error || status !== 0) throw new Error(`${[command, ...args].join(' ')}: ${error?.message ?? stderr}`);
  return stdout;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const root = fileURLToPath(new URL('../..', import.meta.url));
  const all = process.argv.includes('--all');
  for (const target of targets) {
    const file = prebuiltFile(target);
    if (!all && !existsSync(join(root, file))) continue;
    const wrong = faults(root, target);
    console.log(`${file}: ${wrong.length === 0 ? 'good' : wrong.join('; ')}`);
    if (wrong.length > 0) process.exitCode = 1;
  }
}
