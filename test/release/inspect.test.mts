// scripts/release/inspect.mjs finds the faults of addons that the system's compiler makes here.

import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { appendFileSync, cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { faults, mostBytes } from '../../scripts/release/inspect.mjs';
import { recordFile, sourcesDigest } from '../../scripts/release/record.mjs';
import { hostTarget, prebuiltFile, type Target, targets } from '../../scripts/release/targets.mjs';
import { newFolder } from '../support/scratch.js';

const checkout = fileURLToPath(new URL('../..', import.meta.url));
const host = hostTarget() as Target; // undefined only where its tests do not run

describe.runIf(host?.libc === 'glibc')('the inspection on Linux', () => {
  const target = host;
  const entryPoints = `
    #include <stdlib.h>
    void napi_register_module_v1(void) { abort(); }
    void node_api_module_get_api_version_v1(void) {}`;

  /** Makes a checkout: the sources, and an addon, compiled from this program, with a record that fits. */
  function checkoutWith(program: string, ...flags: string[]): string {
    const root = newFolder();
    for (const name of ['CMakeLists.txt', 'native', 'package-lock.json', 'scripts']) {
      cpSync(join(checkout, name), join(root, name), { recursive: true });
    }
    const file = join(root, prebuiltFile(target));
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(join(root, 'program.c'), program);
    execFileSync('c++', ['-shared', '-fPIC', '-x', 'c', join(root, 'program.c'), '-o', file, ...flags]);
    record(root);
    return root;
  }

  function record(root: string): void {
    const sha256 = createHash('sha256')
      .update(readFileSync(join(root, prebuiltFile(target))))
      .digest('hex');
    writeFileSync(join(root, recordFile(target)), JSON.stringify({ sources: sourcesDigest(root), sha256 }));
  }

  test('finds nothing, where there is nothing', () => {
    expect(faults(checkoutWith(entryPoints), target)).toEqual([]);
  });

  test.each([
    {
      what: 'no entry point',
      program: entryPoints.replace('napi_register', 'register'),
      fault: 'does not show napi_register_module_v1',
    },
    { what: 'an additional symbol', program: `${entryPoints}int cblas_dgemm;`, fault: 'shows cblas_dgemm' },
    {
      what: 'a function of glibc 2.36',
      program: `${entryPoints}\nstatic unsigned f(void) { return arc4random(); } unsigned (*g)(void) __attribute__((visibility("hidden"))) = f;`,
      fault: 'needs arc4random of GLIBC 2.36',
    },
  ])('finds $what', ({ program, fault }) => {
    expect(faults(checkoutWith(program), target)).toContain(fault);
  });

  test('finds a library that not every system has', () => {
    const root = checkoutWith(entryPoints, '-Wl,--no-as-needed', '-lrt', '-lresolv');
    expect(faults(root, target)).toEqual(['needs libresolv.so.2']);
  });

  test('does not look at what links elsewhere, or Apple’s files would stop a release', () => {
    const root = checkoutWith(entryPoints);
    const other = targets.find(({ platform }) => platform === 'darwin') as Target;
    mkdirSync(dirname(join(root, prebuiltFile(other))), { recursive: true });
    cpSync(join(root, prebuiltFile(target)), join(root, prebuiltFile(other)));
    expect(faults(root, other)).toEqual(['has not been built']); // it has no record
  });

  test('finds more bytes than allowed', () => {
    const root = checkoutWith(entryPoints);
    appendFileSync(join(root, prebuiltFile(target)), Buffer.alloc(mostBytes));
    record(root);
    const [fault, ...others] = faults(root, target);
    expect(others).toEqual([]);
    const [, bytes, most] = /^takes (\d+) bytes, more than (\d+)$/.exec(fault as string) as string[];
    expect(Number(most)).toBe(mostBytes);
    expect(Number(bytes)).toBeGreaterThan(mostBytes);
  });

  test('tells other sources, another file and no file apart', () => {
    const root = checkoutWith(entryPoints);
    appendFileSync(join(root, prebuiltFile(target)), 'more');
    expect(faults(root, target)).toEqual(['differs from its record']);
    appendFileSync(join(root, 'native/addon.cc'), '\n');
    expect(faults(root, target)).toEqual(['was built from other sources']);
    for (const other of targets.filter((candidate) => candidate !== target)) {
      expect(faults(root, other)).toEqual(['has not been built']);
    }
  });
});
