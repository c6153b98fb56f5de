import { join } from 'node:path';

declare const BLASNET_TO_PACKAGE: string | undefined;

/** The package's folder. The bundle lies one folder closer to it than this file: see scripts/bundle.mjs. */
export const packageRoot = join(
  __dirname,
  typeof BLASNET_TO_PACKAGE === 'string' ? BLASNET_TO_PACKAGE : '../..',
);
