// Runs examples/large/ like `npm run example:large`, and kills it in the middle.

import { spawn, spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { newFolder } from '../support/scratch';

const root = join(__dirname, '../..');
const program = join(root, 'examples/large/main.mjs');
const rows = '4000';

const run = (args: readonly string[], temporary = tmpdir()) =>
  spawnSync(process.execPath, [program, ...args], {
    encoding: 'utf8',
    env: { ...process.env, TMPDIR: temporary, TEMP: temporary },
  });

/** Kills the program when it has printed this. */
function killedAt(text: string, args: readonly string[]): Promise<NodeJS.Signals | null> {
  const child = spawn(process.execPath, [program, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  child.stdout.setEncoding('utf8').on('data', (line: string) => {
    if (line.includes(text)) child.kill('SIGKILL');
  });
  return new Promise((resolve) => child.once('close', (_, signal) => resolve(signal)));
}

const scoresIn = (stdout: string) => /^ROC AUC.*$/m.exec(stdout)?.[0];
const hashIn = (stdout: string) => /^the model has the hash ([\da-f]{16})/m.exec(stdout)?.[1];

describe('the example of a training from files', () => {
  it('prints the same when it is killed in the middle and started again, and when it is started once more', async () => {
    const whole = run([newFolder(), rows]);
    expect({ status: whole.status, stderr: whole.stderr }).toEqual({ status: 0, stderr: '' });
    expect(whole.stdout.match(/^epoch \d of 6: loss 0\.\d{4}, with rows held out 0\.\d{4}$/gm)?.length).toBe(
      6,
    );
    expect(Number(/^ROC AUC (0\.\d+)/m.exec(whole.stdout)?.[1])).toBeGreaterThan(0.8);
    const folder = newFolder();
    expect(await killedAt('epoch 4', [folder, rows])).toBe('SIGKILL');
    for (const _ of ['again', 'once more']) {
      const { status, stdout, stderr } = run([folder, rows]);
      expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
      expect(stdout).toMatch(/^going on from the newest checkpoint$/m);
      expect(stdout).not.toContain('epoch 1');
      expect([scoresIn(stdout), hashIn(stdout)]).toEqual([scoresIn(whole.stdout), hashIn(whole.stdout)]);
    }
  });

  it('leaves no files without a folder', () => {
    const temporary = newFolder();
    expect(run([], temporary).status).toBe(0);
    expect(readdirSync(temporary)).toEqual([]);
  });

  it('is what its npm script runs, after the setup, and has short programs', () => {
    const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
      scripts: Record<string, string>;
    };
    expect(scripts['example:large']).toBe('node scripts/setup.mjs start && node examples/large/main.mjs');
    for (const name of ['main.mjs', 'write-files.mjs']) {
      const lines = readFileSync(join(root, 'examples/large', name), 'utf8').split('\n').length;
      expect(lines).toBeLessThanOrEqual(70);
    }
  });
});
