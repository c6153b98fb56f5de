// The record next to each prebuilt addon: it says from which sources the addon was built.

import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fingerprint } from '../fingerprint.mjs';
import { prebuiltFile } from './targets.mjs';

/** @typedef {import('./targets.mjs').Target} Target */

/** Everything that determines a prebuilt addon and its test addon, except the compiler. */
const inputs = [
  'CMakeLists.txt',
  'native',
  'scripts/release/libraries.mjs',
  'scripts/release/node-gyp.mjs',
  'scripts/release/prebuild.mjs',
  'scripts/release/sources.mjs',
  'scripts/release/targets.mjs',
  'test/native/addon',
];

/** The packages that take part in the build. */
const packages = ['cmake-js', 'node-addon-api', 'node-api-headers', 'prebuildify'];

/** @param {string} root */
export function sourcesDigest(root) {
  const locked = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')).packages;
  const versions = packages.map((name) => `${name} ${locked[`node_modules/${name}`]?.integrity}\n`).join('');
  return createHash('sha256').update(versions).update(fingerprint(root, inputs)).digest('hex');
}

/** @param {Target} target */
export function recordFile(target) {
  return prebuiltFile(target).replace(/\.node$/, '.json');
}

/**
 * Returns why a target's prebuilt addon does not come from the sources of the checkout; undefined if it does.
 * @param {string} root
 * @param {Target} target
 */
export function mismatch(root, target) {
  const addon = join(root, prebuiltFile(target));
  const record = join(root, recordFile(target));
  if (!existsSync(addon) || !existsSync(record)) return 'has not been built';
  const { sources, sha256 } = JSON.parse(readFileSync(record, 'utf8'));
  if (sources !== sourcesDigest(root)) return 'was built from other sources';
  if (sha256 !== createHash('sha256').update(readFileSync(addon)).digest('hex'))
    return 'differs from its record';
  return undefined;
}
