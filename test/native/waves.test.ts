// Cosines and sines of angles in turns.

import { describe, expect, it } from 'vitest';
import * as oracle from '../support/oracle';
import { expectClose, float32, floatTypes, guarded, lengths } from './helpers';
import { kernels } from './kernels';
import { sweep } from './sweep';

/** cos and sin of 2 pi t. The angle is reduced without an error to at most an eighth of a turn. */
function exact(t: number): readonly [cosine: number, sine: number] {
  const quarters = Math.round(4 * (t - Math.round(t)));
  const angle = 2 * Math.PI * (t - Math.round(t) - quarters / 4);
  const [c, s] = [Math.cos(angle), Math.sin(angle)];
  const turned = [
    [c, s],
    [-s, c],
    [-c, -s],
    [s, -c],
  ] as const;
  return turned[(quarters + 4) % 4] as readonly [number, number];
}

describe.each(floatTypes)('waves of $dtype', (type) => {
  it('are off by at most 2 ulp of 1, for any angle', () => {
    // 4 t must be finite.
    const t = type.array(Array.from(sweep(type, 1)).filter((value) => Math.abs(value) < type.most / 8));
    const [cosines, sines] = [type.array(t.length), type.array(t.length)];
    kernels.waves(1, 0, t, cosines, sines);
    let most = 0;
    for (const [i, value] of t.entries()) {
      const [c, s] = exact(value);
      most = Math.max(most, Math.abs((cosines[i] as number) - c), Math.abs((sines[i] as number) - s));
    }
    expect(most / type.epsilon).toBeLessThan(2);
    expect(most).toBeGreaterThan(0);
  });

  it('are off by at most 2 ulp of 1 in every part of a turn', () => {
    const t = type.array(Array.from({ length: 40_001 }, (_, i) => (i - 20_000) / 10_000));
    const [cosines, sines] = [type.array(t.length), type.array(t.length)];
    kernels.waves(1, 0, t, cosines, sines);
    for (const [i, value] of t.entries()) {
      const [c, s] = exact(value);
      expect(Math.abs((cosines[i] as number) - c)).toBeLessThan(2 * type.epsilon);
      expect(Math.abs((sines[i] as number) - s)).toBeLessThan(2 * type.epsilon);
    }
  });

  it('are exact at quarters of a turn', () => {
    const t = type.array([0, 0.25, 0.5, 0.75, 1, -0.25, 1000.5, 3e6]);
    const [cosines, sines] = [type.array(8), type.array(8)];
    kernels.waves(1, 0, t, cosines, sines);
    expect([...cosines].map((c) => c + 0)).toEqual([1, 0, -1, 0, 1, 0, -1, 1]);
    expect([...sines].map((s) => s + 0)).toEqual([0, 1, 0, -1, 0, -1, 0, 0]);
  });

  it.each([...lengths, 257])(
    'are those of plain loops for %s numbers, and so are their gradients',
    (length) => {
      const x = type.array(oracle.randomArray(length, 1, -3, 3));
      const [frequency, phase] = [0.75, -0.375];
      const [cosines, sines] = [guarded(type, length), guarded(type, length)];
      kernels.waves(frequency, phase, x, cosines.data, sines.data);
      const waves = Array.from(x, (value) => exact(frequency * value + phase));
      const allowed = type === float32 ? 4e-6 : 1e-14;
      expectClose(
        cosines.data,
        waves.map(([c]) => c),
        allowed,
        'cosines',
      );
      expectClose(
        sines.data,
        waves.map(([, s]) => s),
        allowed,
        'sines',
      );

      const [dCosines, dSines] = [2, 3].map((seed) => type.array(oracle.randomArray(length, seed)));
      const d = guarded(type, length);
      kernels.waveGradients(cosines.data, sines.data, dCosines as never, dSines as never, d.data);
      for (const array of [cosines, sines, d]) array.intact();
      const expected = waves.map(([c, s], i) => (dSines?.[i] as number) * c - (dCosines?.[i] as number) * s);
      expectClose(d.data, expected, allowed, 'gradients');
    },
  );
});
