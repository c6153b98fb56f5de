import { writeSync } from 'node:fs';
import { type NativeRankGroup, rankStates } from '../addon/rank-group';

/**
 * Ends all ranks when this process ends without the others. Without it, a rank that ends leaves the others waiting for ever;
 * MPICH's launcher even ends with the code 0 when one process of several calls process.exit(0).
 */
export function guardExits(native: NativeRankGroup, name: string): void {
  let uncaught: unknown;
  process.on('uncaughtExceptionMonitor', (error) => {
    uncaught = error;
  });
  process.on('exit', (code) => {
    const state = native.state();
    if (state === rankStates.closed || state === rankStates.starting) return;
    if (state === rankStates.open && code === 0 && !native.busy()) {
      try {
        native.close();
        return;
      } catch (error) {
        say((error as Error).message);
      }
    } else if (uncaught !== undefined) {
      // MPI_Abort ends the process before Node prints it.
      say(uncaught instanceof Error ? (uncaught.stack ?? String(uncaught)) : `Uncaught ${String(uncaught)}`);
    }
    say(`blasnet: ${name} ends with the code ${code} before all ranks have ended; so all of them end now`);
    native.abort(code === 0 ? 1 : code & 255 || 1);
  });
}

// Streams may still hold what they were given when MPI_Abort ends the process.
function say(text: string): void {
  try {
    writeSync(2, `${text}\n`);
  } catch {
    // Nobody reads it.
  }
}
