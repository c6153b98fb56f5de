// Runs the core's checks under Node, Bun and Deno, with the prebuilt addon (npm run test:runtimes).
//
// Bun and Deno are not dependencies, since they take 200 MB: npm installs these versions into build/runtimes, and again
// only if the versions change. This does not run on Windows.

import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { npm, RunError, run } from './run.mjs';

const versions = { bun: '1.4.5', deno: '2.9.6' };

const root = fileURLToPath(new URL('..', import.meta.url));
const folder = join(root, 'build/runtimes');
const bin = join(folder, 'node_modules/.bin');
const core = join(root, 'test/runtimes/core.mjs');

try {
  install();
  const results = [
    check(process.execPath),
    check(join(bin, 'bun')),
    check(
      join(bin, 'deno'),
      'run',
      '--allow-ffi',
      '--allow-read',
      '--allow-write',
      '--allow-env',
      '--allow-sys',
    ),
  ];
  // All run the same kernels on one processor: no bit may differ.
  const digests = new Set(results.map(({ digest }) => digest));
  if (digests.size > 1) throw new RunError('The runtimes compute different numbers.');
} catch (error) {
  if (!(error instanceof RunError)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}

function install() {
  const description = JSON.stringify({ private: true, dependencies: versions });
  const file = join(folder, 'package.json');
  const present = existsSync(join(bin, 'bun')) && existsSync(join(bin, 'deno'));
  if (present && readFileSync(file, 'utf8') === description) return;
  mkdirSync(folder, { recursive: true });
  writeFileSync(file, description);
  const title = `Installing ${Object.entries(versions)
    .map((pair) => pair.join(' '))
    .join(' and ')}`;
  const [command, ...first] = npm;
  run(title, command, [...first, 'install', '--no-audit', '--no-fund', '--no-package-lock'], { cwd: folder });
}

/**
 * @param {string} command
 * @param {...string} args
 * @returns {{ digest: string }}
 */
function check(command, ...args) {
  const { status, signal, stdout, stderr, error } = spawnSync(command, [...args, core, root], {
    cwd: root,
    encoding: 'utf8',
    env: { ...process.env, PREBUILDS_ONLY: '1' },
  });
  const line = stdout?.trim().split('\n').at(-1) ?? '';
  if (!line.startsWith('{')) {
    throw new RunError(`${command} ended with ${error?.message ?? signal ?? status}\n${stdout}${stderr}`);
  }
  const { runtime, digest, passed, failed } = JSON.parse(line);
  console.log(`${runtime}: ${passed.length} passed, ${Object.keys(failed).length} failed`);
  for (const [name, reason] of Object.entries(failed)) console.log(`  ${name}: ${reason}`);
  if (status !== 0) throw new RunError(`${runtime} ended with ${signal ?? status}\n${stderr}`);
  return { digest };
}
