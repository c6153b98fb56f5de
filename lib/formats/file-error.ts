import { type BlasnetError, blasnetError } from '../base/errors';

/**
 * The error for a file with wrong content: `Expected shape[0] of tensor "W1" (byte 57) of "model.safetensors" to be an
 * integer from 0 to 2^53 - 1, got -1`.
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

/** Quotes a name or a text from a file, on one line and of limited length. */
export function quote(text: string): string {
  return JSON.stringify(text.length > 200 ? `${text.slice(0, 197)}...` : text);
}
