// Ten thousand damaged files in a process whose prototypes are frozen and whose strings make no code: its memory is bounded.

import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from 'vitest';

test('damaged files end no process, change no prototype and do not pile up in memory', () => {
  const flags = ['--disallow-code-generation-from-strings', '--frozen-intrinsics', '--no-warnings'];
  const script = join(__dirname, 'damaged-child.mjs');
  const { status, stdout, stderr } = spawnSync(process.execPath, [...flags, script, '10000'], {
    encoding: 'utf8',
  });
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  const { tables, errors, grown, added } = JSON.parse(stdout);
  expect({ errors, added }).toEqual({ errors: [], added: [] });
  expect(tables).toBeGreaterThan(100);
  // Megabytes, after the first thousand: what one file needs at most, and what the collector leaves.
  expect(grown).toBeLessThan(150);
}, 600_000);
