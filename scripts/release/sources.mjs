// The libraries inside the prebuilt addons: their versions, the addresses of their sources, and their digests.

import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { RunError } from '../run.mjs';

/**
 * @typedef {object} Source
 * @property {string} name
 * @property {string} version
 * @property {string} license   SPDX
 * @property {string} folder    in the archive
 * @property {string} sha256    of the archive
 * @property {readonly string[]} urls   each has the same bytes
 */

// Debian's copies of the upstream releases (that of OpenBLAS without LAPACK): a mirror has them while this release of
// Debian is current, and Debian's archive keeps them for ever.
const debian = (/** @type {string} */ path) => [
  `http://deb.debian.org/debian/pool/main/${path}`,
  `https://snapshot.debian.org/archive/debian/20250901T000000Z/pool/main/${path}`,
];

/** @type {Source} */
export const openblas = {
  name: 'OpenBLAS',
  version: '0.3.29',
  license: 'BSD-3-Clause',
  folder: 'OpenBLAS-0.3.29',
  sha256: 'eb691e2cff83799400da22aa6ab93ebaa346ad317fea578b7ae119e226ce1b01',
  urls: debian('o/openblas/openblas_0.3.29+ds.orig.tar.xz'),
};

/** @type {Source} */
export const highway = {
  name: 'Highway',
  version: '1.2.0',
  license: 'BSD-3-Clause',
  folder: 'highway-1.2.0',
  sha256: '7e0be78b8318e8bdbf6fa545d2ecb4c90f947df03f7aadc42c1967f019e63343',
  urls: debian('h/highway/highway_1.2.0.orig.tar.gz'),
};

/** @type {Source} */
export const fastFloat = {
  name: 'fast_float',
  version: '3.9.0',
  license: 'MIT',
  folder: 'fast_float-3.9.0',
  sha256: 'a10443e13748291709b422b2da49fc6753a1a43bf24205d4600595dfe3d811bb',
  urls: debian('f/fast-float/fast-float_3.9.0.orig.tar.gz'),
};

/** The folder of the archives: among the user's caches, so that other checkouts find them. */
export const archives = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'blasnet');

/**
 * Downloads an archive, if it does not exist yet, and returns its path. Throws if no address has the archive with this
 * SHA-256.
 * @param {Source} source
 * @param {string} folder   of the archives
 */
export async function fetchSource({ name, version, sha256, urls }, folder) {
  const file = join(folder, `${name}-${version}.tar`);
  if (existsSync(file) && digest(readFileSync(file)) === sha256) return file;

  const failures = [];
  for (const url of urls) {
    try {
      const response = await fetch(url);
      if (!response.ok) throw new Error(`HTTP ${response.status}`);
      const bytes = Buffer.from(await response.arrayBuffer());
      if (digest(bytes) !== sha256) throw new Error(`its SHA-256 is ${digest(bytes)}, not ${sha256}`);
      mkdirSync(folder, { recursive: true });
      writeFileSync(`${file}.part`, bytes);
      renameSync(`${file}.part`, file);
      return file;
    } catch (error) {
      const { message, cause } = /** @type {Error} */ (error);
      failures.push(`  ${url}: ${message}${cause instanceof Error ? ` (${cause.message})` : ''}`);
    }
  }
  throw new RunError(`The sources of ${name} ${version} could not be downloaded:\n${failures.join('\n')}`);
}

/** @param {Buffer} bytes */
function digest(bytes) {
  return createHash('sha256').update(bytes).digest('hex');
}
