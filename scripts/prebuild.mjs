// Stages this platform's addon where the packed library looks for it: prebuilds/<platform>-<arch>/blasnet.<libc>.node,
// the name that node-gyp-build reads. It links the machine's own OpenBLAS and Highway.
//
//   node scripts/prebuild.mjs             (npm's prepack)
//   node scripts/prebuild.mjs --remove    (npm's postpack: a checkout runs what it builds, never an old copy)

import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { musl } from './steps.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const prebuilds = join(root, 'prebuilds');

rmSync(prebuilds, { recursive: true, force: true });
if (!process.argv.includes('--remove')) stage();

function stage() {
  const { platform, arch } = process;
  const libc = platform !== 'linux' ? '' : musl ? '.musl' : '.glibc';
  const folder = join(prebuilds, `${platform}-${arch}`);
  const addon = join(folder, `blasnet${libc}.node`);
  mkdirSync(folder, { recursive: true });
  copyFileSync(join(root, 'build/Release/blasnet.node'), addon);
  if (platform === 'linux') execFileSync('strip', ['--strip-unneeded', addon]);
  if (platform === 'darwin') execFileSync('strip', ['-Sx', addon]);
  console.log(`Staged ${addon}`);
}
