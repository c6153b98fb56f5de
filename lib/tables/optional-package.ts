import { blasnetError } from '../base/errors';

/** Loads a package that users install if they need it. @throws Error ERR_BLASNET_LOAD that says how */
export async function optionalPackage<T>(name: string, load: () => Promise<T>): Promise<T> {
  try {
    return await load();
  } catch (cause) {
    const { code, message } = cause as { code?: string; message?: string };
    const missing = code === 'ERR_MODULE_NOT_FOUND' || code === 'MODULE_NOT_FOUND';
    const reason = missing ? 'which is not installed' : `which cannot be loaded: ${message}`;
    const needs = name.startsWith('hyparquet') ? 'hyparquet hyparquet-compressors' : name;
    throw blasnetError(
      'ERR_BLASNET_LOAD',
      `This format needs the package ${name}, ${reason}; install it: npm install ${needs}`,
      { cause },
    );
  }
}
