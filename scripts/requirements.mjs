// The tools that compiling needs, how to find them without starting a process, and the commands that install those
// that are missing.

import { accessSync, constants, existsSync, readFileSync } from 'node:fs';
import { delimiter, isAbsolute, join } from 'node:path';

/**
 * The places to search on a machine.
 * @typedef {object} Machine
 * @property {NodeJS.Platform} platform
 * @property {string[]} path       folders of executables
 * @property {string[]} prefixes   folders that hold include/ and lib/
 * @property {string} triplet      Debian's name for the architecture: include/<triplet>, lib/<triplet>
 * @property {NodeJS.ProcessEnv} env
 */

/** @typedef {'apt' | 'snap' | 'dnf' | 'apk' | 'pacman' | 'brew' | 'vcpkg'} Manager */

/**
 * @typedef {object} Requirement
 * @property {string} name
 * @property {'compile' | 'libraries' | 'archives' | 'test' | 'ranks'} purpose   libraries: of the system, for a
 *   local build; ranks: for the slow tests of several processes
 * @property {(machine: Machine) => boolean} found
 * @property {Partial<Record<Manager, string>>} packages   a manager without an entry has no such package
 * @property {string} [hint]
 */

/** @type {readonly Requirement[]} */
export const requirements = [
  {
    name: 'CMake',
    purpose: 'compile',
    found: (machine) => executable(machine, 'cmake') !== undefined,
    packages: { apt: 'cmake', dnf: 'cmake', apk: 'cmake', pacman: 'cmake', brew: 'cmake' },
  },
  {
    name: 'a C++ compiler',
    purpose: 'compile',
    // On Windows cmake-js itself looks for Visual Studio, which puts nothing on PATH.
    found: (machine) =>
      machine.platform === 'win32' ||
      Boolean(machine.env.CXX) ||
      executable(machine, 'c++', 'g++', 'clang++') !== undefined,
    packages: { apt: 'g++', dnf: 'gcc-c++', apk: 'g++', pacman: 'gcc' },
  },
  {
    name: 'Make',
    purpose: 'compile',
    found: (machine) =>
      machine.platform === 'win32' || executable(machine, 'make', 'gmake', 'ninja') !== undefined,
    packages: { apt: 'make', dnf: 'make', apk: 'make', pacman: 'make' },
  },
  {
    name: 'OpenBLAS',
    purpose: 'libraries',
    found: (machine) =>
      machine.platform === 'darwin' || // Accelerate is part of the system
      (header(machine, 'cblas.h', 'openblas', 'openblas-pthread', 'openblas-openmp', 'openblas-serial') &&
        library(machine, 'openblas', 'openblasp', 'openblaso')),
    packages: {
      apt: 'libopenblas-dev',
      dnf: 'openblas-devel',
      apk: 'openblas-dev',
      pacman: 'openblas',
      vcpkg: 'openblas',
    },
  },
  {
    name: 'Google Highway',
    purpose: 'libraries',
    found: (machine) => header(machine, 'hwy/highway.h') && library(machine, 'hwy'),
    packages: {
      apt: 'libhwy-dev',
      dnf: 'highway-devel',
      apk: 'highway-dev',
      pacman: 'highway',
      brew: 'highway',
      vcpkg: 'highway',
    },
  },
  {
    name: 'fast_float',
    purpose: 'libraries',
    found: (machine) => header(machine, 'fast_float/fast_float.h'),
    packages: {
      apt: 'libfast-float-dev',
      dnf: 'fast_float-devel',
      apk: 'fast_float',
      pacman: 'fast_float',
      brew: 'fast_float',
      vcpkg: 'fast-float',
    },
  },
  {
    name: 'xz',
    purpose: 'archives',
    // GNU tar needs xz; the tar of other systems unpacks by itself.
    found: (machine) => machine.platform !== 'linux' || executable(machine, 'xz') !== undefined,
    packages: { apt: 'xz-utils', dnf: 'xz', apk: 'xz', pacman: 'xz' },
  },
  {
    name: 'Chromium',
    purpose: 'test',
    found: (machine) => findBrowser(machine) !== undefined,
    packages: {
      apt: 'chromium',
      snap: 'chromium',
      dnf: 'chromium',
      apk: 'chromium',
      pacman: 'chromium',
      brew: 'google-chrome',
    },
    hint: 'If a browser is not on the PATH, set CHROMIUM=/path/to/browser.',
  },
  {
    name: 'curl',
    purpose: 'test',
    found: (machine) => executable(machine, 'curl') !== undefined,
    packages: { apt: 'curl', dnf: 'curl', apk: 'curl', pacman: 'curl', brew: 'curl' },
  },
  ...[
    { name: 'Open MPI', program: 'mpirun.openmpi', apt: 'openmpi-bin' },
    { name: "Open MPI's header", program: 'mpicc.openmpi', apt: 'libopenmpi-dev' },
    { name: 'MPICH', program: 'mpirun.mpich', apt: 'mpich' },
    { name: "MPICH's header", program: 'mpicc.mpich', apt: 'libmpich-dev' },
  ].map(({ name, program, apt }) => ({
    name,
    purpose: /** @type {const} */ ('ranks'),
    // Only Debian has both side by side, under names of their own. Elsewhere their tests are left out.
    found: (/** @type {Machine} */ machine) =>
      executable(machine, 'apt-get') === undefined || executable(machine, program) !== undefined,
    packages: { apt },
  })),
];

/**
 * The command of each manager, without the package names. If it has `automatic`, the setup runs it without asking,
 * after that prefix; if not, the setup prints the command.
 * @type {Record<Manager, { root: boolean, install: string[], before?: string[], automatic?: string[] }>}
 */
const managers = {
  apt: {
    root: true,
    before: ['apt-get', 'update'],
    install: ['apt-get', 'install', '-y', '--no-install-recommends'],
    automatic: ['env', 'DEBIAN_FRONTEND=noninteractive'],
  },
  snap: { root: true, install: ['snap', 'install'], automatic: [] },
  dnf: { root: true, install: ['dnf', 'install', '-y'] },
  apk: { root: true, install: ['apk', 'add'] },
  pacman: { root: true, install: ['pacman', '-S', '--needed'] },
  brew: { root: false, install: ['brew', 'install'] },
  vcpkg: { root: false, install: ['vcpkg', 'install'] },
};

/** @type {Partial<Record<NodeJS.Architecture, string>>} */
const triplets = {
  x64: 'x86_64-linux-gnu',
  arm64: 'aarch64-linux-gnu',
  arm: 'arm-linux-gnueabihf',
  ppc64: 'powerpc64le-linux-gnu',
  riscv64: 'riscv64-linux-gnu',
  s390x: 's390x-linux-gnu',
};

/** @returns {Machine} */
export function thisMachine(env = process.env) {
  const listed = (/** @type {string | undefined} */ value) => (value ?? '').split(delimiter).filter(Boolean);
  return {
    platform: process.platform,
    path: listed(env.PATH ?? env.Path),
    prefixes: [
      ...listed(env.CMAKE_PREFIX_PATH),
      '/usr',
      '/usr/local',
      '/opt/homebrew',
      ...(env.VCPKG_ROOT ? [join(env.VCPKG_ROOT, 'installed', `${process.arch}-windows`)] : []),
    ],
    triplet: triplets[process.arch] ?? '',
    env,
  };
}

/**
 * Returns the requirements that the machine does not meet.
 * @param {Machine} machine
 * @param {readonly Requirement['purpose'][]} purposes
 */
export function findMissing(machine, purposes) {
  return requirements.filter(({ purpose, found }) => purposes.includes(purpose) && !found(machine));
}

/** The text of /etc/os-release; empty if the file does not exist. */
export function osRelease() {
  try {
    return readFileSync('/etc/os-release', 'utf8');
  } catch {
    return '';
  }
}

/**
 * Returns the package managers of a system; the first that has a package installs it. Empty for an unknown system.
 * @param {NodeJS.Platform} platform
 * @param {string} release   as osRelease returns it
 * @returns {Manager[]}
 */
export function managersOf(platform, release) {
  if (platform === 'darwin') return ['brew'];
  if (platform === 'win32') return ['vcpkg'];
  const value = (/** @type {string} */ key) =>
    new RegExp(`^${key}=["']?([^"'\n]*)`, 'm').exec(release)?.[1] ?? '';
  const id = value('ID');
  const family = [id, ...value('ID_LIKE').split(' ')];
  if (id === 'ubuntu') return ['snap', 'apt']; // its Chromium is only a snap
  if (family.includes('debian') || family.includes('ubuntu')) return ['apt'];
  if (family.includes('fedora') || family.includes('rhel')) return ['dnf'];
  if (family.includes('alpine')) return ['apk'];
  if (family.includes('arch')) return ['pacman'];
  return [];
}

/**
 * The missing tools, and how this machine can install them.
 * @typedef {object} Situation
 * @property {readonly Requirement[]} missing
 * @property {readonly Manager[]} from           as managersOf returns them
 * @property {'root' | 'sudo' | 'none'} rights   sudo: without a password
 * @property {(name: string) => boolean} onPath
 */

/**
 * Plans how to install the missing tools: commands to run now, or a message for a person.
 * @param {Situation} situation
 * @returns {{ commands: string[][] } | { message: string }}
 */
export function planInstall({ missing, from, rights, onPath }) {
  const { plans, unpackaged } = packagesOf(missing, from);
  const possible = plans.every(({ automatic, commands }) => automatic && onPath(commands[0]?.[0] ?? ''));
  if (possible && unpackaged.length === 0 && rights !== 'none') {
    const sudo = rights === 'sudo' ? ['sudo', '-n'] : [];
    return {
      commands: plans.flatMap(({ automatic = [], commands }) =>
        commands.map((command) => [...sudo, ...automatic, ...command]),
      ),
    };
  }

  return {
    message: [
      `Not found on this machine: ${missing.map(({ name }) => name).join(', ')}.`,
      adviseInstall({ missing, from, rights, onPath }),
      'Then run the command again. (With --ignore-scripts npm skips this check.)',
    ].join('\n'),
  };
}

/**
 * Returns the lines that tell a person how to install the missing tools.
 * @param {Situation} situation
 */
export function adviseInstall({ missing, from, rights, onPath }) {
  const { plans, unpackaged } = packagesOf(missing, from);
  const lines = [];
  if (plans.length > 0) {
    const sudo = rights !== 'root' && onPath('sudo') ? 'sudo ' : '';
    const asRoot = rights !== 'root' && !sudo && plans.some(({ root }) => root);
    const shown = plans.flatMap(({ root, commands }) =>
      commands.map((command) => `${root ? sudo : ''}${command.join(' ')}`),
    );
    lines.push(`Install with${asRoot ? ' (as root)' : ''}:`, '', `  ${shown.join(' && ')}`, '');
  }
  if (unpackaged.length > 0) {
    lines.push(`Install by hand (no package is known for this system): ${unpackaged.join(', ')}.`);
  }
  lines.push(...missing.flatMap(({ hint }) => hint ?? []));
  return lines.join('\n');
}

/**
 * Returns the commands of the managers that have missing tools, and the tools that no manager has.
 * @param {readonly Requirement[]} missing
 * @param {readonly Manager[]} from
 */
function packagesOf(missing, from) {
  /** @type {Map<Manager, string[]>} */
  const packages = new Map();
  /** @type {string[]} */
  const unpackaged = [];
  for (const { name, packages: names } of missing) {
    const manager = from.find((candidate) => names[candidate] !== undefined);
    if (manager === undefined) unpackaged.push(name);
    else packages.set(manager, [...(packages.get(manager) ?? []), names[manager] ?? '']);
  }
  const plans = [...packages].map(([name, wanted]) => {
    const { before, install, ...manager } = managers[name];
    return { ...manager, commands: [...(before ? [before] : []), [...install, ...wanted]] };
  });
  return { plans, unpackaged };
}

/**
 * Finds a browser for the page's test: $CHROMIUM, or the first on this machine.
 * @param {Machine} machine
 * @returns {string | undefined}
 */
export function findBrowser(machine = thisMachine()) {
  const named = machine.env.CHROMIUM;
  if (named) return existsSync(named) ? named : undefined;
  return (
    executable(machine, 'chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable') ??
    [
      '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
      '/Applications/Chromium.app/Contents/MacOS/Chromium',
      'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe',
    ].find((path) => existsSync(path))
  );
}

/**
 * Finds the first of the names that is on the path.
 * @param {Pick<Machine, 'path' | 'platform'>} machine
 * @param {...string} names
 * @returns {string | undefined}
 */
export function executable({ path, platform }, ...names) {
  for (const name of names) {
    for (const folder of path) {
      const file = join(folder, platform === 'win32' ? `${name}.exe` : name);
      if (isAbsolute(file) && isExecutable(file)) return file;
    }
  }
  return undefined;
}

/** @param {string} file */
function isExecutable(file) {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/**
 * Whether a header lies where the compiler or CMakeLists.txt looks for it.
 * @param {Machine} machine
 * @param {string} file
 * @param {...string} subfolders
 */
function header({ prefixes, triplet }, file, ...subfolders) {
  return prefixes.some((prefix) =>
    ['', triplet].some((architecture) =>
      ['', ...subfolders].some((sub) => existsSync(join(prefix, 'include', architecture, sub, file))),
    ),
  );
}

/**
 * Whether one of the libraries can be linked against.
 * @param {Machine} machine
 * @param {...string} names
 */
function library({ prefixes, triplet }, ...names) {
  return prefixes.some((prefix) =>
    ['lib', 'lib64', join('lib', triplet)].some((folder) =>
      names.some((name) =>
        [`lib${name}.so`, `lib${name}.a`, `lib${name}.dylib`, `${name}.lib`].some((file) =>
          existsSync(join(prefix, folder, file)),
        ),
      ),
    ),
  );
}
