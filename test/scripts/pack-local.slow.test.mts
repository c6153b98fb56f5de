// npm run pack:local: the package for one's own machine, without the release build.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { modules, packLocal, run } from '../support/packed.mjs';
import { newFolder } from '../support/scratch.js';

test('the package for one’s own machine can be installed in an empty folder, and runs there', () => {
  const folder = newFolder();
  const tarball = packLocal(folder);
  expect(tarball).toMatch(/blasnet-.*-local\.tgz$/);
  writeFileSync(join(folder, 'package.json'), '{ "name": "user", "private": true }');
  const options = ['--offline', '--install-links', '--no-audit', '--no-fund'];
  run('npm', ['install', ...options, tarball, join(modules, 'node-gyp-build')], folder);
  const program = `
    const { Network, buildInfo, makeMoons } = require('blasnet');
    const { X, Y } = makeMoons({ samples: 20, noise: 0.2, seed: 1 });
    const net = new Network([{ inputDim: 2, outputDim: 1, activation: 'sigmoid' }], { seed: 1 });
    const { loss } = net.fitSync(X, Y, { epochs: 2 });
    const { file, prebuilt } = buildInfo();
    console.log(JSON.stringify({ learned: loss[1] < loss[0], prebuilt, file }));`;
  const { file, ...rest } = JSON.parse(run(process.execPath, ['-e', program], folder));
  expect(rest).toEqual({ learned: true, prebuilt: true });
  expect(file).toContain(join(folder, 'node_modules/blasnet/prebuilds'));
});
