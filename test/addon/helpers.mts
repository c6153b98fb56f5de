// Copies of the built package, some with faults, in their own folders, and processes that load them.

import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';
import { hostTarget, prebuiltFile, type Target } from '../../scripts/release/targets.mjs';
import { npm } from '../../scripts/run.mjs';
import { newFolder } from '../support/scratch.js';

export const checkout = fileURLToPath(new URL('../..', import.meta.url));

/** The addon's place in the package, for this machine. */
export const addonFile = prebuiltFile(hostTarget() as Target);
export const addon = readFileSync(join(checkout, addonFile));

export interface Change {
  /** Bytes that replace the addon's; null: no addon. */
  readonly addon?: Uint8Array | string | null;
  /** The addon's path in the package. */
  readonly at?: string;
  readonly version?: string;
}

/** Installs the package, with only the files that run, and returns its folder. */
export function installed({ addon: bytes = addon, at = addonFile, version }: Change = {}): string {
  const modules = join(newFolder(), 'node_modules');
  const root = join(modules, 'blasnet');
  cpSync(join(checkout, 'dist'), join(root, 'dist'), { recursive: true });
  const description = JSON.parse(readFileSync(join(checkout, 'package.json'), 'utf8'));
  writeFileSync(
    join(root, 'package.json'),
    JSON.stringify({ ...description, version: version ?? description.version }),
  );
  cpSync(join(checkout, 'node_modules/node-gyp-build'), join(modules, 'node-gyp-build'), { recursive: true });
  if (bytes !== null) {
    mkdirSync(dirname(join(root, at)), { recursive: true });
    writeFileSync(join(root, at), bytes, { mode: 0o755 });
  }
  return root;
}

/** Packs the package into a tarball with this version, unpacks it elsewhere, and returns the folder. */
export function packed(version: string): string {
  const root = installed({ version });
  const modules = dirname(root);
  // The scripts of package.json would build.
  for (const [command = '', ...args] of [
    [...npm, 'pack', '--ignore-scripts', '--pack-destination', modules],
    ['tar', '-xzf', `../blasnet-${version}.tgz`, '-C', modules],
  ]) {
    const { status, stderr } = spawnSync(command, args, { cwd: root, encoding: 'utf8' });
    expect(status, stderr).toBe(0);
  }
  return join(modules, 'package');
}

export interface Loading {
  readonly env?: Readonly<Record<string, string>>;
  readonly flags?: readonly string[];
  /** a user without rights */
  readonly nobody?: boolean;
}

/** Requires a path in a new process, and returns the error's message; fails if there is no error. */
export function messageOf(path: string, { env = {}, flags = [], nobody = false }: Loading = {}): string {
  const script = `
    ${nobody ? 'if (process.getuid() === 0) process.setuid(65534);' : ''}
    try {
      require(${JSON.stringify(path)});
      console.log('null');
    } catch ({ name, code, message, cause }) {
      console.log(JSON.stringify({ name, code, message, cause: cause instanceof Error }));
    }`;
  const { PREBUILDS_ONLY: _, ...inherited } = process.env;
  const { stdout, stderr, signal, status } = spawnSync(process.execPath, [...flags, '-e', script], {
    env: { ...inherited, ...env },
    encoding: 'utf8',
  });
  expect({ signal, status, stderr }).toEqual({ signal: null, status: 0, stderr: '' });
  const { message, ...rest } = JSON.parse(stdout);
  expect(rest).toEqual({ name: 'Error', code: 'ERR_BLASNET_LOAD', cause: true });
  return message;
}

/** Returns the bytes with every occurrence of a text replaced by another text of its length. */
export function replaced(bytes: Buffer, before: string, after: string): Buffer {
  expect(bytes.includes(before)).toBe(true);
  expect(after.length).toBe(before.length);
  return Buffer.from(bytes.toString('latin1').replaceAll(before, after), 'latin1');
}
