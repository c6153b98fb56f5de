// The workflows cannot run here, but the files and scripts that they name must exist.

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { targets } from '../../scripts/release/targets.mjs';

const checkout = fileURLToPath(new URL('../..', import.meta.url));
const folder = join(checkout, '.github/workflows');
const { scripts } = JSON.parse(readFileSync(join(checkout, 'package.json'), 'utf8'));
const release = readFileSync(join(folder, 'release.yml'), 'utf8');

describe.each(readdirSync(folder))('%s', (name) => {
  const text = readFileSync(join(folder, name), 'utf8');

  test('every npm script that it runs is there', () => {
    const named = [...text.matchAll(/npm run ([\w:]+)/g)].map(([, script = '']) => script);
    expect(named.filter((script) => scripts[script] === undefined)).toEqual([]);
  });

  test('every file that it runs is there', () => {
    const named = [...text.matchAll(/node (?:\/blasnet\/)?(scripts\/\S+\.mjs)/g)].map(
      ([, file = '']) => file,
    );
    expect(named.filter((file) => !existsSync(join(checkout, file)))).toEqual([]);
  });

  test('every job that another needs is there', () => {
    const jobs = [...text.matchAll(/^ {2}([\w-]+):$/gm)].map(([, job]) => job);
    const needed = [...text.matchAll(/^ {4}needs: \[?([^\]\n]+)\]?$/gm)].flatMap(([, list = '']) =>
      list.split(', '),
    );
    expect(needed.filter((job) => !jobs.includes(job))).toEqual([]);
  });
});

test('CI and the release run the quick tests and the slow ones', () => {
  const ci = readFileSync(join(folder, 'ci.yml'), 'utf8');
  expect(ci).toContain('      - run: npm test\n      - run: npm run test:slow\n');
  expect(release).toContain('      - run: npm run test:all\n');
  expect(scripts['test:all']).toBe('npm test && npm run test:slow');
});

test.each(targets.map(({ name }) => name))('the release builds %s, and tests it', (name) => {
  expect(release.match(new RegExp(`target: ${name},`, 'g'))?.length).toBeGreaterThanOrEqual(2);
});

test('the release tests on the addon of the tests that was built with each prebuilt one', () => {
  const uploads =
    release.match(/upload-artifact@v4\n\s+with:\n\s+name: \$\{\{ matrix.target \}\}\n(.*\n)*?\n/g) ?? [];
  expect(uploads).toHaveLength(2);
  for (const upload of uploads) expect(upload).toMatch(/path: \|\n\s+prebuilds\/\n\s+prebuilds-test\/\n/);
  // Two folders in one artifact keep their names, so they unpack into the root of the checkout.
  const downloads =
    release.match(/download-artifact@v4\n\s+with: .*/g)?.filter((use) => /target|linux/.test(use)) ?? [];
  expect(downloads).toHaveLength(3);
  for (const download of downloads) expect(download).not.toContain('path:');
});

test('only what all jobs have passed is published', () => {
  const order = ['build-linux', 'test', 'pack', 'smoke', 'publish'];
  for (const [i, job] of order.entries()) {
    const next = order[i + 1];
    if (next === undefined) continue;
    const needs = new RegExp(`\\n {2}${next}:\\n(?: {4}.*\\n)*? {4}needs: .*\\b${job}\\b`).exec(release);
    expect(needs, `${next} needs ${job}`).not.toBeNull();
  }
});
