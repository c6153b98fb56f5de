import { join } from 'node:path';

declare const BLASNET_TO_PACKAGE: string | undefined;

/** The package's folder. The library's one file lies in dist/, where its way there is shorter: see scripts/bundle.mjs. */
export const packageRoot = join(
  __dirname,
  typeof BLASNET_TO_PACKAGE === 'string' ? BLASNET_TO_PACKAGE : '../..',
);
