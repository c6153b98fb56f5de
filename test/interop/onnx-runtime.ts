// onnxruntime-node, which comes from npm's registry. It is no devDependency: it has 290 MB, for all platforms at once.

import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** The part of onnxruntime-node that the tests use. */
export interface Runtime {
  readonly Tensor: new (type: string, data: unknown, dims: readonly number[]) => Tensor;
  readonly InferenceSession: { create(model: Uint8Array, options?: object): Promise<Session> };
}

interface Tensor {
  readonly type: string;
  readonly dims: readonly number[];
  readonly data: ArrayLike<number | bigint | string>;
}

interface Session {
  readonly inputNames: readonly string[];
  readonly outputNames: readonly string[];
  run(feeds: Readonly<Record<string, Tensor>>): Promise<Readonly<Record<string, Tensor>>>;
  release(): Promise<void>;
}

/** Installs the runtime in a folder of its own. Call `remove` at last. */
export function installRuntime(): { readonly runtime: Runtime; readonly remove: () => void } {
  const folder = mkdtempSync(join(tmpdir(), 'blasnet-onnxruntime-'));
  const remove = () => rmSync(folder, { recursive: true, force: true });
  writeFileSync(join(folder, 'package.json'), '{ "name": "user", "private": true }');
  // Its script would download libraries for GPUs.
  const options = ['--ignore-scripts', '--no-audit', '--no-fund'];
  const { status, stderr } = spawnSync('npm', ['install', ...options, 'onnxruntime-node@1.30.0'], {
    cwd: folder,
    encoding: 'utf8',
    shell: process.platform === 'win32',
  });
  if (status !== 0) {
    remove();
    throw new Error(`onnxruntime-node cannot be installed: ${stderr}`);
  }
  return { runtime: createRequire(join(folder, 'package.json'))('onnxruntime-node') as Runtime, remove };
}
