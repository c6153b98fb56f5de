import { toNamespacedPath } from 'node:path';
import nodeGypBuild from 'node-gyp-build';
import { checkWhole } from './addon-file';
import { loadError } from './load-error';
import { packageRoot } from './package-root';

export interface Addon {
  readonly exports: unknown;
  readonly file: string;
}

/**
 * Loads the addon that node-gyp-build chooses, and checks that it has these exports.
 *
 * @throws Error ERR_BLASNET_LOAD
 */
export function loadAddon(names: readonly string[]): Addon {
  let file: string | undefined;
  try {
    const path = nodeGypBuild.path(packageRoot);
    file = path;
    checkWhole(path);
    const exports = withoutOpenBlasThreads(() => open(path));
    checkExports(exports, names);
    return { exports, file };
  } catch (cause) {
    throw loadError(packageRoot, file, cause as Error);
  }
}

// The file may be another project's addon, or belong to an older version.
function checkExports(exports: unknown, names: readonly string[]): void {
  const missing = names.filter((name) => !(name in Object(exports)));
  if (missing.length === 0) return;
  const some =
    missing.length > 3 ? `${missing.slice(0, 3).join(', ')} and ${missing.length - 3} more` : missing;
  throw new Error(`not the addon of this version of blasnet: it does not export ${some}`);
}

/** Does what `require` does for an addon. A bundler would look for the file of a `require` while it bundles. */
function open(file: string): unknown {
  const module = { exports: {} };
  process.dlopen(module, toNamespacedPath(file)); // which a long path needs on Windows
  return module.exports;
}

// On loading, OpenBLAS starts threads, which spin for a tenth of a second on processors that this library needs. The
// library limits OpenBLAS to one thread anyway. (In a worker, process.env is a copy, so the threads do start.)
function withoutOpenBlasThreads<Result>(load: () => Result): Result {
  const name = 'OPENBLAS_NUM_THREADS';
  const before = process.env[name];
  process.env[name] = '1';
  try {
    return load();
  } finally {
    if (before === undefined) delete process.env[name];
    else process.env[name] = before;
  }
}
