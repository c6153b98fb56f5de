// Runs examples/page/ like `npm run example:page`, and opens the page that it writes.

import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { launchBrowser } from '../support/browser';

const root = join(__dirname, '../..');

describe('the example of a model in a page', () => {
  let folder: string;
  let browser: Browser;
  let stdout: string;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'blasnet-model-'));
    const program = join(root, 'examples/page/main.mjs');
    const run = spawnSync(process.execPath, [program], { cwd: folder, encoding: 'utf8' });
    expect({ status: run.status, stderr: run.stderr }).toEqual({ status: 0, stderr: '' });
    stdout = run.stdout;
    browser = await launchBrowser();
  });

  afterAll(async () => {
    await browser?.close();
    rmSync(folder, { recursive: true });
  });

  it('writes a page that answers as the model does, and anew when the form changes', async () => {
    const context = await browser.newContext({ offline: true });
    const page = await context.newPage();
    const complaints: string[] = [];
    const requests: string[] = [];
    page.on('console', (message) => complaints.push(message.text()));
    page.on('pageerror', (error) => complaints.push(String(error)));
    page.on('request', (request) => requests.push(request.url()));
    const url = pathToFileURL(join(folder, 'credit.html')).href;
    await page.goto(url);
    const answer = page.locator('output');
    const [, share] = /a probability of (\d+) %/.exec(stdout) ?? [];
    expect(await answer.textContent()).toBe(`No, with a probability of ${share} %`);
    await page.getByLabel('Job').selectOption('fixed');
    await page.getByLabel('Seniority').fill('20');
    await page.getByLabel('Income').fill('300');
    const [, other] = /(\d+) %/.exec((await answer.textContent()) ?? '') ?? [];
    expect(Number(other)).toBeLessThan(Number(share) - 20);
    expect({ complaints, requests }).toEqual({ complaints: [], requests: [url] });
  });

  it('has short programs, and an npm script that runs it after the setup', () => {
    for (const file of ['main.mjs', 'page.html']) {
      expect(readFileSync(join(root, 'examples/page', file), 'utf8').split('\n').length).toBeLessThanOrEqual(
        60,
      );
    }
    const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
      scripts: Record<string, string>;
    };
    expect(scripts['example:page']).toBe('node scripts/setup.mjs start && node examples/page/main.mjs');
  });
});
