// From the start of a process to its first answer, and what the packages take.

import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { hostTarget, prebuiltFile } from '../../scripts/release/targets.mjs';
import { compare } from '../harness/comparison.mjs';
import { time } from '../harness/quantities.mjs';
import { takeTurns } from '../harness/rounds.mjs';
import { recordLayers, servers, writeServed } from '../harness/served.mjs';

/** @import { Bench } from '../harness/bench.mjs' */

export const id = 'serving-start';
export const title = 'The first answer of a process, and the size of the packages';

const libraries = /** @type {const} */ (['blasnet', 'onnxruntime', 'tfjs-wasm']);
const root = fileURLToPath(new URL('../..', import.meta.url));

/** @type {import('../harness/quantities.mjs').Quantity} */
const megabytes = { unit: 'MB', of: (value) => value, better: 'lower' };

export async function run(/** @type {Bench} */ bench) {
  const served = await writeServed(bench, recordLayers, 10);
  const installed = libraries.filter((library) => !bench.missing(library));
  const ways = /** @type {const} */ ([
    ['program', 'a program: from its start to the outputs of a row'],
    ['service', 'a Fastify service: from its start to the first answer'],
  ]);
  const start = (/** @type {string} */ what, /** @type {string | undefined} */ library) => () =>
    bench.probe('serving-start.mjs', { what, library, served });
  const log = (/** @type {string} */ line) => bench.log(`${id}: ${line}`);
  const starts = await takeTurns(
    [
      { key: 'Node', measure: start('program', undefined) },
      ...ways.flatMap(([what]) =>
        installed.map((library) => ({ key: `${what} ${library}`, measure: start(what, library) })),
      ),
    ],
    bench.rounds,
    log,
  );
  const { packages, what } = ownPackage(bench.folder);
  const sizes = await takeTurns(
    installed.map((library) => ({
      key: library,
      measure: () =>
        bench.probe('installed.mjs', {
          packages: library === 'blasnet' ? packages : servers[library].packages,
          folder: bench.folder,
        }),
    })),
    1,
    log,
  );
  const missing = { unavailable: 'is not installed' };
  for (const [way, variant] of ways) {
    const ours = starts.get(`${way} blasnet`) ?? missing;
    const row = { case: id, threads: '', variant, quantity: time('') };
    if (way === 'program') {
      bench.rows.push(compare(row, ours, { title: 'Node alone', outcome: starts.get('Node') ?? missing }));
    }
    for (const library of libraries.slice(1)) {
      const outcome = starts.get(`${way} ${library}`) ?? missing;
      bench.rows.push(compare(row, ours, { title: servers[library].title, outcome }));
    }
  }
  for (const library of libraries.slice(1)) {
    bench.rows.push(
      compare(
        { case: id, threads: '', variant: `the packages, installed: ${what}`, quantity: megabytes },
        sizes.get('blasnet') ?? missing,
        { title: servers[library].title, outcome: sizes.get(library) ?? missing },
      ),
    );
  }
}

/** Packs this checkout: as it is released, for this platform alone, or with the addon of the local build. */
function ownPackage(/** @type {string} */ folder) {
  const target = hostTarget();
  const released = target !== undefined && existsSync(join(root, prebuiltFile(target)));
  const [command, args] = released
    ? ['npm', ['pack', '--ignore-scripts', '--pack-destination', folder]]
    : [process.execPath, ['scripts/pack-local.mjs', folder]];
  execFileSync(command, args, { cwd: root, stdio: ['ignore', 'ignore', 'pipe'] });
  const file = readdirSync(folder).find((name) => name.endsWith('.tgz')) ?? '';
  return {
    packages: [join(folder, file)],
    what: released ? 'prebuilt for this platform' : "the local build, without the system's OpenBLAS",
  };
}
