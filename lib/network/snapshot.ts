// The content of a network at one moment, in memory of its own: for what takes longer than a turn in the queue.

import { copyArrays, firstNotFinite } from '../addon/arrays';
import { type AsyncOptions, type Work, workElsewhere, workHere } from '../addon/work';
import { AbortError } from '../base/errors';
import { elementError, type Matrix } from '../base/matrix';
import { arraysOf, type NetworkContent, newMemory } from './network-file';
import { type SavableNetwork, sourceOf } from './savable';

/**
 * Copies the content of a network when the operations before it have ended.
 *
 * @throws RangeError ERR_BLASNET_NOT_FINITE; Error ERR_BLASNET_NOT_FITTED before the first fit, if inputDim was left out;
 *   Error ERR_BLASNET_MEMORY; AbortError
 */
export async function snapshotOf(network: SavableNetwork, options: AsyncOptions): Promise<NetworkContent> {
  const { signal } = options;
  if (signal?.aborted) throw new AbortError(signal.reason);
  const { content, queue } = sourceOf(network);
  // A training on this thread does not wait for a turn.
  if (queue.training === 'here') return workHere(copying(content), options.threads);
  const turn = await queue.turnToRead(signal);
  try {
    return await workElsewhere(copying(sourceOf(network).content), options);
  } finally {
    turn.end();
  }
}

function* copying(content: NetworkContent): Work<NetworkContent> {
  const { preprocessing, labels, targetScaler } = content;
  // Before the copying, since this thread may use these parts while another one copies.
  const own = {
    ...{ preprocessing: preprocessing?.copy(), labels: labels?.copy(), targetScaler: targetScaler?.copy() },
  };
  const arrays = arraysOf(newMemory(content.architecture, content.dtype));
  for (const [name, { data }] of Object.entries(arrays)) {
    yield* copyArrays([(content.arrays[name] as Matrix).data], [data]);
    const bad = yield* firstNotFinite(data);
    if (bad >= 0) throw elementError(name, arrays[name] as Matrix, bad, 'finite numbers');
  }
  return { ...content, ...own, arrays };
}
