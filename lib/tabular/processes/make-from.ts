// A function that makes networks, in a module that other processes can load.

import { isAbsolute } from 'node:path';
import { pathToFileURL } from 'node:url';
import { argumentError, blasnetError } from '../../base/errors';
import { type FilePath, pathOf } from '../../base/file-path';
import { type Constraint, checkObject, checkOptions, optional } from '../../base/validate';

/** Where worker processes find a function. */
export interface MakeFrom {
  /** The module: an absolute path, as `require.resolve` gives it, or a file: URL, such as `new URL('./make.mjs', import.meta.url)`. */
  readonly module: FilePath;
  /** The name of its export. @default 'make' */
  readonly name?: string;
}

/** Where a function is, as it is sent. */
export interface SentFunction {
  readonly url: string;
  readonly name: string;
}

const text: Constraint = { rule: 'a text', accepts: (value) => typeof value === 'string' };

export function checkMakeFrom(given: unknown): SentFunction {
  checkObject('makeFrom', given);
  checkOptions('makeFrom', given, { module: { rule: 'a path', accepts: () => true }, name: optional(text) });
  const { module, name = 'make' } = given as unknown as MakeFrom;
  const path = pathOf('makeFrom.module', module);
  if (!isAbsolute(path)) {
    const rule = 'an absolute path, such as that of require.resolve, or a file: URL';
    throw argumentError('ERR_BLASNET_ARG_VALUE', 'makeFrom.module', rule, path);
  }
  return { url: pathToFileURL(path).href, name };
}

/** Loads the function. @param load imports a module, which a bundle cannot */
export async function functionAt(
  { url, name }: SentFunction,
  load: (url: string) => Promise<object>,
): Promise<(...given: unknown[]) => unknown> {
  const exported = (await load(url)) as Readonly<Record<string, unknown>>;
  const inDefault = exported.default as Readonly<Record<string, unknown>> | undefined;
  const found = exported[name] ?? inDefault?.[name];
  if (typeof found === 'function') return found as (...given: unknown[]) => unknown;
  throw blasnetError('ERR_BLASNET_ARG_VALUE', `Expected ${url} to export a function ${name}`);
}
