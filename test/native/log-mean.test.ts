// Means of numbers that are given by their logarithms.

import { describe, expect, it } from 'vitest';
import * as oracle from '../support/oracle';
import { expectClose, floatTypes, guarded, lengths } from './helpers';
import { kernels } from './kernels';

/** In double, with the largest taken out. */
function logMeanExp(values: readonly number[]): number {
  const most = Math.max(...values);
  const sum = values.reduce((all, value) => all + Math.exp(value - most), 0);
  return most + Math.log(sum / values.length);
}

describe.each(floatTypes)('means of logarithms in $dtype', (type) => {
  it.each([...lengths, 257])('are those of plain loops for %s numbers, within 3 ulp', (length) => {
    for (const blocks of [1, 2, 3, 32, 100]) {
      const x = type.array(oracle.randomArray(blocks * length, blocks, -30, 0));
      const out = guarded(type, length);
      kernels.logMeanExp(blocks, x, out.data);
      out.intact();
      const expected = Array.from({ length }, (_, i) =>
        logMeanExp(Array.from({ length: blocks }, (__, block) => x[block * length + i] as number)),
      );
      const allowed = expected.map((value) => 3 * type.epsilon * Math.max(1, Math.abs(value)));
      expectClose(out.data, expected, allowed, `${blocks} blocks`);
    }
  });

  it('are finite for numbers of any size, and NaN only for NaN', () => {
    const most = type.most / 4;
    const x = type.array([-most, most, -1e4, Number.NaN, 3, most, -most, -1e4 - 1, 0, Number.NaN]);
    const out = type.array(5);
    kernels.logMeanExp(2, x, out);
    expect(out[0]).toBe(type.array([most])[0]);
    expect(out[1]).toBe(type.array([most])[0]);
    expect(Math.abs((out[2] as number) - (-1e4 + Math.log((1 + Math.exp(-1)) / 2)))).toBeLessThan(
      3e4 * type.epsilon,
    );
    expect([out[3], out[4]]).toEqual([Number.NaN, Number.NaN]);
  });
});
