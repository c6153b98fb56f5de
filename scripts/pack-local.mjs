// Packs the library with the addon that `npm run build:native` made: a package for this machine and others that have the
// same system libraries, in a minute instead of the time that the release build of OpenBLAS takes.
//
//   node scripts/pack-local.mjs [FOLDER]     (npm run pack:local; the default is the checkout)

import { cpSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { hostTarget, prebuiltFile } from './release/targets.mjs';
import { npm, RunError, run } from './run.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));

try {
  pack(resolve(process.argv[2] ?? root));
} catch (error) {
  if (!(error instanceof RunError)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}

/** @param {string} folder */
function pack(folder) {
  /** @type {{ name: string, version: string, files: string[] }} */
  const { name, version, files } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const stage = mkdtempSync(join(tmpdir(), 'blasnet-pack-'));
  try {
    // npm packs these whether they are listed or not: package.json, README.md and LICENSE.
    const listed = files.filter((file) => file !== 'prebuilds');
    for (const file of [...listed, 'package.json', 'README.md', 'LICENSE']) {
      cpSync(join(root, file), join(stage, file), { recursive: true });
    }
    const { platform, arch } = process;
    const addon = join(stage, prebuiltFile(hostTarget() ?? { platform, arch }));
    mkdirSync(dirname(addon), { recursive: true });
    cpSync(join(root, 'build/Release/blasnet.node'), addon);

    const [command, ...first] = npm;
    const options = ['pack', '--ignore-scripts', '--pack-destination', folder];
    mkdirSync(folder, { recursive: true });
    run('Packing', command, [...first, ...options], { cwd: stage });
    const tarball = join(folder, `${name}-${version}-local.tgz`);
    renameSync(join(folder, `${name}-${version}.tgz`), tarball);
    console.log(tarball);
  } finally {
    rmSync(stage, { recursive: true });
  }
}
