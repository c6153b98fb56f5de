// Runs examples/tables/ like `npm run example:tables`.

import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { newFolder } from '../support/scratch';

const root = join(__dirname, '../..');
const folder = join(root, 'examples/tables');

/** Runs the program with a folder of its own for temporary files. */
const run = (temporary = tmpdir()) =>
  spawnSync(process.execPath, [join(folder, 'main.mjs')], {
    encoding: 'utf8',
    env: { ...process.env, TMPDIR: temporary, TEMP: temporary },
  });

describe('the example of tables', () => {
  const { status, stdout, stderr } = run();

  it('ends well, and tells nothing but its result', () => {
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  });

  it('prints the schema, and a confusion matrix that counts the customers', () => {
    expect(stdout).toMatch(/^Income +number +\d\.\d % +\d+ to \d+$/m);
    expect(stdout).toMatch(/^Status \(target\) +category/m);
    const numbersOf = (name: string) =>
      (new RegExp(`^${name} .*$`, 'm').exec(stdout)?.[0] ?? '').split(/ +/).slice(4).map(Number);
    const [good = [], bad = []] = [numbersOf('good'), numbersOf('bad')];
    for (const [rows = 0, asGood = 0, asBad = 0] of [good, bad]) expect(asGood + asBad).toBe(rows);
    expect([good[0], bad[0]]).toEqual([800, 314]);
  });

  it('is better than a guess that all customers pay', () => {
    const [, accuracy] = /^accuracy (0\.\d+)/m.exec(stdout) ?? [];
    expect(Number(accuracy)).toBeGreaterThan(800 / 1114 + 0.04);
  });

  it('answers a customer with a gap, and says what is wrong with another one', () => {
    const [, answer = ''] = /^200 (.+)$/m.exec(stdout) ?? [];
    const { status: predicted, probabilities } = JSON.parse(answer);
    expect(probabilities.good + probabilities.bad).toBeCloseTo(1, 12);
    expect(predicted).toBe(probabilities.bad > 0.5 ? 'bad' : 'good');
    const [, refusal = ''] = /^400 (.+)$/m.exec(stdout) ?? [];
    expect(JSON.parse(refusal)).toEqual({
      code: 'ERR_BLASNET_ARG_VALUE',
      message: 'Expected row 0, column "Age" to be a number, got "thirty" (string)',
    });
  });

  it('prints the same every time, and leaves no files', () => {
    const temporary = newFolder();
    expect(run(temporary).stdout).toBe(stdout);
    expect(readdirSync(temporary)).toEqual([]);
  });

  it('is what its npm script runs, after the setup', () => {
    const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
      scripts: Record<string, string>;
    };
    expect(scripts['example:tables']).toBe('node scripts/setup.mjs start && node examples/tables/main.mjs');
  });

  it('has short programs, and the table that the tests have', () => {
    for (const program of ['main.mjs', 'service.mjs']) {
      expect(readFileSync(join(folder, program), 'utf8').split('\n').length).toBeLessThanOrEqual(60);
    }
    const fixture = join(root, 'test/fixtures/tabular/credit.csv.gz');
    expect(readFileSync(join(folder, 'credit.csv.gz')).equals(readFileSync(fixture))).toBe(true);
  });
});
