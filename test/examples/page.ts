// Opens the page that the demonstration writes in a browser, for the tests of the file that imports this module.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect } from 'vitest';
import { launchBrowser } from '../support/browser';
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
  browser = await launchBrowser();
});

afterAll(async () => {
  await browser?.close();
  rmSync(folder, { recursive: true });
});

/** Errors and requests of the page, which a page from a file must not have. */
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

/** Records, inside the page, every frame that it shows, so that none is missed between two checks. */
export async function notePositions(): Promise<() => Promise<number[]>> {
  await page.evaluate(`
    window.positions = [];
    new MutationObserver(() => positions.push(Number(document.getElementById('frame').value)))
      .observe(document.getElementById('position'), { childList: true, characterData: true, subtree: true });
  `);
  return () => page.evaluate('positions');
}
