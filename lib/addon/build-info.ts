import { existsSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { native, nativeFile } from './binding';
import { packageRoot } from './package-root';
import { getThreads } from './threads';

/** Describes this copy of the library and the machine that it runs on. */
export interface BuildInfo {
  /** The version in package.json. */
  readonly version: string;
  /**
   * The commit of the sources that the JavaScript was bundled from. It ends in `-dirty` if files differed from the
   * commit. It is null if the sources were not in a git repository.
   */
  readonly commit: string | null;
  /** The BLAS that computes large products: its description of itself, which includes its core type. */
  readonly blas: string;
  /**
   * The name of the processor type that the BLAS chose its kernels for; null if the BLAS does not tell. For OpenBLAS,
   * the environment variable `OPENBLAS_CORETYPE` sets another.
   */
  readonly blasCore: string | null;
  /** The instruction set that the library's own kernels use, by Highway's name. */
  readonly simd: string;
  /**
   * The instruction sets that these kernels are compiled for, the best first. `simd` is the first that the processor
   * has.
   */
  readonly simdTargets: readonly string[];
  /** The addon's build type, by CMake's name; usually `Release`. */
  readonly buildType: string;
  /** Whether the addon is a prebuilt binary from the package; false if it was compiled on this machine. */
  readonly prebuilt: boolean;
  /** The path of the addon. */
  readonly file: string;
  /** The number of threads, like `getThreads()`. */
  readonly threads: number;
}

// The bundler defines these; they are missing when the sources run unbundled.
declare const BLASNET_COMMIT: string | null | undefined;
declare const BLASNET_VERSION: string | undefined;

/** Returns facts about this build and this machine, for bug reports and start-up logs. */
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
  // Read here and not at start-up, which has to be fast.
  const file = join(packageRoot, 'package.json');
  if (existsSync(file)) {
    const manifest = JSON.parse(readFileSync(file, 'utf8')) as { name: string; version: string };
    if (manifest.name === 'blasnet') return manifest.version;
  }
  // A bundler has put this code into another package.
  return typeof BLASNET_VERSION === 'string' ? BLASNET_VERSION : 'unknown';
}
