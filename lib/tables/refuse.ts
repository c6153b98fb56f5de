// Bytes that are no text of UTF-8, as their beginning tells.

import { Buffer } from 'node:buffer'; // the global may be missing in a test environment
import { type BlasnetError, blasnetError } from '../base/errors';

/** @throws Error ERR_BLASNET_FILE for UTF-16, a zip archive, and other binary data */
export function refuseBinary(name: string, bytes: Uint8Array): void {
  const refused = (reason: string): BlasnetError =>
    blasnetError('ERR_BLASNET_FILE', `Cannot read ${name}: expected ${reason}`);
  const [a, b] = bytes;
  if ((a === 0xff && b === 0xfe) || (a === 0xfe && b === 0xff)) {
    throw refused('UTF-8, got UTF-16; save it as UTF-8');
  }
  if (a === 0x50 && b === 0x4b && bytes[2] === 3 && bytes[3] === 4) {
    throw refused('text, got a zip archive, as XLSX is; save the sheet as CSV');
  }
  const start = Buffer.from(bytes.subarray(0, 256)).toString('latin1');
  if (/^(?:\xef\xbb\xbf)?\s*<(?:!doctype|html|\?xml)\b/i.test(start)) {
    throw refused('a table, got a page of HTML or XML; download the file itself');
  }
  if (bytes.subarray(0, 1024).includes(0)) throw refused('text, got binary data');
}
