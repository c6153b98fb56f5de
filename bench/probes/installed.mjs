// Installs packages into an empty folder, as users do, and prints { value }: the megabytes that they take.
//
//   node installed.mjs '{"packages": [...], "folder": ...}'

import { execFileSync } from 'node:child_process';
import { lstatSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const { packages, folder } = JSON.parse(process.argv[2] ?? '');
const home = mkdtempSync(join(folder, 'installed-'));
try {
  writeFileSync(join(home, 'package.json'), '{ "name": "user", "private": true }');
  // Without scripts: that of onnxruntime-node downloads CUDA.
  const options = ['--ignore-scripts', '--no-audit', '--no-fund', '--prefer-offline'];
  execFileSync('npm', ['install', ...options, ...packages], {
    cwd: home,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  console.log(JSON.stringify({ value: bytesIn(join(home, 'node_modules')) / 1e6 }));
} finally {
  rmSync(home, { recursive: true, force: true });
}

/** @returns {number} */
function bytesIn(/** @type {string} */ path) {
  const stats = lstatSync(path);
  if (!stats.isDirectory()) return stats.size;
  return readdirSync(path).reduce((sum, name) => sum + bytesIn(join(path, name)), 0);
}
