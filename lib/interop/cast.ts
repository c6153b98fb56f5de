// A chain in another dtype.

import { firstNotFinite } from '../addon/arrays';
import { inSlices, type Work } from '../addon/work';
import { blasnetError } from '../base/errors';
import { allocate, type Dtype, type FloatArray } from '../base/matrix';
import type { Chain, Numbers, Stage } from './chain';

// Numbers that are converted at a stretch.
const block = 2 ** 14;

/** The chain with its numbers rounded to a dtype. @throws RangeError ERR_BLASNET_NOT_FINITE beyond its range */
export function* castChain(chain: Chain, dtype: Dtype): Work<Chain> {
  if (chain.dtype === dtype) return chain;
  const stages: Stage[] = [];
  for (const stage of chain.stages) stages.push((yield* castParts(stage, dtype)) as Stage);
  const members = chain.members && ((yield* castParts(chain.members, dtype)) as Numbers);
  return { ...chain, dtype, stages, ...(members !== undefined && { members }) };
}

// Every array in a stage is one of its numbers.
function* castParts(part: object, dtype: Dtype): Work<object> {
  if (ArrayBuffer.isView(part)) return yield* cast(part as FloatArray, dtype);
  const entries: [string, unknown][] = [];
  for (const [key, value] of Object.entries(part)) {
    entries.push([key, typeof value === 'object' && value !== null ? yield* castParts(value, dtype) : value]);
  }
  return Array.isArray(part) ? entries.map(([, value]) => value as object) : Object.fromEntries(entries);
}

function* cast(data: FloatArray, dtype: Dtype): Work<FloatArray> {
  const out = allocate(data.length, dtype);
  const convert = (from: number, to: number) =>
    out.set(data.subarray(from * block, to * block), from * block);
  yield* inSlices(Math.ceil(data.length / block), convert, block);
  const bad = yield* firstNotFinite(out);
  if (bad < 0) return out;
  throw blasnetError(
    'ERR_BLASNET_NOT_FINITE',
    `Expected the parameters to be within the range of ${dtype}, got ${data[bad]}`,
  );
}
