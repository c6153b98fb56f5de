import type { PackedFields } from './results';

/**
 * Packs logits on a grid: clamps each frame, rounds it to steps of its scale, and deflates the differences between
 * frames, in base64. The logit of a ReLU network is piecewise linear, so a coarse grid shows the line where it is 0 as
 * straight; with probabilities the line would be jagged. Node and browsers share the web streams that pack and unpack.
 */

/** Beyond this logit a probability is within 2 % of 0 or 1, and has one colour. */
const limit = 4;
/** Steps from 0 to the largest logit of a frame: contours do not show them. */
const steps = 2047;

/** @param fields one array of logits per frame, all of one length; infinities are clamped */
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

/** Unpacks the fields: they are clamped and rounded. */
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
