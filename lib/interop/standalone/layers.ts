// What happens in a layer, besides its activation, as JavaScript. Matrices are row-major arrays.

import type { Functions } from './functions';

export const layerFunctions: Functions = {
  affine: `// W x + b.  W (units, inputs)  b (units)  x (inputs)  ->  (units)
function affine(W, b, x) {
  const out = new Float64Array(b.length);
  const inputs = x.length;
  const whole = inputs - (inputs % 4);
  for (let unit = 0; unit < b.length; unit++) {
    const row = unit * inputs;
    // Four sums at a time are faster than one, and more accurate.
    let first = b[unit];
    let second = 0;
    let third = 0;
    let fourth = 0;
    for (let i = 0; i < whole; i += 4) {
      const k = row + i;
      first += W[k] * x[i];
      second += W[k + 1] * x[i + 1];
      third += W[k + 2] * x[i + 2];
      fourth += W[k + 3] * x[i + 3];
    }
    for (let i = whole; i < inputs; i++) first += W[row + i] * x[i];
    out[unit] = first + second + (third + fourth);
  }
  return out;
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
  meanOf: `// The mean of arrays
function meanOf(arrays) {
  return arrays[0].map((_, i) => arrays.reduce((all, array) => all + array[i], 0) / arrays.length);
}`,
  logOfMean: `// The logarithms of mean probabilities, from the logarithms of the probabilities
function logOfMean(arrays) {
  return arrays[0].map((_, i) => {
    const all = arrays.map((array) => array[i]);
    const greatest = greatestOf(all);
    return greatest + Math.log(all.reduce((total, each) => total + Math.exp(each - greatest), 0) / all.length);
  });
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
  float64s: `// The doubles in lines of base64, little-endian
function float64s(lines) {
  const view = new DataView(bytesOf(lines).buffer);
  const out = new Float64Array(Math.floor(view.byteLength / 8));
  for (let i = 0; i < out.length; i++) out[i] = view.getFloat64(8 * i, true);
  return out;
}`,
  float32s: `// The floats in lines of base64, little-endian
function float32s(lines) {
  const view = new DataView(bytesOf(lines).buffer);
  const out = new Float32Array(Math.floor(view.byteLength / 4));
  for (let i = 0; i < out.length; i++) out[i] = view.getFloat32(4 * i, true);
  return out;
}`,
  bytesOf: `// The bytes in lines of base64: three for each four digits. Zeros stand in for those that the last digits lack.
function bytesOf(lines) {
  const digits = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
  const values = new Uint8Array(128);
  for (let i = 0; i < 64; i++) values[digits.charCodeAt(i)] = i;
  const bytes = new Uint8Array(lines.reduce((sum, { length }) => sum + (3 * length) / 4, 0));
  let at = 0;
  for (const line of lines) {
    for (let i = 0; i < line.length; i += 4) {
      const high = (values[line.charCodeAt(i)] << 6) | values[line.charCodeAt(i + 1)];
      const low = (values[line.charCodeAt(i + 2)] << 6) | values[line.charCodeAt(i + 3)];
      bytes[at++] = high >> 4;
      bytes[at++] = (high << 4) | (low >> 8);
      bytes[at++] = low;
    }
  }
  return bytes;
}`,
};
