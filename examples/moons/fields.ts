import type { PackedFields } from './results';

/**
 * Logits on a grid, packed small: each frame clamped and rounded to steps of its own scale, the
 * differences from frame to frame deflated, in base64. The logit of a ReLU network is piecewise linear,
 * so the line where it is 0 comes out straight from a coarse grid, where the probability's would be
 * jagged. Web streams, which Node and the browser share, do both directions.
 */

/** Beyond this a probability is within 2 % of 0 or 1, and all drawn alike. */
const limit = 4;
/** Steps from 0 to the largest logit of a frame: fine enough that no contour shows them. */
const steps = 2047;

/** @param fields one array of logits a frame, all of one length; infinities are clamped */
export async function packFields(fields: readonly Float64Array[]): Promise<PackedFields> {
  const size = fields[0]?.length ?? 0;
  const scales = fields.map((field) => scaleOf(field));
  const differences = new Int16Array(fields.length * size);
  let before = new Int16Array(size);
  fields.forEach((field, frame) => {
    const scale = scales[frame] as number;
    const now = Int16Array.from(field, (z) => Math.max(-steps, Math.min(steps, Math.round(z / scale))));
    now.forEach((step, i) => {
      differences[frame * size + i] = step - (before[i] as number);
    });
    before = now;
  });
  const deflated = await pass(differences, new CompressionStream('deflate-raw'));
  const packed = btoa(Array.from(deflated, (byte) => String.fromCharCode(byte)).join(''));
  return { scales, packed };
}

/** The fields again, clamped and rounded. */
export async function unpackFields({ scales, packed }: PackedFields): Promise<Float32Array[]> {
  const deflated = Uint8Array.from(atob(packed), (character) => character.charCodeAt(0));
  const differences = new Int16Array((await pass(deflated, new DecompressionStream('deflate-raw'))).buffer);
  const size = differences.length / scales.length;
  const now = new Int16Array(size);
  return scales.map((scale, frame) => {
    for (let i = 0; i < size; i++) now[i] = (now[i] as number) + (differences[frame * size + i] as number);
    return Float32Array.from(now, (step) => step * scale);
  });
}

function scaleOf(field: Float64Array): number {
  const largest = field.reduce((most, z) => Math.max(most, Math.abs(z)), Number.EPSILON);
  return Math.min(limit, largest) / steps;
}

async function pass(
  data: Int16Array<ArrayBuffer> | Uint8Array<ArrayBuffer>,
  through: CompressionStream | DecompressionStream,
): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await new Response(new Blob([data]).stream().pipeThrough(through)).arrayBuffer());
}
