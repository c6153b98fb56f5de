import { fileURLToPath } from 'node:url';
import { blasnetError } from './errors';
import { check, filePath } from './validate';

/** Where a file or a folder is: a path, or a file: URL such as `new URL('model', import.meta.url)`. */
export type FilePath = string | URL;

/**
 * Returns the path of a string or of a file: URL, like node:fs reads it.
 *
 * @param name the argument's name, for the errors
 * @throws TypeError ERR_BLASNET_ARG_TYPE, RangeError ERR_BLASNET_ARG_VALUE
 */
export function pathOf(name: string, value: unknown): string {
  const path = isUrl(value) ? pathOfUrl(name, value) : value;
  check(name, path, filePath);
  return path as string;
}

// Also a URL of another realm. node:fs asks for the same properties.
function isUrl(value: unknown): value is URL {
  const { href, protocol } = (value ?? {}) as Partial<URL>;
  return typeof value === 'object' && typeof href === 'string' && typeof protocol === 'string';
}

function pathOfUrl(name: string, { href, protocol }: URL): string {
  try {
    return fileURLToPath(href);
  } catch (cause) {
    // Not the whole URL, which may hold a password or a signature.
    const got = protocol === 'file:' ? href : `a URL of ${protocol}`;
    const reason = protocol === 'file:' && cause instanceof Error ? `: ${cause.message}` : '';
    const message = `Expected ${name} to be ${filePath.rule}, got ${got}${reason}`;
    throw blasnetError('ERR_BLASNET_ARG_VALUE', message, { cause });
  }
}
