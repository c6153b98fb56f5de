// What holds for the module of every network: it computes, in a process without this package, what the network does.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { type LayerOptions, type Matrix, Network, RandomState } from '../../lib';
import { contentOf } from '../../lib/network/savable';
import { newFolder } from '../support/scratch';
import { inPlainNode, type ModuleCall } from './plain-node';
import { type Case, caseOf, inputsOf } from './random-networks';

/**
 * The largest difference of an output, relative to it, or to 1 for smaller ones. Native code fuses products into sums and
 * has an own order of sums; so the last bits differ. A module computes in doubles, so the difference of a float32 network is
 * its own rounding.
 */
const bounds = { float64: 1e-13, float32: 1e-5 };

/** The rows of a case in the form that a module takes. */
function rowsOf({ numbers, categories }: Case): unknown[] {
  return categories === undefined
    ? numbers
    : numbers.map((row, i) => ({ numbers: row, categories: categories[i] }));
}

/** The case of a seed, whose network has three members. */
function withMembers(seed: number): Case {
  const { network, ...others } = caseOf(seed);
  const { architecture, dtype, preprocessing, labels, targetScaler } = contentOf(network);
  const layers = architecture.map((layer, i) => (i === 0 ? { ...layer, members: 3 } : layer));
  const several = new Network(layers as readonly LayerOptions[], {
    ...{ dtype, seed },
    ...(preprocessing !== undefined && { preprocessing }),
    ...(labels !== undefined && { labels }),
    ...(targetScaler !== undefined && { targetScaler }),
  });
  // The biases of the members' last layers begin equal.
  const random = new RandomState(seed);
  for (const { data } of Object.values(several.parameters as Record<string, Matrix>)) {
    for (let i = 0; i < data.length; i++) data[i] = (data[i] as number) + random.normal() / 8;
  }
  return { network: several, ...others };
}

/** Compares the modules of networks of these seeds with the networks. One in four has members. */
export async function compareNetworks(seeds: readonly number[]): Promise<void> {
  const folder = newFolder();
  const cases = seeds.map((seed) => ({
    seed,
    given: seed % 4 === 0 ? withMembers(seed) : caseOf(seed),
    file: join(folder, `${seed}.mjs`),
  }));
  const calls: ModuleCall[] = [];
  for (const { given, file } of cases) {
    // Unlike `export`, without waiting for the disk.
    writeFileSync(file, await given.network.exportBytes({ format: 'module' }));
    const rows = rowsOf(given);
    calls.push({ file, name: 'predict', argument: rows }, { file, name: 'predict', argument: rows[0] });
    if (given.network.labels !== undefined) calls.push({ file, name: 'classify', argument: rows });
  }
  const results = await inPlainNode(folder, calls);
  expect(results.filter(({ error }) => error !== undefined)).toEqual([]);
  for (const { seed, given } of cases) {
    const { network } = given;
    const X = inputsOf(given);
    const outputs = results.shift()?.value as number[][];
    const expected = network.predictSync(X);
    expect(outputs.length, `seed ${seed}`).toBe(expected.rows);
    for (const [i, got] of outputs.flat().entries()) {
      const wanted = expected.data[i] as number;
      const difference = Object.is(got, wanted) ? 0 : Math.abs(got - wanted) / Math.max(1, Math.abs(wanted));
      if (!(difference <= bounds[network.dtype]))
        expect.fail(`seed ${seed}, output ${i}: ${got}, not ${wanted}`);
    }
    expect(results.shift()?.value, `seed ${seed}`).toEqual(outputs[0]);
    if (network.labels !== undefined) {
      expect(results.shift()?.value, `seed ${seed}`).toEqual(network.classifySync(X));
    }
  }
}
