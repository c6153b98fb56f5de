// Copies of the built package in folders of their own, with faults, and processes that load them.

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
  /** The addon's bytes, in place of the right ones; null: there is none. */
  readonly addon?: Uint8Array | string | null;
  /** Where it is, from the package. */
  readonly at?: string;
  readonly version?: string;
}

/** The package as it would be installed, without what is not needed to run it; its folder. */
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

/** The same, by the way of a tarball: packed with this version, and unpacked elsewhere. */
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

/** Loads what a process of its own can require, and returns the error's message; fails if there is none. */
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

/** The bytes with a text in place of another of its length, wherever that is. */
export function replaced(bytes: Buffer, before: string, after: string): Buffer {
  expect(bytes.includes(before)).toBe(true);
  expect(after.length).toBe(before.length);
  return Buffer.from(bytes.toString('latin1').replaceAll(before, after), 'latin1');
}
