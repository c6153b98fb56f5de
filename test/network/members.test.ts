// The members that are kept after training. test/training/members.test.ts has their training.

import { describe, expect, it } from 'vitest';

import type { Matrix } from '../../lib/base/matrix';
import { Network } from '../../lib/network/network';
import { adam } from '../../lib/optimizers/optimizers';
import { type BadCall, itRejects, rejectionOf, thrownBy } from '../support/bad-input';
import { at, maxRelativeError } from '../support/oracle';
import { randomLabels, randomMatrix, snapshot } from './helpers';

const [X, Y] = [randomMatrix(60, 3, 1), randomLabels(60, 1, 2)];
const [valX, valY] = [randomMatrix(50, 3, 3), randomLabels(50, 1, 4)];

/** 5 members that differ. */
function trained(options: { members?: number } = { members: 5 }): Network {
  const net = new Network(
    [
      { inputDim: 3, outputDim: 6, activation: 'tanh', normalization: 'batch', ...options },
      { outputDim: 1, activation: 'sigmoid' },
    ],
    { seed: 1 },
  );
  net.fitSync(X, Y, { epochs: 20, batchSize: 20, optimizer: adam({ learningRate: 0.03 }) });
  return net;
}

const probabilities = (net: Network) => Array.from(net.predictSync(valX).data);
const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

describe('keepMembers', () => {
  it('makes a network whose answer is the mean of these members', () => {
    const net = trained();
    const each = [0, 1, 2, 3, 4].map((member) => probabilities(net.keepMembers([member])));
    for (const members of [[0], [4, 1], [2, 3, 0], [0, 1, 2, 3, 4]]) {
      const kept = net.keepMembers(members);
      const expected = (each[0] ?? []).map((_, i) =>
        mean(members.map((member) => each[member]?.[i] as number)),
      );
      expect(maxRelativeError(probabilities(kept), expected)).toBeLessThan(1e-12);
      expect(kept.architecture[0]?.members).toBe(members.length);
    }
    expect(each[0]).not.toEqual(each[1]);
    const all = net.keepMembers([0, 1, 2, 3, 4]);
    expect(snapshot(all)).toEqual(snapshot(net));
    expect(all.predictSync(valX)).toEqual(net.predictSync(valX));
  });

  it('gives it memory of its own, a smaller file, and a training that begins anew', () => {
    const net = trained();
    const before = snapshot(net);
    const kept = net.keepMembers([3, 1]);
    expect(kept.toBytesSync().length).toBeLessThan(net.toBytesSync().length);
    expect(Network.fromBytesSync(kept.toBytesSync()).predictSync(valX)).toEqual(kept.predictSync(valX));
    kept.fitSync(X, Y, { epochs: 2 });
    expect(snapshot(net)).toEqual(before);
    expect(kept.parameterCount).toBe(2 * 3 + 6 * 6 + 2 * 7);
  });

  it('lets a lone member be exported, and several only as a module', async () => {
    const net = trained();
    for (const format of ['npz', 'onnx', 'tfjs', 'safetensors'] as const) {
      const error = await rejectionOf(net.exportBytes({ format, dtype: 'float32' }));
      expect(error).toMatchObject({ code: 'ERR_BLASNET_ARG_VALUE' });
      expect(error.message).toMatch(
        /cannot hold several members: keep one, as in net\.keepMembers\(\[0\]\), or export a module$/,
      );
    }
    expect(String(Buffer.from(await net.exportBytes({ format: 'module' })))).toContain('outputsOfMember');
    const lone = net.keepMembers([2]);
    const again = await Network.import(await lone.exportBytes({ format: 'npz' }), {
      format: 'npz',
      activations: ['tanh', 'sigmoid'],
    });
    expect(maxRelativeError(probabilities(again), probabilities(lone))).toBeLessThan(1e-12);
  });
});

describe('selectMembers', () => {
  it('takes the best one, then always the one that the mean gains most from', async () => {
    const net = trained();
    const each = [0, 1, 2, 3, 4].map((member) => probabilities(net.keepMembers([member])));
    const lossOf = (members: readonly number[]) =>
      mean(
        (each[0] ?? []).map((_, i) => {
          const p = mean(members.map((member) => each[member]?.[i] as number));
          return -Math.log(at(valY, i, 0) === 1 ? p : 1 - p);
        }),
      );
    const chosen: number[] = [];
    while (chosen.length < 4) {
      const rest = [0, 1, 2, 3, 4].filter((member) => !chosen.includes(member));
      rest.sort((a, b) => lossOf([...chosen, a]) - lossOf([...chosen, b]));
      chosen.push(rest[0] as number);
    }
    expect(await net.selectMembers(4, valX, valY)).toEqual(chosen);
    expect(await net.selectMembers(1, valX, valY)).toEqual(chosen.slice(0, 1));
    expect(chosen).not.toEqual([0, 1, 2, 3]);
  });

  it('takes a loss and weights', async () => {
    const net = trained();
    // Only these rows count, so that another member is the best one.
    const best = async (row: number) => {
      const sampleWeight = Float64Array.from({ length: 50 }, (_, i) => Number(i === row));
      const [member = -1] = await net.selectMembers(1, valX, valY, {
        sampleWeight,
        loss: 'meanSquaredError',
      });
      const errors = [0, 1, 2, 3, 4].map((other) =>
        Math.abs(at(net.keepMembers([other]).predictSync(valX), row, 0) - at(valY, row, 0)),
      );
      expect(errors[member]).toBe(Math.min(...errors));
      return member;
    };
    const found = new Set<number>();
    for (const row of [0, 1, 2, 3, 4, 5, 6, 7]) found.add(await best(row));
    expect(found.size).toBeGreaterThan(1);
  });

  it('takes members without a loss last', async () => {
    const net = trained();
    for (const broken of [0, 4]) (net.parameters.b2 as Matrix).data[broken] = Number.NaN;
    const chosen = await net.selectMembers(5, valX, valY);
    expect(chosen.slice(0, 3).sort()).toEqual([1, 2, 3]);
  });

  it('ends with an AbortError when the signal says so', async () => {
    const error = await rejectionOf(trained().selectMembers(2, valX, valY, { signal: AbortSignal.abort() }));
    expect(error.name).toBe('AbortError');
  });

  it('refuses a number of members that it cannot choose, and unknown options', async () => {
    const net = trained();
    for (const [count, got] of [
      [0, '0 (number)'],
      [6, '6 (number)'],
      [1.5, '1.5 (number)'],
    ] as const) {
      expect(await rejectionOf(net.selectMembers(count, valX, valY))).toMatchObject({
        code: 'ERR_BLASNET_ARG_VALUE',
        message: `Expected count to be an integer from 1 to 5, got ${got}`,
      });
    }
    const error = await rejectionOf(net.selectMembers(1, valX, valY, { metrics: [] } as never));
    expect(error.code).toBe('ERR_BLASNET_UNKNOWN_OPTION');
  });
});

const rule = 'an array of numbers of members, from 0 to 4, each once';
const net = trained();

itRejects([
  ...[undefined, 3, '12', new Float64Array(2)].map((members): BadCall => {
    const got = (thrownBy(() => net.keepMembers(members as never)) as Error).message.replace(/^.*, got /, '');
    return {
      what: `members ${got}`,
      call: () => net.keepMembers(members as never),
      error: TypeError,
      code: 'ERR_BLASNET_ARG_TYPE',
      message: `Expected members to be ${rule}, got ${got}`,
    };
  }),
  {
    what: 'no members',
    call: () => net.keepMembers([]),
    error: RangeError,
    code: 'ERR_BLASNET_ARG_VALUE',
    message: `Expected members to be ${rule}, got an array of length 0`,
  },
  {
    what: 'a member twice',
    call: () => net.keepMembers([1, 2, 1]),
    error: RangeError,
    code: 'ERR_BLASNET_ARG_VALUE',
    message: `Expected members to be ${rule}, got an array of length 3`,
  },
  {
    what: 'a member that does not exist',
    call: () => net.keepMembers([1, 5]),
    error: RangeError,
    code: 'ERR_BLASNET_ARG_VALUE',
    message: 'Expected members[1] to be an integer from 0 to 4, got 5 (number)',
  },
  {
    what: 'a network without members',
    call: () => trained({}).keepMembers([0]),
    error: RangeError,
    code: 'ERR_BLASNET_ARG_VALUE',
    message:
      'Expected the network to have members, got layers[0] without: make it with { members: 8 } in the first layer',
  },
]);

it('a sparse array of members is refused', () => {
  const holes: number[] = [];
  holes[2] = 1;
  expect(thrownBy(() => net.keepMembers(holes))).toMatchObject({ code: 'ERR_BLASNET_ARG_TYPE' });
});
