// The package apache-arrow, which a user may not have.

import { createRequire } from 'node:module';
import { optionalPackage } from './optional-package';

interface ByteBuffer {
  capacity(): number;
  __vector_len(offset: number): number;
}

/** @throws Error ERR_BLASNET_LOAD */
export async function loadArrow(): Promise<typeof import('apache-arrow')> {
  const arrow = await optionalPackage('apache-arrow', async () => require('apache-arrow'));
  // apache-arrow reads the headers of messages by flatbuffers, as its own copy of that package.
  boundLists(createRequire(require.resolve('apache-arrow'))('flatbuffers').ByteBuffer.prototype);
  return arrow;
}

const bounded = new WeakSet<ByteBuffer>();

/**
 * Refuses lists that are longer than the message which has them. flatbuffers believes the length, and gives zeros behind
 * the end of a message: a damaged one would fill the memory. An element takes a byte at least.
 */
function boundLists(prototype: ByteBuffer): void {
  if (bounded.has(prototype)) return;
  bounded.add(prototype);
  const { __vector_len: lengthAt } = prototype;
  prototype.__vector_len = function (this: ByteBuffer, offset) {
    const length = lengthAt.call(this, offset);
    if (length >= 0 && length <= this.capacity()) return length;
    throw new RangeError('a list is longer than its message');
  };
}
