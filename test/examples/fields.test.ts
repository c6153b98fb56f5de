import { describe, expect, test } from 'vitest';
import { packFields, unpackFields } from '../../examples/moons/fields';

describe('the packed fields', () => {
  test('come back to half a step of each frame’s own scale', async () => {
    const fields = [
      Float64Array.of(0, 1e-4, -3e-4, 2.5e-5),
      Float64Array.of(0.5, -0.25, 3.9, -1),
      Float64Array.of(0, 0, 0, 0),
    ];
    const unpacked = await unpackFields(await packFields(fields));
    expect(unpacked).toHaveLength(fields.length);
    for (const [frame, field] of fields.entries()) {
      const largest = Math.max(...field.map(Math.abs));
      for (const [i, z] of field.entries()) {
        expect(Math.abs((unpacked[frame]?.[i] as number) - z)).toBeLessThanOrEqual((largest / 2047) * 0.501);
      }
    }
  });

  test('clamp logits that are too large to see, infinities included', async () => {
    const [field] = await unpackFields(
      await packFields([Float64Array.of(Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 100, -4, 0.5)]),
    );
    expect(Array.from(field as Float32Array, (z) => Number(z.toFixed(2)))).toEqual([4, -4, 4, -4, 0.5]);
  });

  test('keep the side of a point that is close to the line', async () => {
    const [field] = await unpackFields(await packFields([Float64Array.of(4, 0.01, -0.01)]));
    expect(Array.from(field as Float32Array, Math.sign)).toEqual([1, 1, -1]);
  });
});
