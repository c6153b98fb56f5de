// Files of other tools with 80 MB of numbers: the time to write and to read them, and how long the event loop waits.

import { compare } from '../harness/comparison.mjs';
import { time } from '../harness/quantities.mjs';
import { takeTurns } from '../harness/rounds.mjs';

/** @import { Bench } from '../harness/bench.mjs' */
/** @import { Outcome } from '../harness/rounds.mjs' */

export const id = 'interchange';
export const title = 'Files of other tools';

const formats = ['onnx', 'safetensors', 'npz', 'tfjs'];

export async function run(/** @type {Bench} */ bench) {
  const bytes = bench.quick ? 8e6 : 80e6;
  const cells = formats.flatMap((format) =>
    ['export', 'import'].flatMap((what) =>
      ['time', 'stall'].map((measure) => ({ key: `${what} ${format} ${measure}`, what, format, measure })),
    ),
  );
  const contestants = cells.map(({ key, what, format, measure }) => ({
    key,
    measure: () => bench.probe('interchange.mjs', { what, format, measure, folder: bench.folder, bytes }),
  }));
  const outcomes = await takeTurns(contestants, bench.rounds, (line) => bench.log(`${id}: ${line}`));
  for (const { key, what, format, measure } of cells) {
    const variant = `${what} of ${bytes / 1e6} MB, ${format}`;
    const outcome = /** @type {Outcome} */ (outcomes.get(key));
    const row = { case: id, threads: '', quantity: time('') };
    bench.rows.push(
      measure === 'time'
        ? compare({ ...row, variant, must: { atMost: 1000 } }, outcome)
        : compare(
            { ...row, variant: `${variant}: longest stall of the event loop`, must: { atMost: 50 } },
            outcome,
          ),
    );
  }
}
