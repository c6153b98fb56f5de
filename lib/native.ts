import { join } from 'node:path';
import load from 'node-gyp-build';
import { blasnetError } from './errors';

/** The addon's exports. Nothing but this file loads it, and this is the only cast. */
export interface Binding {
  /** The C library's functions, which NumPy uses as well: equal to the last bit, unlike V8's. */
  log(x: number): number;
  sin(x: number): number;
  cos(x: number): number;
}

export const native: Binding = loadBinding();

function loadBinding(): Binding {
  const root = join(__dirname, '..');
  try {
    return load(root) as Binding;
  } catch (cause) {
    const platform = `${process.platform}-${process.arch}, Node ${process.version}`;
    throw blasnetError(
      'ERR_BLASNET_LOAD',
      `The native addon could not be loaded on ${platform}, from build/Release or prebuilds in ${root}: ` +
        `${(cause as Error).message}. In a checkout, npm run build makes it.`,
      { cause },
    );
  }
}
