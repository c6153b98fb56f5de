import { type AsyncOptions, asyncConstraints } from '../addon/work';
import { type FilePath, pathOf } from '../base/file-path';
import { check, checkOptions, oneOf } from '../base/validate';
import { isFolderCalls } from '../formats/atomic';
import { type CheckpointReport, CheckpointStore, type Monitored } from '../formats/checkpoints';
import { type Calls, runCalls, runCallsSync } from '../formats/file-calls';
import { fileError } from '../formats/file-error';
import { defaultMode, modeError } from '../schedules/plateau';
import { loadCalls } from './load';
import type { StoredNetwork } from './network-file';
import { bestConstraints, type LoadBestOptions } from './network-options';

/** Reads the best checkpoint in a folder. @throws Error ERR_BLASNET_FILE */
export async function loadBest(
  folder: FilePath,
  options: LoadBestOptions & AsyncOptions,
): Promise<StoredNetwork> {
  checkOptions('', options, { ...bestConstraints, ...asyncConstraints });
  const { signal, threads, priority, ...others } = options;
  return runCalls(bestCalls(pathOf('folder', folder), others), { signal, threads, priority });
}

/** Like `loadBest`, but blocks the calling thread. */
export function loadBestSync(folder: FilePath, options: LoadBestOptions): StoredNetwork {
  checkOptions('', options, bestConstraints);
  return runCallsSync(bestCalls(pathOf('folder', folder), options));
}

function* bestCalls(folder: string, options: LoadBestOptions): Calls<StoredNetwork> {
  const { monitor, mode, skipDamaged = false, ...others } = options;
  const choose = (reports: readonly CheckpointReport[], best: Monitored | undefined) =>
    monitored(reports, best, monitor, mode);
  return yield* loadCalls(others, function* (how) {
    if (!(yield* isFolderCalls(folder))) {
      throw fileError(
        folder,
        'the content',
        "a training's checkpoints",
        'no folder; Network.load reads a file',
      );
    }
    const store = new CheckpointStore({ directory: folder });
    const { path, content } = yield* store.bestCalls(choose, { skipDamaged }, how);
    return { file: path, content };
  });
}

function monitored(
  reports: readonly CheckpointReport[],
  best: Monitored | undefined,
  givenMonitor: string | undefined,
  givenMode: string | undefined,
): Monitored {
  const names = new Set(reports.flatMap((report) => Object.keys(report)));
  names.delete('epoch');
  const monitor = givenMonitor ?? best?.monitor ?? (names.has('valLoss') ? 'valLoss' : 'loss');
  check('monitor', monitor, oneOf([...names]), 'ERR_BLASNET_UNKNOWN_NAME');
  const mode = givenMode ?? (best?.monitor === monitor ? best.mode : defaultMode(monitor));
  if (mode === undefined) throw modeError('mode', monitor);
  return { monitor, mode };
}
