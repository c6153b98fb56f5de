import type { WorkOptions } from '../addon/work';
import { type FilePath, pathOf } from '../base/file-path';
import { isFolderCalls } from '../formats/atomic';
import { CheckpointStore } from '../formats/checkpoints';
import { type Calls, runCalls, unlessAborted, working } from '../formats/file-calls';
import { fileError } from '../formats/file-error';
import type { Safetensors } from '../formats/safetensors';
import { type ChooseMemory, readSafetensors } from '../formats/safetensors-reader';
import type { LoadOptions } from '../preprocessing';
import { decodeTraining, type TrainingState } from '../training/resume';
import { decodeContent, MemoryOfNetwork, type StoredNetwork } from './network-file';

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
  place: FilePath,
  skipDamaged: boolean,
  options: LoadOptions,
  how: WorkOptions,
): Promise<FoundTraining> {
  const path = pathOf('path', place);
  return runCalls(findCalls(path, skipDamaged, options), how);
}

function* findCalls(path: string, skipDamaged: boolean, options: LoadOptions): Calls<FoundTraining> {
  yield* unlessAborted();
  const memory = new MemoryOfNetwork();
  const { file, content } = yield* readCalls(path, skipDamaged, memory.choose);
  const stored = yield* working(decodeContent(content, file, options, memory));
  if (stored.training === undefined) {
    throw fileError(file, 'the content', 'a checkpoint that fit wrote', 'a network without a training');
  }
  const state = yield* working(
    decodeTraining(stored.training, file, stored.architecture, stored.options.dtype),
  );
  return { path: file, stored, state };
}

function* readCalls(
  path: string,
  skipDamaged: boolean,
  choose: ChooseMemory,
): Calls<{ file: string; content: Safetensors }> {
  if (!(yield* isFolderCalls(path))) return { file: path, content: yield* readSafetensors(path, { choose }) };
  const found = yield* new CheckpointStore({ directory: path }).latestCalls({ skipDamaged }, { choose });
  if (found === undefined) throw fileError(path, 'the content', "a training's checkpoints", 'none');
  return { file: found.path, content: found.content };
}
