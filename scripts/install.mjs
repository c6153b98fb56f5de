// What package managers run when they have unpacked the package: nothing, where the prebuilt addon loads. Elsewhere
// it compiles the addon, or says what that would take.
//
//   npm_config_build_from_source=true npm install blasnet     compiles in any case (or =blasnet: that package alone)

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

// A checkout has the sources of the library as well: there setup.mjs builds what is due.
if (!existsSync(join(root, 'lib'))) process.exitCode = install();

/** @returns {number} the exit code */
function install() {
  const asked = (env.npm_config_build_from_source ?? '').split(',');
  const forced = asked.includes('true') || asked.includes('blasnet');
  const failure = forced ? undefined : failureToLoad();
  if (!forced && failure === undefined) return 0;
  const why = forced
    ? 'Compiling it was asked for (build_from_source).'
    : `The prebuilt addon does not serve: ${failure}.`;

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
  // What does not load would be tried before a prebuilt addon.
  rmSync(join(root, 'build'), { recursive: true });
  report([why, `What was compiled does not serve either: ${still}.`]);
  return 1;
}

/**
 * Why the addon does not load; undefined if it does. Another process tries: what was made for other machines may kill
 * the one that loads it.
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
    // What has just been compiled counts, whatever the environment says.
    { encoding: 'utf8', timeout: 60_000, env: { ...env, PREBUILDS_ONLY: undefined } },
  );
  if (status === 0) return undefined;
  const firstLine = (stdout || stderr).trim().split('\n')[0];
  return (
    error?.message ??
    (signal ? `the process that loaded it was ended by ${signal}` : firstLine || `exit status ${status}`)
  );
}

/**
 * A file of a package that this package, the project that installs it, or the machine has. (Were they optional peers
 * of this one, npm would ask the registry for them at every install.)
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
  rmSync(build, { recursive: true, force: true }); // or CMake goes on with what it knew of another machine
  mkdirSync(build);
  try {
    run('Compiling blasnet', process.execPath, [cmakeJs, 'compile', '--directory', root, '--out', work], {
      cwd: root,
      env: {
        // Where cmake-js finds node-addon-api that is not the package's own.
        NODE_PATH: dirname(dirname(nodeAddonApi)),
        // Of another Node, these are in the way of the headers that cmake-js brings.
        npm_config_nodedir: undefined,
      },
    });
    // What it was made of takes ten times the room.
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
  /** @type {any} */ (process.report).excludeNetwork = true; // which it would look up
  /** @type {any} */
  const { header, sharedObjects } = process.report.getReport();
  if (header.glibcVersionRuntime) return `glibc ${header.glibcVersionRuntime}`;
  return sharedObjects.some((/** @type {string} */ path) => path.includes('musl'))
    ? 'musl'
    : 'an unknown libc';
}
