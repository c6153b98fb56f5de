import { setTimeout as sleep } from 'node:timers/promises';

/**
 * The longest time for which a call keeps the event loop from turning, in milliseconds. A timer of its own, which goes on
 * after the call, sees every stall.
 *
 * @param {() => Promise<unknown>} call
 */
export async function longestStall(call) {
  let longest = 0;
  let last = performance.now();
  const timer = setInterval(() => {
    const now = performance.now();
    longest = Math.max(longest, now - last);
    last = now;
  }, 1);
  await sleep(20);
  longest = 0;
  await call();
  await sleep(50);
  clearInterval(timer);
  return longest;
}
