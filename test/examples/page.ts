// The page that the demonstration writes, opened in a browser: for the tests of a file that imports this.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect } from 'vitest';
import { finished, startDemo } from './demo';

export const frames = 40;

let folder: string;
let url: string;
let browser: Browser;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'blasnet-page-'));
  const { code, stderr } = await finished(startDemo(['--epochs', String(50 * frames)], folder));
  expect(stderr).toContain('done\n');
  expect(code).toBe(0);
  url = pathToFileURL(join(folder, 'moons.html')).href;
  const { findBrowser } = await import('../../scripts/requirements.mjs'); // the one that setup.mjs looked for
  const executablePath = findBrowser();
  if (!executablePath) throw new Error('Expected a browser; npm test installs Chromium where it can');
  browser = await chromium.launch({
    executablePath,
    args: ['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking'],
  });
});

afterAll(async () => {
  await browser?.close();
  rmSync(folder, { recursive: true });
});

/** What the page did that a page from a file must not. */
let complaints: string[];
let requests: string[];
export let page: Page;

export async function open(options: BrowserContextOptions = {}): Promise<void> {
  const context = await browser.newContext({
    viewport: { width: 1280, height: 900 },
    offline: true,
    ...options,
  });
  page = await context.newPage();
  complaints = [];
  requests = [];
  page.on('console', (message) => complaints.push(`${message.type()}: ${message.text()}`));
  page.on('pageerror', (error) => complaints.push(String(error)));
  page.on('request', (request) => requests.push(request.url()));
  await page.goto(url);
  await page.locator('.half-line path').last().waitFor({ state: 'attached' });
}

afterEach(async () => {
  await page.context().close();
  expect(complaints).toEqual([]);
  expect(requests).toEqual([url]);
});

export const slider = () => page.getByRole('slider', { name: 'Frame' });
export const playButton = (name: 'Play' | 'Pause') => page.getByRole('button', { name, exact: true });
export const model = (name: string) =>
  page.getByRole('article').filter({ has: page.getByRole('heading', { name }) });
export const boundaryLine = (name: string) => model(name).locator('.half-line path').getAttribute('d');
export const band = (name: string) => model(name).locator('.probability path').nth(5).getAttribute('d');
export const position = () => slider().inputValue().then(Number);

/** Notes every frame that is shown from now on, in the page itself: none passes between two looks. */
export async function notePositions(): Promise<() => Promise<number[]>> {
  await page.evaluate(`
    window.positions = [];
    new MutationObserver(() => positions.push(Number(document.getElementById('frame').value)))
      .observe(document.getElementById('position'), { childList: true, characterData: true, subtree: true });
  `);
  return () => page.evaluate('positions');
}
