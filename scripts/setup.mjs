// Makes a checkout ready, from a machine that has Node and npm and nothing else: the tools of the native build,
// the npm packages, the builds. It runs before `npm start`, `npm test` and `npm pack` and does only what is due.
//
//   node scripts/setup.mjs start | test | pack

import { spawnSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { executable, findMissing, managersOf, osRelease, planInstall, thisMachine } from './requirements.mjs';
import { npm, RunError, run } from './run.mjs';
import { buildSteps, dueSteps, packagesDue, packSteps, perform, prebuiltSteps, testSteps } from './steps.mjs';

/** What vite and vitest ask for; the package itself runs on older versions (engines in package.json). */
const oldestNode = [20, 19];

class SetupError extends Error {}

const root = fileURLToPath(new URL('..', import.meta.url));

const steps = {
  start: buildSteps,
  test: [...buildSteps, ...prebuiltSteps, ...testSteps],
  pack: packSteps,
};

try {
  setUp(process.argv[2]);
} catch (error) {
  if (!(error instanceof SetupError || error instanceof RunError)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}

/** @param {string | undefined} goal */
function setUp(goal) {
  if (goal !== 'start' && goal !== 'test' && goal !== 'pack')
    throw new SetupError('Usage: node scripts/setup.mjs start | test | pack');
  checkNode();
  const install = packagesDue(root);
  const due = dueSteps(root, steps[goal]);
  if (install || due.length > 0) checkWritable();

  // An addon that is built needs no compiler any more; the tests compile.
  meetRequirements(
    goal === 'test' ? ['compile', 'libraries', 'archives', 'test'] : due.flatMap(({ needs }) => needs),
  );

  // Without --include=dev, NODE_ENV=production would leave out what the builds need.
  if (install) runNpm('Installing the npm packages', 'ci', '--include=dev', '--no-audit', '--no-fund');
  for (const step of due) perform(root, step, () => runNpm(step.title, 'run', step.script));
}

function checkNode() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const [oldestMajor = 0, oldestMinor = 0] = oldestNode;
  if (major > oldestMajor || (major === oldestMajor && minor >= oldestMinor)) return;
  throw new SetupError(
    `A checkout of blasnet needs Node ${oldestNode.join('.')} or newer, this is ${process.version}.`,
  );
}

function checkWritable() {
  try {
    accessSync(root, constants.W_OK);
  } catch {
    throw new SetupError(`blasnet has to be built, but ${root} cannot be written to.`);
  }
}

/**
 * @param {readonly Purpose[]} purposes
 * @typedef {import('./requirements.mjs').Requirement['purpose']} Purpose
 */
function meetRequirements(purposes) {
  const machine = thisMachine();
  const missing = findMissing(machine, purposes);
  if (missing.length === 0) return;

  const onPath = (/** @type {string} */ name) => executable(machine, name) !== undefined;
  const plan = planInstall({
    missing,
    from: managersOf(machine.platform, osRelease()),
    rights: rights(onPath),
    onPath,
  });
  if ('message' in plan) throw new SetupError(plan.message);
  // apt-get update succeeds without a network, with warnings that explain why the installation then fails.
  let said = '';
  for (const [command = '', ...args] of plan.commands) {
    said = run([command, ...args].join(' '), command, args, { cwd: root, before: said });
  }

  const still = findMissing(machine, purposes);
  if (still.length > 0) {
    throw new SetupError(`Installed, but still not found: ${still.map(({ name }) => name).join(', ')}.`);
  }
}

/**
 * @param {(name: string) => boolean} onPath
 * @returns {'root' | 'sudo' | 'none'}
 */
function rights(onPath) {
  if (process.getuid?.() === 0) return 'root';
  const sudo = onPath('sudo') && spawnSync('sudo', ['-n', 'true'], { stdio: 'ignore' }).status === 0;
  return sudo ? 'sudo' : 'none';
}

/**
 * @param {string} title
 * @param {...string} args
 */
function runNpm(title, ...args) {
  const [command, ...first] = npm;
  run(title, command, [...first, ...args], { cwd: root });
}
