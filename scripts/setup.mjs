// Prepares a checkout on a machine that has only Node and npm: installs the tools of the native build and the npm
// packages, and builds. It runs before `npm start`, `npm test`, `npm run test:slow` and `npm pack`, and does only what
// is due.
//
//   node scripts/setup.mjs start | test | test:slow | pack
//   node scripts/setup.mjs start examples/server      installs the packages of that example, too
//
// Tests use the examples, so their goals install the packages of all that have some.

import { spawnSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { executable, findMissing, managersOf, osRelease, planInstall, thisMachine } from './requirements.mjs';
import { npm, RunError, run, runShown } from './run.mjs';
import {
  buildSteps,
  dueSteps,
  foldersWithPackages,
  packagesDue,
  packSteps,
  perform,
  prebuiltSteps,
  sanitizerSteps,
} from './steps.mjs';

/** The version that vite and vitest need; the package itself runs on older ones (engines in package.json). */
const oldestNode = [20, 19];

class SetupError extends Error {}

const root = fileURLToPath(new URL('..', import.meta.url));

/**
 * The builds of a goal, and the tools that it always needs: some tests compile, one opens a page in a browser. The
 * tools of a build are checked only if the build is due.
 * @type {Record<string, { steps: readonly Step[], needs: readonly Purpose[], examples?: boolean }>}
 * @typedef {import('./steps.mjs').Step} Step
 * @typedef {import('./requirements.mjs').Requirement['purpose']} Purpose
 */
const goals = {
  start: { steps: buildSteps, needs: [] },
  test: { steps: buildSteps, needs: ['compile', 'test'], examples: true },
  'test:slow': {
    steps: [...buildSteps, ...prebuiltSteps, ...sanitizerSteps],
    needs: ['compile', 'libraries', 'test', 'ranks'],
    examples: true,
  },
  pack: { steps: packSteps, needs: [] },
};

try {
  setUp(...process.argv.slice(2));
} catch (error) {
  if (!(error instanceof SetupError || error instanceof RunError)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}

/**
 * @param {string | undefined} goal
 * @param {...string} asked   folders with packages of their own
 */
function setUp(goal = '', ...asked) {
  const chosen = Object.hasOwn(goals, goal) ? goals[goal] : undefined;
  if (chosen === undefined) {
    throw new SetupError(`Usage: node scripts/setup.mjs ${Object.keys(goals).join(' | ')} [folders]`);
  }
  const { steps, needs, examples = false } = chosen;
  checkNode();
  const install = packagesDue(root);
  const folders = (examples ? foldersWithPackages(root) : asked).filter((folder) =>
    packagesDue(join(root, folder)),
  );
  const due = dueSteps(root, steps);
  if (install || folders.length > 0 || due.length > 0) checkWritable();

  meetRequirements([...needs, ...due.flatMap((step) => step.needs)]);

  // Without --include=dev, NODE_ENV=production would leave out packages that the builds need.
  if (install) runNpm('Installing the npm packages', 'ci', '--include=dev', '--no-audit', '--no-fund');
  for (const folder of folders) {
    // Scripts would build this package, to which the example has a link, once more.
    const options = ['--ignore-scripts', '--no-audit', '--no-fund', '--prefix', join(root, folder)];
    runNpm(`Installing the npm packages of ${folder}`, 'ci', ...options);
  }
  for (const step of due) {
    const build = step.talks
      ? () => runShown(step.title, npm[0], [...npm.slice(1), 'run', '--silent', step.script], { cwd: root })
      : () => runNpm(step.title, 'run', step.script);
    perform(root, step, build);
  }
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

/** @param {readonly Purpose[]} purposes */
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
  // Without a network apt-get update succeeds, but its warnings explain why the installation then fails.
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
