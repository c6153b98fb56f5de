// What takes seconds with examples/server/: its page in a browser, starts with a file, signals while it trains.

import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Classifier } from '../../lib/tabular/index.js';
import { launchBrowser } from '../support/browser.js';
import { customer, Service, type Told } from './service.js';

let temporary: string;
beforeAll(() => {
  temporary = mkdtempSync(join(tmpdir(), 'blasnet-server-'));
});
afterAll(() => rmSync(temporary, { recursive: true }));

describe('the page of the example service', () => {
  let browser: Browser;
  let service: Service;

  beforeAll(async () => {
    [service, browser] = await Promise.all([Service.startReady(), launchBrowser()]);
  });
  afterAll(async () => {
    await browser?.close();
    expect(await service.stop()).toBe(0);
  });

  it('shows the training as it runs, which may be aborted, and the new version; a form predicts', async () => {
    const page = await (await browser.newContext()).newPage();
    const complaints: string[] = [];
    const elsewhere: string[] = [];
    page.on('console', (message) => complaints.push(message.text()));
    page.on('pageerror', (error) => complaints.push(String(error)));
    page.on('request', (request) => {
      if (!request.url().startsWith(service.url) && !request.url().startsWith('data:'))
        elsewhere.push(request.url());
    });
    await page.goto(service.url);
    await page.getByText(/^Version 1 of "credit" answers, right about [\d.]+ % of 1114 rows\.$/).waitFor();

    // The curve of the training before, which has ended.
    const points = () =>
      page.evaluate(
        `(document.querySelector('polyline.loss')?.getAttribute('points') ?? '').split(' ').length`,
      );
    await expect.poll(points).toBe(32);
    expect(await page.locator('polyline.valLoss').count()).toBe(1);

    // The form has a field for each column but the target, and can be sent as it is.
    expect(await page.locator('form label').count()).toBe(13);
    await page.getByRole('button', { name: 'Predict' }).click();
    await page.getByText('Version 1 has answered.').waitFor();
    for (const [name, value] of Object.entries(customer)) {
      const field = page.locator(`[name="${name}"]`);
      if (typeof value === 'string') await field.selectOption(value);
      else await field.fill(String(value ?? ''));
    }
    await page.getByRole('button', { name: 'Predict' }).click();
    const { bad } = (await service.post('/probabilities', customer)).body.probabilities;
    await page
      .locator('output')
      .getByText(`bad: ${(100 * bad).toFixed(1)} %`)
      .waitFor();

    // The curve grows while the training runs.
    await service.post('/training', { epochs: 10_000 });
    await page
      .getByText(/^Training 2, epoch 2: /)
      .or(page.getByText(/^Training 2, epoch \d+: /))
      .waitFor();
    const early = Number(await page.locator('text.epoch').textContent().then(epochIn));
    const later = async () => Number(epochIn(await page.locator('text.epoch').textContent()));
    await expect.poll(later).toBeGreaterThan(early + 3);
    await page.getByRole('button', { name: 'Abort' }).click();
    await page.getByText(/^Training 2 has ended after [\d.]+ seconds: it was aborted\.$/).waitFor();

    await page.getByRole('button', { name: 'Train the next model' }).click();
    await page.getByText(/^Training 3 has ended .* live as version 2\.$/).waitFor();
    await page.getByText(/^Version 2 of "credit" answers/).waitFor();
    await page.getByRole('button', { name: 'Roll back' }).click();
    await page.getByText(/^Version 3 of "credit" answers/).waitFor();

    await page.setViewportSize({ width: 375, height: 720 });
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(375);
    expect({ complaints, elsewhere }).toEqual({ complaints: [], elsewhere: [] });
  });
});

const epochIn = (text: string | null) => /epoch (\d+)/.exec(text ?? '')?.[1];

it('the example service starts with the model in its file, if there is one', async () => {
  const file = join(temporary, 'credit.safetensors');
  const first = await Service.startReady({ MODEL: file });
  const { body } = await first.post('/probabilities', customer);
  expect(await first.stop()).toBe(0);
  expect(existsSync(file)).toBe(true);
  const second = await Service.startReady({ MODEL: file });
  expect(second.stdout).not.toContain('learns from');
  expect((await second.post('/probabilities', customer)).body).toEqual(body);
  expect((await second.get('/model')).body.metrics.rows).toBe(1114);
  expect(await second.stop()).toBe(0);
});

it('the example service says that the file of its model is not written, and answers all the same', async () => {
  const file = join(temporary, 'missing', 'small.safetensors');
  const service = await Service.start({ MODEL: file }, join(__dirname, 'small-service.mjs'));
  await service.post('/training');
  service.child.send('learn');
  const { data } = (await service.until('end')).at(-1) as Told;
  expect(data.outcome).toBe('failed');
  expect(data.message).toMatch(/^Version 1 is live, but its file is not written: .*small\.safetensors/);
  expect((await service.post('/predict', { age: 30, city: 'Rome' })).body.version).toBe(1);
  // A stream has no end, and so no HEAD.
  expect((await fetch(`${service.url}/training/events`, { method: 'HEAD' })).status).toBe(404);
  expect(await service.stop()).toBe(0);
});

describe('the example service that gets a signal', () => {
  it('aborts its training at SIGINT, and leaves no file', async () => {
    const folder = mkdtempSync(join(temporary, 'interrupted-'));
    const service = await Service.start({ MODEL: join(folder, 'credit.safetensors') });
    await service.said(/^A model learns/m);
    service.child.kill('SIGINT');
    expect(await service.ended).toBe(0);
    expect(service.stderr).toBe('');
    expect(readdirSync(folder)).toEqual([]);
  });

  it('finishes its training if it is told to, also the first one', async () => {
    const file = join(temporary, 'first.safetensors');
    const service = await Service.start({ MODEL: file, ON_CLOSE: 'finish' });
    await service.said(/^A model learns/m);
    expect(existsSync(file)).toBe(false);
    service.child.kill('SIGTERM');
    expect(await service.ended).toBe(0);
    expect(service.stderr).toBe('');
    expect((await Classifier.load(file)).targets).toMatchObject([{ classes: ['good', 'bad'] }]);
  });

  it('ends at once with the second signal, while it finishes its training', async () => {
    const service = await Service.start({ ON_CLOSE: 'finish' }, join(__dirname, 'small-service.mjs'));
    await service.post('/training');
    service.child.kill('SIGINT');
    await expect.poll(async () => (await service.get('/health/ready')).body.closing).toBe(true);
    service.child.kill('SIGTERM');
    expect(await service.ended).toBe('SIGTERM');
  });

  it('ends with the code 1 if it has no time left for its training', async () => {
    const service = await Service.startReady({ ON_CLOSE: 'finish', CLOSE_SECONDS: '1' });
    await service.post('/training', { epochs: 10_000 });
    expect(await service.stop()).toBe(1);
    expect(service.stderr).toBe('The service has not ended within 1 seconds\n');
  });
});
