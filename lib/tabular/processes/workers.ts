// The workers of a call, and the file with its data.

import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { blasnetError } from '../../base/errors';
import { nodeFs } from '../../base/lazy-modules';
import type { SplitData } from '../../datasets/split';
import type { Metrics } from '../../metrics/metric';
import { Network } from '../../network/network';
import type { Table } from '../../tables/table';
import { Classifier } from '../classifier';
import type { RunRows } from '../fold-run';
import type { AnyModel, ModelKind } from '../model-kind';
import { type ParallelOptions, shareOf } from '../parallel';
import { Regressor } from '../regressor';
import { type FileArray, writeArrays } from './arrays-file';
import { ProcessChannel } from './channel';
import type { TaskChannel } from './dispatcher';
import type { SentFunction } from './make-from';
import type { JobContent, SentTable } from './messages';
import { packSamples } from './packed-samples';
import { packTable, unpackTable } from './packed-table';

/** What the tasks of a call have in common. */
export type Job = { readonly parts: readonly RunRows[] } & (
  | { readonly kind: ModelKind; readonly table: Table }
  | { readonly samples: SplitData; readonly make: SentFunction; readonly metrics: Metrics }
);

/**
 * Calls `body` with a channel to workers, which have the data, and ends them.
 *
 * @param tasks how many there will be
 */
export async function withWorkers<T>(
  job: Job,
  tasks: number,
  options: ParallelOptions,
  body: (channel: TaskChannel) => Promise<T>,
): Promise<T> {
  const { parallel, how } = shareOf(tasks, options);
  const { promises, rmSync } = nodeFs();
  const folder = await promises.mkdtemp(join(tmpdir(), 'blasnet-')).catch(cannotWrite);
  // Also if the process ends by itself meanwhile.
  const remove = () => rmSync(folder, { recursive: true, force: true });
  process.once('exit', remove);
  try {
    const file = join(folder, 'job');
    await writeJob(file, job).catch(cannotWrite);
    const channel = new ProcessChannel(parallel, {
      ...{ type: 'job', file },
      ...{ threads: how.threads, priority: how.priority },
    });
    try {
      return await body(channel);
    } finally {
      await channel.close();
    }
  } finally {
    process.off('exit', remove);
    await promises.rm(folder, { recursive: true, force: true });
  }
}

function cannotWrite(cause: Error): never {
  throw blasnetError('ERR_BLASNET_FILE', `Cannot write the data for workers: ${cause.message}`, { cause });
}

async function writeJob(file: string, job: Job): Promise<void> {
  const arrays: FileArray[] = [];
  const parts = job.parts.map((part) => {
    if ('test' in part) return { test: packTable(part.test, arrays) };
    return { trainIndex: arrays.push(part.trainIndex) - 1, testIndex: arrays.push(part.testIndex) - 1 };
  });
  const content: JobContent =
    'kind' in job
      ? { kind: job.kind.name, table: packTable(job.table, arrays), parts }
      : {
          ...{ kind: 'network', samples: packSamples(job.samples, arrays), parts },
          ...{ make: job.make, metrics: job.metrics },
        };
  await writeArrays(file, content, arrays);
}

/** The table that a worker has sent. */
export function received({ table, arrays }: SentTable): Table {
  return unpackTable(table, arrays);
}

/** The model whose bytes a worker has sent. */
export async function loadedModel(kind: ModelKind, bytes: Uint8Array): Promise<AnyModel> {
  const model = kind.name === 'classifier' ? Classifier.fromBytes(bytes) : Regressor.fromBytes(bytes);
  return (await model) as unknown as AnyModel;
}

/** The network whose bytes a worker has sent. */
export function loadedNetwork(bytes: Uint8Array): Promise<Network> {
  return Network.fromBytes(bytes);
}
