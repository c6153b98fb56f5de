import type { Gunzip } from 'node:zlib';
import { blasnetError } from '../base/errors';
import { nodeZlib } from '../base/lazy-modules';
import { gathered, resumed } from './blocks';

/** Whether bytes begin as those of gzip do. */
export function isGzip(bytes: Uint8Array): boolean {
  return bytes[0] === 0x1f && bytes[1] === 0x8b;
}

/** The blocks, decompressed if their first bytes are those of gzip. zlib works on other threads. */
export async function* gunzipBlocks(
  name: string,
  blocks: AsyncGenerator<Uint8Array>,
  chunkSize = 2 ** 20,
): AsyncGenerator<Uint8Array> {
  const parts = gathered(blocks, 2);
  const first = (await parts.next()).value as Uint8Array;
  if (!isGzip(first)) {
    yield* resumed(first, parts);
    return;
  }
  const gunzip = nodeZlib().createGunzip({ chunkSize });
  const feeding = feed(gunzip, first, parts);
  feeding.catch((error) => gunzip.destroy(error));
  try {
    for await (const block of gunzip) yield block as Uint8Array;
    await feeding;
  } catch (cause) {
    if ((cause as { code?: string }).code?.startsWith('Z_') !== true) throw cause;
    throw blasnetError('ERR_BLASNET_FILE', `Cannot decompress ${name}: ${(cause as Error).message}`, {
      cause,
    });
  } finally {
    gunzip.destroy();
    await parts.return(undefined);
  }
}

async function feed(gunzip: Gunzip, first: Uint8Array, blocks: AsyncGenerator<Uint8Array>): Promise<void> {
  for (let block = first; ; ) {
    if (gunzip.destroyed) return;
    if (!gunzip.write(block)) {
      await new Promise<void>((resolve) => {
        const goOn = () => {
          gunzip.off('drain', goOn).off('close', goOn);
          resolve();
        };
        gunzip.on('drain', goOn).on('close', goOn);
      });
    }
    const next = await blocks.next();
    if (next.done) break;
    block = next.value;
  }
  gunzip.end();
}
