// What happens in a layer, besides its activation, as JavaScript. Matrices are row-major arrays.

import type { Functions } from './functions';

export const layerFunctions: Functions = {
  affine: `// W x + b.  W (units, inputs)  b (units)  x (inputs)  ->  (units)
function affine(W, b, x) {
  const sums = new Float64Array(b.length);
  const whole = x.length - (x.length % 4);
  for (let unit = 0, k = 0; unit < sums.length; unit++) {
    // Four sums at a time are faster than one after the other, and more accurate.
    let [first, second, third, fourth] = [b[unit], 0, 0, 0];
    let i = 0;
    for (; i < whole; i += 4, k += 4) {
      first += W[k] * x[i];
      second += W[k + 1] * x[i + 1];
      third += W[k + 2] * x[i + 2];
      fourth += W[k + 3] * x[i + 3];
    }
    for (; i < x.length; i++, k++) first += W[k] * x[i];
    sums[unit] = first + second + (third + fourth);
  }
  return sums;
}`,
  batchNorm: `// gamma (x - mean) / sqrt(variance + epsilon) + beta, by the moments of the training
function batchNorm(x, gamma, beta, mean, variance, epsilon) {
  const out = new Float64Array(x.length);
  for (let i = 0; i < x.length; i++) {
    out[i] = gamma[i] * ((x[i] - mean[i]) * (1 / Math.sqrt(variance[i] + epsilon))) + beta[i];
  }
  return out;
}`,
  layerNorm: `// gamma (x - mean) / sqrt(variance + epsilon) + beta, by the moments of x
function layerNorm(x, gamma, beta, epsilon) {
  const meanOf = (f) => x.reduce((sum, value) => sum + f(value), 0) / x.length;
  // Of distances, so that large numbers that are close to each other keep their digits.
  const near = x[0] + meanOf((value) => value - x[0]);
  const rest = meanOf((value) => value - near);
  const variance = Math.max(meanOf((value) => (value - near) * (value - near)) - rest * rest, 0);
  const factor = 1 / Math.sqrt(variance + epsilon);
  const out = new Float64Array(x.length);
  for (let i = 0; i < x.length; i++) out[i] = gamma[i] * ((x[i] - near - rest) * factor) + beta[i];
  return out;
}`,
  mixed: `// z + share (f(z) - z)
function mixed(f, z, share) {
  const out = new Float64Array(z.length);
  for (let i = 0; i < z.length; i++) out[i] = z[i] + share[i] * (f(z[i]) - z[i]);
  return out;
}`,
  multiplied: `// a_i * b_i
function multiplied(a, b) {
  const out = new Float64Array(a.length);
  for (let i = 0; i < a.length; i++) out[i] = a[i] * b[i];
  return out;
}`,
  added: `// a_i + b_i
function added(a, b) {
  const out = new Float64Array(a.length);
  for (let i = 0; i < a.length; i++) out[i] = a[i] + b[i];
  return out;
}`,
  waves: `// cos(2 pi t), or sin(2 pi t), of t = frequency_k x + phase_k / (2 pi)
function waves(wave, x, frequencies, phases) {
  return Float64Array.from(frequencies, (frequency, k) => {
    const turns = frequency * x + (phases === undefined ? 0 : phases[k] / (2 * Math.PI));
    return wave(2 * Math.PI * (turns - Math.round(turns)));
  });
}`,
  pbld: `// Each of the first numbers becomes itself and a linear map of its waves; the others stay.
// F, P (columns, frequencies)  V (columns x outputs, frequencies)  c (columns x outputs)
function pbld(x, columns, F, P, V, c) {
  const [frequencies, outputs] = [F.length / columns, c.length / columns];
  const out = [];
  for (let column = 0; column < columns; column++) {
    const cosines = waves(Math.cos, x[column], partOf(F, frequencies, column), partOf(P, frequencies, column));
    out.push(x.subarray(column, column + 1));
    out.push(affine(partOf(V, outputs * frequencies, column), partOf(c, outputs, column), cosines));
  }
  return joined([...out, x.subarray(columns)]);
}`,
  plr: `// Each of the first numbers becomes relu of a linear map of its waves; the others stay.
// F (columns, frequencies)  V (columns x outputs, 2 frequencies)  c (columns x outputs)
function plr(x, columns, F, V, c) {
  const [frequencies, outputs] = [F.length / columns, c.length / columns];
  const out = [];
  for (let column = 0; column < columns; column++) {
    const own = partOf(F, frequencies, column);
    const both = joined([waves(Math.cos, x[column], own), waves(Math.sin, x[column], own)]);
    const sums = affine(partOf(V, 2 * outputs * frequencies, column), partOf(c, outputs, column), both);
    out.push(applied(relu, sums));
  }
  return joined([...out, x.subarray(columns)]);
}`,
  joined: `// One array after the other
function joined(arrays) {
  const out = new Float64Array(arrays.reduce((length, array) => length + array.length, 0));
  let at = 0;
  for (const array of arrays) {
    out.set(array, at);
    at += array.length;
  }
  return out;
}`,
  partOf: `// Part i of an array of parts of this size
function partOf(array, size, i) {
  return array.subarray(i * size, (i + 1) * size);
}`,
  tableRow: `// The row of a category in its table; the last one is for unknown categories, whose code is -1
function tableRow(table, width, code) {
  return partOf(table, width, code === -1 ? table.length / width - 1 : code);
}`,
};

/** The parameters, which stand at the end of the module. */
export const weightFunctions: Functions = {
  float64s: `// The doubles in a text of base64, little-endian
function float64s(text) {
  const bytes = bytesOf(text);
  const view = new DataView(bytes.buffer);
  return new Float64Array(bytes.length / 8).map((_, i) => view.getFloat64(8 * i, true));
}`,
  float32s: `// The floats in a text of base64, little-endian
function float32s(text) {
  const bytes = bytesOf(text);
  const view = new DataView(bytes.buffer);
  return new Float32Array(bytes.length / 4).map((_, i) => view.getFloat32(4 * i, true));
}`,
  bytesOf: `// The bytes in a text of base64, whose lines may end anywhere
function bytesOf(text) {
  const digits = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
  const values = new Int8Array(128).fill(-1);
  for (let i = 0; i < 64; i++) values[digits.charCodeAt(i)] = i;
  const bytes = new Uint8Array(text.length);
  let [count, held, bits] = [0, 0, 0];
  for (let i = 0; i < text.length; i++) {
    const value = values[text.charCodeAt(i)];
    if (value === -1) continue;
    held = ((held << 6) | value) & 0xffff;
    bits += 6;
    if (bits < 8) continue;
    bits -= 8;
    bytes[count++] = held >> bits;
  }
  return bytes.slice(0, count);
}`,
};
