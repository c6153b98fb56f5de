// Runs modules in a process of Node that knows nothing of this package.

import { fork } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

/** A call of a module's function, or a constant of it if there are no arguments. */
export interface ModuleCall {
  readonly file: string;
  readonly name: string;
  readonly argument?: unknown;
}

export interface ModuleResult {
  readonly value?: unknown;
  readonly error?: { readonly name: string; readonly code: unknown; readonly message: string };
}

const program = `
process.once('message', async (calls) => {
  const results = [];
  for (const { url, name, argument } of calls) {
    const value = (await import(url))[name];
    try {
      results.push({ value: typeof value === 'function' ? value(argument) : value });
    } catch (error) {
      results.push({ error: { name: error.name, code: error.code, message: error.message } });
    }
  }
  process.send(results, () => process.disconnect());
});
`;

/** Makes the calls in a process of their own. Values may have NaN, Dates and undefined. */
export async function inPlainNode(folder: string, calls: readonly ModuleCall[]): Promise<ModuleResult[]> {
  const file = join(folder, 'caller.mjs');
  writeFileSync(file, program);
  const child = fork(file, { cwd: folder, execArgv: [], serialization: 'advanced', env: {} });
  child.send(calls.map((call) => ({ ...call, url: pathToFileURL(call.file).href })));
  return new Promise((resolve, reject) => {
    child.once('message', (results) => resolve(results as ModuleResult[]));
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`The process ended with ${code}, without results`)));
  });
}
