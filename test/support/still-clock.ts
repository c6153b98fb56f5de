// Code that holds its thread for a few milliseconds lets the event loop turn. The system may stop a test for longer.

import { vi } from 'vitest';

/** Calls `body` while performance.now() stands still, except for what `pass` adds to it. */
export function withStillClock<T>(body: (pass: (milliseconds: number) => void) => T): T {
  let now = 0;
  const clock = vi.spyOn(performance, 'now').mockImplementation(() => now);
  try {
    return body((milliseconds) => {
      now += milliseconds;
    });
  } finally {
    clock.mockRestore();
  }
}
