import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { here } from './here';

declare const BLASNET_TO_PACKAGE: string | undefined;

// The bundle lies one folder closer to the package's than this file: see scripts/bundle.mjs.
const own = join(here, typeof BLASNET_TO_PACKAGE === 'string' ? BLASNET_TO_PACKAGE : '../..');

/**
 * The package's folder, which has the addon. If a bundler has put this code into another file, that is the folder that
 * would be the package's if prebuilds/ was copied there; otherwise the package that is installed where the bundle runs.
 */
export const packageRoot = hasAddons(own) ? own : (installedAbove(here) ?? own);

function hasAddons(folder: string): boolean {
  return existsSync(join(folder, 'prebuilds')) || existsSync(join(folder, 'build/Release'));
}

/** Looks for node_modules/blasnet where `require` would. */
function installedAbove(folder: string): string | undefined {
  const installed = join(folder, 'node_modules/blasnet');
  if (hasAddons(installed)) return installed;
  const parent = dirname(folder);
  return parent === folder ? undefined : installedAbove(parent);
}
