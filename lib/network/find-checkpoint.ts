import { isFolder, readFileBytes } from '../formats/atomic';
import { CheckpointStore } from '../formats/checkpoints';
import { fileError } from '../formats/file-error';
import { parseSafetensors, type Safetensors } from '../formats/safetensors';
import type { LoadOptions } from '../preprocessing';
import { decodeTraining, type TrainingState } from '../training/resume';
import { decodeContent, type StoredNetwork } from './network-file';

/** A checkpoint from which a training can continue. */
export interface FoundTraining {
  readonly path: string;
  readonly stored: StoredNetwork;
  readonly state: TrainingState;
}

/**
 * Reads the checkpoint in a file, or the newest one in a folder.
 *
 * @throws Error ERR_BLASNET_FILE
 */
export async function findCheckpoint(
  path: string,
  skipDamaged: boolean,
  options: LoadOptions,
): Promise<FoundTraining> {
  const { file, content } = await read(path, skipDamaged);
  const stored = decodeContent(content, file, options);
  if (stored.training === undefined) {
    throw fileError(file, 'the content', 'a checkpoint that fit wrote', 'a network without a training');
  }
  const state = decodeTraining(stored.training, file, stored.architecture, stored.dtype);
  return { path: file, stored, state };
}

async function read(path: string, skipDamaged: boolean): Promise<{ file: string; content: Safetensors }> {
  if (await isFolder(path)) {
    const found = await new CheckpointStore({ directory: path }).latest({ skipDamaged });
    if (found === undefined) throw fileError(path, 'the content', "a training's checkpoints", 'none');
    return { file: found.path, content: found.content };
  }
  return { file: path, content: parseSafetensors(await readFileBytes(path), path) };
}
