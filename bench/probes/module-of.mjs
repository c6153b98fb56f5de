import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

/** The standalone module of a network or a model, loaded. */
export async function moduleOf(/** @type {{ export(path: string): Promise<void> }} */ model) {
  const folder = mkdtempSync(join(tmpdir(), 'blasnet-module-'));
  try {
    await model.export(join(folder, 'model.mjs'));
    return await import(pathToFileURL(join(folder, 'model.mjs')).href);
  } finally {
    rmSync(folder, { recursive: true });
  }
}
