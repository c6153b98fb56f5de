// Package managers run this script after they unpack the package. If the prebuilt addon loads, it does nothing. If not,
// it compiles the addon, or says what is missing to compile it.
//
//   npm_config_build_from_source=true npm install blasnet     compiles in any case (=blasnet: only this package)

import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  adviseInstall,
  executable,
  findMissing,
  managersOf,
  osRelease,
  thisMachine,
} from './requirements.mjs';
import { RunError, run } from './run.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const { env } = process;

// Only a checkout has the sources of the library. There setup.mjs builds.
if (!existsSync(join(root, 'lib'))) process.exitCode = install();

/** @returns {number} the exit code */
function install() {
  const asked = (env.npm_config_build_from_source ?? '').split(',');
  const forced = asked.includes('true') || asked.includes('blasnet');
  const failure = forced ? undefined : failureToLoad();
  if (!forced && failure === undefined) return 0;
  const why = forced
    ? 'The option build_from_source asks to compile it.'
    : `The prebuilt addon does not load: ${failure}.`;

  const machine = thisMachine();
  const missing = findMissing(machine, ['compile', 'libraries']);
  const cmakeJs = resolve('cmake-js/bin/cmake-js');
  const nodeAddonApi = resolve('node-addon-api/package.json');
  if (missing.length > 0 || cmakeJs === undefined || nodeAddonApi === undefined) {
    const packages = [
      ...(cmakeJs === undefined ? ['cmake-js'] : []),
      ...(nodeAddonApi === undefined ? ['node-addon-api'] : []),
    ];
    report([
      why,
      `To compile it, this is missing: ${[...missing.map(({ name }) => name), ...packages].join(', ')}.`,
      ...(missing.length > 0 ? [advice(machine, missing)] : []),
      ...(packages.length > 0
        ? ['Add to the project, or with -g to the machine:', '', `  npm install ${packages.join(' ')}`, '']
        : []),
      'Then install blasnet again.',
    ]);
    return 1;
  }

  try {
    compile(cmakeJs, nodeAddonApi);
  } catch (error) {
    if (!(error instanceof RunError)) throw error;
    report([why, 'Compiling it failed:', '', error.message]);
    return 1;
  }
  const still = failureToLoad();
  if (still === undefined) return 0;
  // The library would try this addon before a prebuilt one.
  rmSync(join(root, 'build'), { recursive: true });
  report([why, `The compiled addon does not load either: ${still}.`]);
  return 1;
}

/**
 * Returns why the addon does not load, or undefined if it does. Another process tries it, since an addon for other
 * machines may kill the process that loads it.
 */
function failureToLoad() {
  const load = `
    try {
      require(process.argv[1])(process.argv[2]);
    } catch ({ message }) {
      process.stdout.write(message);
      process.exitCode = 1;
    }`;
  const nodeGypBuild = createRequire(import.meta.url).resolve('node-gyp-build');
  const { status, signal, stdout, stderr, error } = spawnSync(
    process.execPath,
    ['-e', load, nodeGypBuild, root],
    // PREBUILDS_ONLY would hide the addon that has just been compiled.
    { encoding: 'utf8', timeout: 60_000, env: { ...env, PREBUILDS_ONLY: undefined } },
  );
  if (status === 0) return undefined;
  const firstLine = (stdout || stderr).trim().split('\n')[0];
  return (
    error?.message ??
    (signal ? `${signal} ended the process that loaded it` : firstLine || `exit status ${status}`)
  );
}

/**
 * Finds a file of another package: next to this package, in the project that installs it, or installed globally. (If
 * these packages were optional peers, npm would ask the registry for them at every install.)
 * @param {string} request
 */
function resolve(request) {
  const windows = process.platform === 'win32';
  const prefix =
    env.npm_config_global_prefix ??
    env.npm_config_prefix ??
    join(dirname(process.execPath), windows ? '.' : '..');
  for (const folder of [root, env.INIT_CWD, windows ? prefix : join(prefix, 'lib')]) {
    if (!folder) continue;
    try {
      return createRequire(join(folder, 'package.json')).resolve(request);
    } catch {}
  }
  return undefined;
}

/**
 * @param {string} cmakeJs        the file to run
 * @param {string} nodeAddonApi   its package.json
 */
function compile(cmakeJs, nodeAddonApi) {
  const build = join(root, 'build');
  const work = join(build, 'work');
  rmSync(build, { recursive: true, force: true }); // CMake would use its cache from another machine
  mkdirSync(build);
  try {
    run('Compiling blasnet', process.execPath, [cmakeJs, 'compile', '--directory', root, '--out', work], {
      cwd: root,
      env: {
        // cmake-js itself finds node-addon-api only among the package's own dependencies.
        NODE_PATH: dirname(dirname(nodeAddonApi)),
        // Variables of another Node would hide the headers that cmake-js downloads.
        npm_config_nodedir: undefined,
      },
    });
    // Keeps only the addon: the object files take ten times its space.
    mkdirSync(join(build, 'Release'));
    renameSync(join(work, 'Release', 'blasnet.node'), join(build, 'Release', 'blasnet.node'));
  } catch (error) {
    rmSync(build, { recursive: true });
    throw error;
  }
  rmSync(work, { recursive: true });
}

/**
 * @param {import('./requirements.mjs').Machine} machine
 * @param {import('./requirements.mjs').Requirement[]} missing
 */
function advice(machine, missing) {
  return adviseInstall({
    missing,
    from: managersOf(machine.platform, osRelease()),
    rights: process.getuid?.() === 0 ? 'root' : 'none',
    onPath: (name) => executable(machine, name) !== undefined,
  });
}

/** @param {string[]} lines */
function report(lines) {
  const { platform, arch, version } = process;
  const system = `${platform}-${arch}${platform === 'linux' ? ` (${libc()})` : ''}, Node ${version}`;
  console.error([`blasnet could not be installed on ${system}.`, ...lines].join('\n'));
}

function libc() {
  /** @type {any} */ (process.report).excludeNetwork = true; // otherwise the report looks up host names
  /** @type {any} */
  const { header, sharedObjects } = process.report.getReport();
  if (header.glibcVersionRuntime) return `glibc ${header.glibcVersionRuntime}`;
  return sharedObjects.some((/** @type {string} */ path) => path.includes('musl'))
    ? 'musl'
    : 'an unknown libc';
}
