import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type BlasnetError, blasnetError } from '../base/errors';
import { type FileFormat, formatOf } from './addon-file';
import { describeMachine, type Machine, thisMachine } from './machine';

/** The facts that the advice depends on. */
interface Facts extends Machine {
  /** the package's folder */
  readonly root: string;
  /** the addon's file, if one was found */
  readonly file: string | undefined;
  /** the platform of the file; 'none' if it is no shared library */
  readonly format: FileFormat | 'none' | undefined;
  /** why the file could not be loaded */
  readonly reason: string;
  /** the binaries in prebuilds/, such as `linux-x64 (musl)` */
  readonly prebuilt: readonly string[];
}

/** The error for an addon that could not be loaded. It says why, and what the user can do. */
export function loadError(root: string, file: string | undefined, cause: Error): BlasnetError {
  const facts: Facts = {
    ...thisMachine(),
    root,
    file,
    format: file === undefined ? undefined : formatIfReadable(file),
    reason: withoutPath(cause.message, file ?? ''),
    prebuilt: prebuiltIn(root),
  };
  const lines = [
    `blasnet's native addon could not be loaded on ${describeMachine(facts)}.`,
    `Tried in ${root}:`,
    ...tried(facts).map((line) => `  ${line}`),
    `Prebuilt binaries there: ${facts.prebuilt.join(', ') || 'none'}.`,
    fixFor(facts),
  ];
  return blasnetError('ERR_BLASNET_LOAD', lines.join('\n'), { cause });
}

/** The places where node-gyp-build looks, in its order, each with the result. */
function tried({ root, platform, arch, file, reason }: Facts): string[] {
  let found = false;
  const outcome = (path: string) => {
    if (path === file) found = true;
    return path === file
      ? reason
      : found
        ? 'not tried, since an earlier file was found'
        : 'for another system or runtime';
  };
  const places = ['build/Release', 'build/Debug', `prebuilds/${platform}-${arch}`];
  const lines = places.flatMap((place) => {
    if (place.startsWith('build') && process.env.PREBUILDS_ONLY)
      return [`${place}: skipped, since PREBUILDS_ONLY is set`];
    const names = addonsIn(join(root, place));
    if (names.length === 0) return [`${place}/${place.startsWith('build') ? 'blasnet.node' : ''}: not there`];
    return names.map((name) => `${place}/${name}: ${outcome(join(root, place, name))}`);
  });
  // An environment variable or the executable's folder may lead node-gyp-build to another file.
  return file === undefined || found ? lines : [...lines, `${file}: ${reason}`];
}

const fromSource =
  'Build it on this machine: node "<package>/scripts/install.mjs"\n' +
  'This needs CMake, a C++ compiler, OpenBLAS, Highway and fast_float (on Debian: apt-get install cmake g++ make ' +
  'libopenblas-dev libhwy-dev libfast-float-dev) and, from npm, cmake-js and node-addon-api.';
const reinstall = 'Remove node_modules/blasnet, and install it again.';

/** The message ends with the first of these that applies. */
const fixes: readonly ((facts: Facts) => string | false | null | undefined)[] = [
  ({ root }) =>
    nameIn(root) !== 'blasnet' &&
    'The code of blasnet runs outside its package, away from the addon: a bundler has put it into another file. Mark ' +
      '`blasnet` as external (esbuild: --external:blasnet; webpack: externals; Rollup and Vite: external; Next.js: ' +
      'serverExternalPackages) and install it where the bundle runs.',

  ({ reason, runtime }) =>
    /--allow-|ERR_DLOPEN_DISABLED|loading addons is disabled/.test(reason) &&
    (runtime.startsWith('Deno')
      ? 'Deno needs permission to load addons: run it with --allow-ffi --allow-read --allow-env --allow-sys.'
      : 'Node needs permission to load addons: run it with --allow-addons, and without --no-addons.'),

  ({ root, file }) =>
    file === undefined &&
    existsSync(join(root, 'lib/index.ts')) &&
    'This is a checkout that has not been built yet: npm run build',

  ({ file, libc, platform, arch, prebuilt }) =>
    (file === undefined || file.endsWith('.glibc.node')) &&
    libc === 'musl' &&
    !existsSync('/etc/alpine-release') &&
    prebuilt.includes(`${platform}-${arch} (musl)`) &&
    'This system has musl, which is recognised only on Alpine: set LIBC=musl in the environment.',

  ({ file, prebuilt }) =>
    file === undefined &&
    prebuilt.length === 0 &&
    'The folder prebuilds/, which every release has, is missing or empty: a program that copied the files of a service left ' +
      'it out. Copy node_modules/blasnet/prebuilds, too (Next.js: outputFileTracingIncludes). If it was removed on purpose: ' +
      fromSource.charAt(0).toLowerCase() +
      fromSource.slice(1),

  ({ file, libc, platform, arch }) =>
    file === undefined &&
    `There is no prebuilt binary for ${platform}-${arch}${libc === undefined ? '' : ` with ${libc}`}. ${fromSource}`,

  ({ reason }) =>
    /EACCES|EPERM|permission denied/i.test(reason) &&
    !segment.test(reason) &&
    'The user of this process may not read the file: give this user permission, or install as this user.',

  ({ format }) =>
    format === 'none' && `The file is damaged: it is not a complete shared library. ${reinstall}`,

  ({ format, platform, arch }) => {
    if (format === undefined || format === 'none') return undefined;
    if (format.platform === platform && format.arch === arch) return undefined;
    if (format.platform === 'linux' && !['linux', 'darwin', 'win32'].includes(platform)) return undefined; // ELF, too
    return (
      `The file was made for ${format.platform}-${format.arch ?? 'another processor'}: node_modules was copied from ` +
      'another machine, or installed by a Node of another architecture. Install on this machine: remove node_modules, then ' +
      'run npm ci (for Docker, list node_modules in .dockerignore).'
    );
  },

  ({ reason }) =>
    /file cut off|file damaged|file too short|cannot read file data|invalid ELF|truncated|not a valid Win32/i.test(
      reason,
    ) && `The file is damaged: an installation or a copy was interrupted. ${reinstall}`,

  ({ reason, libc }) =>
    (libc === 'musl' ? /ld-linux-/ : /libc\.musl-|ld-musl-/).test(reason) &&
    `The file was made for ${libc === 'musl' ? 'glibc' : 'musl'}, but this system has ${libc}: node_modules was copied ` +
      'from another machine. Install on this machine: remove node_modules, then run npm ci.',

  ({ reason, libc }) => {
    const [, name] = /(lib(?:stdc\+\+|gcc_s)\.so\S*?):? /.exec(missing.test(reason) ? reason : '') ?? [];
    return (
      name &&
      `The system has no ${name}, the C++ run-time library: ` +
        (libc === 'musl'
          ? 'apk add libstdc++'
          : 'apt-get install libstdc++6 (Debian, Ubuntu) or dnf install libstdc++ (Fedora, Red Hat). Of the distroless ' +
            'images, cc and nodejs have it.')
    );
  },

  ({ reason }) => {
    const [, symbol = ''] =
      /(GLIBC_[\d.]+|GLIBCXX_[\d.]+|CXXABI_[\d.]+)['\u2019]? not found/.exec(reason) ?? [];
    const library = symbol.startsWith('GLIBC_') ? 'glibc' : 'libstdc++';
    return symbol && `The binary needs ${symbol}, but this system's ${library} is older. ${fromSource}`;
  },

  ({ reason }) =>
    missing.test(reason) &&
    `A library that the addon was built with is missing: install it again. ${fromSource}`,

  ({ reason }) =>
    segment.test(reason) &&
    'The file system is probably mounted with `noexec`, so no addon can be loaded from it: mount it without `noexec`, or ' +
      'install elsewhere. Or the process may not have enough memory for the addon: raise its limit (`ulimit -v`).',

  ({ reason }) =>
    /not the addon of this|did not self-register|undefined symbol|no symbol|symbol not found|procedure could not/i.test(
      reason,
    ) &&
    `The file is an addon, but not the one of this version of blasnet. ${reinstall} (In a checkout: npm run build)`,

  () => fromSource,
];

const missing =
  /cannot open shared object file: No such file|Error loading shared library|Library not loaded|specified module could not/;
const segment = /failed to map segment|cannot enable executable/;

function fixFor(facts: Facts): string {
  for (const fix of fixes) {
    const text = fix(facts);
    if (text) return text.replace('<package>/scripts/install.mjs', join(facts.root, 'scripts/install.mjs'));
  }
  return fromSource;
}

function formatIfReadable(file: string): FileFormat | 'none' | undefined {
  try {
    return formatOf(file) ?? 'none';
  } catch {
    return undefined;
  }
}

/** The platforms of the package's binaries, each with the C library that its file name tells. */
function prebuiltIn(root: string): string[] {
  const folder = join(root, 'prebuilds');
  return namesIn(folder)
    .sort()
    .flatMap((target) => {
      const libraries = addonsIn(join(folder, target)).map((name) => /\.(glibc|musl)\./.exec(name)?.[1]);
      return libraries.map((library) => (library === undefined ? target : `${target} (${library})`));
    });
}

function addonsIn(folder: string): string[] {
  return namesIn(folder).filter((name) => name.endsWith('.node'));
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function nameIn(root: string): unknown {
  try {
    return JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).name;
  } catch {
    return undefined;
  }
}

/** The system's message usually begins with the path, on Windows with a longer form of it. */
function withoutPath(message: string, file: string): string {
  const text = message.startsWith('\\\\?\\') ? message.slice(4) : message;
  return (text.startsWith(file) ? text.slice(file.length).replace(/^: /, '') : text).trim();
}
