import { type BlasnetError, blasnetError } from '../base/errors';

/**
 * The one sentence for a file that is not what it should be: `Expected shape[0] of tensor "W1" (byte 57) of
 * "model.safetensors" to be an integer from 0 to 2^53 - 1, got -1`.
 */
export function fileError(
  file: string,
  place: string,
  rule: string,
  got: string | number | bigint,
  options?: ErrorOptions,
): BlasnetError {
  const message = `Expected ${place} of ${quote(file)} to be ${rule}, got ${got}`;
  return blasnetError('ERR_BLASNET_FILE', message, options);
}

/** A name or a text out of a file, in quotes, on one line and of a bounded length. */
export function quote(text: string): string {
  return JSON.stringify(text.length > 200 ? `${text.slice(0, 197)}...` : text);
}
