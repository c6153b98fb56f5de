import { beforeEach, describe, expect, test } from 'vitest';
import {
  band,
  boundaryLine,
  frames,
  model,
  notePositions,
  open,
  page,
  playButton,
  position,
  slider,
} from './page';

describe('the page', () => {
  beforeEach(() => open());

  test('answers how much a better optimiser saves: in words, a chart and a table', async () => {
    const section = page.getByRole('region', { name: 'What a better optimiser saves' });
    expect(await section.locator('#race-answer').textContent()).toMatch(
      /^From the same weights, .+ needs [\d,]+ epochs? and \d+\.\d\d\u00a0s\. Gradient descent needs 2,000 epochs/,
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

  test('continues from the slider, and pauses', async () => {
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

describe('the page on other screens', () => {
  test('a phone shows nothing wider than 375 pixels, and keeps the controls in sight', async () => {
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

  test('the charts follow a window that changes its width', async () => {
    await open();
    const widthOf = () => model('full batch').locator('.boundary > svg').getAttribute('width').then(Number);
    const before = await widthOf();
    await page.setViewportSize({ width: 900, height: 900 });
    await expect.poll(widthOf).toBeLessThan(before);
  });

  test('a dark screen has a dark page', async () => {
    const background = () => page.evaluate('getComputedStyle(document.body).backgroundColor');
    await open({ colorScheme: 'dark' });
    expect(await background()).toBe('rgb(19, 21, 25)');
    await page.emulateMedia({ colorScheme: 'light' });
    expect(await background()).toBe('rgb(252, 252, 251)');
  });

  test('a screen with less motion shows a few still pictures', async () => {
    await open({ reducedMotion: 'reduce' });
    const positions = await notePositions();
    await playButton('Play').click();
    await playButton('Pause').waitFor();
    await playButton('Play').waitFor();
    expect(await positions()).toEqual([0, 20, 40]);
  });
});
