// How long one piece of work takes when a warm program repeats it.

/**
 * Times blocks of work and returns the median. A block takes a tenth of the given time: long enough for the clock, and
 * short enough that a burst of another process disturbs only a few blocks.
 *
 * @param {(count: number) => unknown} work   does `count` pieces
 * @param {number} seconds
 * @returns {Promise<number>} milliseconds for a piece
 */
export async function medianBlock(work, seconds) {
  const block = async (/** @type {number} */ count) => {
    const start = performance.now();
    await work(count);
    return performance.now() - start;
  };
  let count = 1;
  const warm = performance.now() + (1000 * seconds) / 4;
  do {
    const took = await block(count);
    count = Math.max(1, Math.min(4 * count, Math.round((count * 1000 * seconds) / 10 / took)));
  } while (performance.now() < warm);

  const times = [];
  const end = performance.now() + 1000 * seconds;
  while (times.length < 3 || performance.now() < end) times.push((await block(count)) / count);
  times.sort((a, b) => a - b);
  return /** @type {number} */ (times[times.length >> 1]);
}
