import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { finished, startDemo } from './demo';

vi.setConfig({ testTimeout: 60_000 });

const frames = 40;

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
}, 120_000);

afterAll(async () => {
  await browser?.close();
  rmSync(folder, { recursive: true });
});

/** What the page did that a page from a file must not. */
let complaints: string[];
let requests: string[];
let page: Page;

async function open(options: BrowserContextOptions = {}): Promise<void> {
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

const slider = () => page.getByRole('slider', { name: 'Frame' });
const playButton = (name: 'Play' | 'Pause') => page.getByRole('button', { name, exact: true });
const model = (name: string) =>
  page.getByRole('article').filter({ has: page.getByRole('heading', { name }) });
const boundaryLine = (name: string) => model(name).locator('.half-line path').getAttribute('d');
const band = (name: string) => model(name).locator('.probability path').nth(5).getAttribute('d');
const position = () => slider().inputValue().then(Number);

/** Notes every frame that is shown from now on, in the page itself: none passes between two looks. */
async function notePositions(): Promise<() => Promise<number[]>> {
  await page.evaluate(`
    window.positions = [];
    new MutationObserver(() => positions.push(Number(document.getElementById('frame').value)))
      .observe(document.getElementById('position'), { childList: true, characterData: true, subtree: true });
  `);
  return () => page.evaluate('positions');
}

describe('the page', () => {
  beforeEach(() => open());

  test('shows the trained networks at first', async () => {
    expect(await position()).toBe(frames);
    await expect.poll(() => page.locator('#position').textContent()).toBe(`${frames} / ${frames}`);
    expect(await model('full batch').locator('.state').textContent()).toContain('epoch 2,000');
    expect(await model('batches of 32').locator('.state').textContent()).toContain('epoch 40');
    expect(await slider().getAttribute('aria-valuetext')).toBe(
      'full batch at epoch 2,000, batches of 32 at epoch 40',
    );
  });

  test('draws the data, both boundaries with the 0.5 line and the test points, and all curves', async () => {
    expect(await page.locator('#data circle').count()).toBe(1000);
    for (const name of ['full batch', 'batches of 32']) {
      expect(await model(name).locator('.probability path').count()).toBe(10);
      expect((await boundaryLine(name))?.length).toBeGreaterThan(100);
      expect(await model(name).locator('.test-points circle').count()).toBe(100);
      expect(await model(name).locator('.cost .train path').count()).toBe(1);
      expect(await model(name).locator('.accuracy .train path, .accuracy .test path').count()).toBe(2);
    }
    // Each says what it is to those who cannot see it.
    expect(await page.getByRole('img', { name: /./ }).count()).toBe(8);
  });

  test('answers how much a better optimiser saves: in words, a chart and a table', async () => {
    const section = page.getByRole('region', { name: 'What a better optimiser saves' });
    expect(await section.locator('#race-answer').textContent()).toMatch(
      /^From the same weights, .+ needs [\d,]+ epochs? and \d+\.\d\d\u00a0s for what takes gradient descent 2,000 epochs/,
    );
    expect(await section.locator('.racer path').count()).toBe(5);
    const rows = section.locator('tbody').getByRole('row');
    expect(await rows.getByRole('rowheader').allTextContents()).toEqual([
      'gradient descent',
      'momentum 0.9',
      'Adam',
      'L-BFGS',
      'Adam in batches of 32',
    ]);
    for (const row of await rows.all()) expect(await row.getByRole('cell').count()).toBe(4);
  });

  test('has the results in a table', async () => {
    const row = page.getByRole('row', { name: 'full batch' });
    expect(await row.getByRole('cell').allTextContents()).toEqual([
      expect.stringMatching(/^0\.\d{4}$/),
      expect.stringMatching(/^\d+\.\d%$/),
      expect.stringMatching(/^\d+\.\d%$/),
      expect.stringMatching(/^\d+\.\d\d$/),
      expect.stringMatching(/^[\d,]+$/),
    ]);
  });

  test('draws another boundary where the slider stands, by keyboard alone', async () => {
    const names = ['full batch', 'batches of 32'] as const;
    const trained = await Promise.all(names.flatMap((name) => [boundaryLine(name), band(name)]));
    await slider().press('Home');
    expect(await position()).toBe(0);
    const untrained = await Promise.all(names.flatMap((name) => [boundaryLine(name), band(name)]));
    for (const [i, path] of trained.entries()) expect(untrained[i]).not.toBe(path);
    expect(await model('full batch').locator('.state').textContent()).toContain('epoch 0 cost 0.6936');
    await slider().press('ArrowRight');
    expect(await model('full batch').locator('.state').textContent()).toContain('epoch 50');
    expect(await model('batches of 32').locator('.state').textContent()).toContain('epoch 1');
    await slider().press('End');
    expect(await Promise.all(names.flatMap((name) => [boundaryLine(name), band(name)]))).toEqual(trained);
  });

  test('plays from the start to the last frame, and stops there', async () => {
    const trained = await boundaryLine('full batch');
    const positions = await notePositions();
    await playButton('Play').click();
    await playButton('Pause').waitFor();
    await playButton('Play').waitFor();
    const seen = await positions();
    expect(seen.length).toBeGreaterThan(2);
    expect(seen[0]).toBeLessThan(frames);
    expect(seen).toEqual([...new Set(seen)].sort((a, b) => a - b));
    expect(seen.at(-1)).toBe(frames);
    expect(await boundaryLine('full batch')).toBe(trained);
  });

  test('goes on from the slider, and pauses', async () => {
    await slider().fill('10');
    const positions = await notePositions();
    await slider().press(' ');
    await page.waitForFunction('positions.length > 0');
    await slider().press('ArrowLeft');
    await playButton('Play').waitFor();
    const stopped = await position();
    const seen = await positions();
    expect(seen[0]).toBeGreaterThan(10);
    expect(stopped).toBe(seen.at(-1));
    expect(stopped).toBeLessThan(frames);
  });
});

describe('other screens', () => {
  test('a phone: nothing is wider than 375 pixels, and the controls stay in sight', async () => {
    await open({ viewport: { width: 375, height: 720 }, isMobile: true, hasTouch: true });
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(375);
    for (const chart of await page.locator('.plot > svg').all()) {
      const box = await chart.boundingBox();
      expect(box?.x).toBeGreaterThanOrEqual(0);
      expect((box?.x as number) + (box?.width as number)).toBeLessThanOrEqual(375);
    }
    await model('batches of 32').locator('.accuracy').scrollIntoViewIfNeeded();
    await playButton('Play').tap();
    await playButton('Pause').waitFor();
    await playButton('Play').waitFor();
    expect(await position()).toBe(frames);
  });

  test('a window that changes its width: the charts follow', async () => {
    await open();
    const widthOf = () => model('full batch').locator('.boundary > svg').getAttribute('width').then(Number);
    const before = await widthOf();
    await page.setViewportSize({ width: 900, height: 900 });
    await expect.poll(widthOf).toBeLessThan(before);
  });

  test('a dark one', async () => {
    const background = () => page.evaluate('getComputedStyle(document.body).backgroundColor');
    await open({ colorScheme: 'dark' });
    expect(await background()).toBe('rgb(19, 21, 25)');
    await page.emulateMedia({ colorScheme: 'light' });
    expect(await background()).toBe('rgb(252, 252, 251)');
  });

  test('less motion: a few still pictures', async () => {
    await open({ reducedMotion: 'reduce' });
    const positions = await notePositions();
    await playButton('Play').click();
    await playButton('Pause').waitFor();
    await playButton('Play').waitFor();
    expect(await positions()).toEqual([0, 20, 40]);
  });
});
