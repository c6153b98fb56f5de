// The browser that tests of pages use.

import { type Browser, chromium } from 'playwright-core';

/** Starts the browser that the set-up of the tests has checked for. */
export async function launchBrowser(): Promise<Browser> {
  const { findBrowser } = await import('../../scripts/requirements.mjs');
  const executablePath = findBrowser();
  if (!executablePath) throw new Error('Expected a browser; npm test installs Chromium where it can');
  const args = ['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking'];
  return chromium.launch({ executablePath, args });
}
