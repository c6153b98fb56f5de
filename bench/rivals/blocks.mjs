// How long one piece of work takes when it is done over and over, as in a program that is warm.

/**
 * The median over blocks, each a tenth of the time given: long enough for the clock, short enough that
 * another process's burst spoils a few of them only.
 *
 * @param {(count: number) => unknown} work   does so many pieces
 * @param {number} seconds
 * @returns {Promise<number>} milliseconds a piece
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
