import { beforeEach, describe, expect, test } from 'vitest';
import { boundaryLine, frames, model, open, page, position, slider } from './page';

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
    // Each has a label for people who cannot see it.
    expect(await page.getByRole('img', { name: /./ }).count()).toBe(8);
  });
});
