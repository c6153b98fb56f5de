import { Buffer } from 'node:buffer'; // the global may be missing in a test environment

/** The same bytes, with a first block of at least `size` bytes, unless there are fewer. */
export async function* gathered(
  blocks: AsyncGenerator<Uint8Array>,
  size: number,
): AsyncGenerator<Uint8Array> {
  const first: Uint8Array[] = [];
  let bytes = 0;
  try {
    while (bytes < size) {
      const next = await blocks.next();
      if (next.done) break;
      first.push(next.value);
      bytes += next.value.length;
    }
    yield first.length === 1 ? (first[0] as Uint8Array) : Buffer.concat(first);
    yield* blocks;
  } finally {
    await blocks.return(undefined);
  }
}

/**
 * All bytes, but not many more than the first block says: `mostOf` reads from it how many there may be, or returns
 * undefined if it does not say so.
 */
export async function wholeBytes(
  blocks: AsyncGenerator<Uint8Array>,
  mostOf: (first: Uint8Array) => number | undefined = () => undefined,
): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let most: number | undefined;
  let bytes = 0;
  for await (const block of blocks) {
    if (parts.length === 0) most = mostOf(block);
    parts.push(block);
    bytes += block.length;
    if (most !== undefined && bytes > most) break;
  }
  return parts.length === 1 ? (parts[0] as Uint8Array) : Buffer.concat(parts);
}
