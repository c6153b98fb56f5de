import { existsSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { native, nativeFile } from './binding';
import { packageRoot } from './package-root';
import { getThreads } from './threads';

/** What this copy of the library is and runs on. */
export interface BuildInfo {
  /** The version in package.json. */
  readonly version: string;
  /**
   * The commit of the sources that the JavaScript was bundled from, with `-dirty` where files differed from it; null
   * if it was not bundled in a git repository.
   */
  readonly commit: string | null;
  /** The BLAS that large products are left to, as it describes itself, its core type included. */
  readonly blas: string;
  /**
   * The processor that the BLAS chose its kernels for, by its name (OpenBLAS's `OPENBLAS_CORETYPE` sets another);
   * null where it does not say.
   */
  readonly blasCore: string | null;
  /** The instruction set that the library's own kernels run on, by Highway's name. */
  readonly simd: string;
  /** The instruction sets that they are compiled for, the best first; `simd` is the first that the processor has. */
  readonly simdTargets: readonly string[];
  /** How the addon was compiled, by CMake's name: `Release`, as a rule. */
  readonly buildType: string;
  /** Whether the addon is a binary that came with the package; false if it was built on the spot. */
  readonly prebuilt: boolean;
  /** The path of the addon. */
  readonly file: string;
  /** As `getThreads` says. */
  readonly threads: number;
}

// The bundler puts them here; whoever runs the sources has none.
declare const BLASNET_COMMIT: string | null | undefined;
declare const BLASNET_VERSION: string | undefined;

/** For bug reports and start-up logs: which build this is, and what it found on this machine. */
export function buildInfo(): BuildInfo {
  return Object.freeze({
    version: version(),
    commit: typeof BLASNET_COMMIT === 'string' ? BLASNET_COMMIT : null,
    blas: native.blas,
    blasCore: native.blasCore || null,
    simd: native.simd,
    simdTargets: native.simdTargets.split(' '),
    buildType: native.buildType,
    // prebuilds/<platform>-<arch>/<file>
    prebuilt: basename(dirname(dirname(nativeFile))) === 'prebuilds',
    file: nativeFile,
    threads: getThreads(),
  });
}

function version(): string {
  // Read when asked for: at start-up it would only cost time.
  const file = join(packageRoot, 'package.json');
  if (existsSync(file)) {
    const manifest = require(file) as { name: string; version: string };
    if (manifest.name === 'blasnet') return manifest.version;
  }
  // A bundler has put this code into another package.
  return typeof BLASNET_VERSION === 'string' ? BLASNET_VERSION : 'unknown';
}
