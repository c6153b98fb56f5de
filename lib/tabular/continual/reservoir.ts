// A uniform sample of all rows that ever came, of bounded size.

import { inSlices, type Work } from '../../addon/work';
import type { RandomState } from '../../random/random-state';

/**
 * Goes on with a uniform sample of rows when more rows come: algorithm R (Vitter, 1985). Each row that ever came is in the
 * sample with the same probability.
 *
 * @param seen how many rows came before, of which `kept` are in the sample
 * @param capacity the most rows of the sample
 * @param rows how many rows come now
 * @returns the rows of the sample: below `kept` that number in the old one, from there on a new row
 */
export function* sampleOn(
  { seen, kept, capacity, rows }: Record<'seen' | 'kept' | 'capacity' | 'rows', number>,
  random: RandomState,
): Work<Uint32Array> {
  const sample: number[] = Array.from({ length: Math.min(kept, capacity) }, (_, i) => i);
  yield* inSlices(
    rows,
    (from, to) => {
      for (let row = from; row < to; row++) {
        if (sample.length < capacity) {
          sample.push(kept + row);
          continue;
        }
        const place = Math.floor(random.random() * (seen + row + 1));
        if (place < capacity) sample[place] = kept + row;
      }
    },
    4,
  );
  return Uint32Array.from(sample);
}
