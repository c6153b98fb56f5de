// How the columns of a record become inputs, by the formulas of native/tables/encoder.cc.

import type { EncoderPartType } from '../../addon/table-encoder';
import type { Functions } from './functions';

/**
 * A function for each part of an encoding, of a value and the numbers that were learned, to inputs from a place on. A code
 * is no input: see `codeOf`.
 */
export const encoderOf: Readonly<Record<Exclude<EncoderPartType, 'code'>, string>> = {
  scale: 'encodeScaled',
  smoothClip: 'encodeSmoothlyClipped',
  place: 'encodePlace',
  missing: 'encodeGap',
  piecewise: 'encodePiecewise',
  oneHot: 'encodeOneHot',
  signs: 'encodeSign',
  cyclic: 'encodeCyclic',
};

export const encodingFunctions: Functions = {
  encodeScaled: `// (value - center) / scale + offset, within the limits if there are any; a gap becomes the value \`fill\`
function encodeScaled(value, [center, scale, fill, offset, low, high], inputs, at) {
  let input = ((Number.isNaN(value) ? fill : value) - center) / scale;
  if (offset !== undefined) input += offset;
  if (low !== undefined) input = within(input, low, high);
  inputs[at] = input;
}`,
  within: `// A number, or the limit that it exceeds
function within(value, low, high) {
  const raised = value < low ? low : value;
  return high < raised ? high : raised;
}`,
  encodeSmoothlyClipped: `// s / sqrt(1 + (s / 3)^2) of s = (value - center) / scale, so that no input is beyond 3
function encodeSmoothlyClipped(value, [center, scale, fill], inputs, at) {
  const s = ((Number.isNaN(value) ? fill : value) - center) / scale;
  const third = s / 3;
  // Of a huge s the square overflows.
  inputs[at] = Math.abs(s) > 1e100 ? 3 * Math.sign(s) : s / Math.sqrt(1 + third * third);
}`,
  encodePlace: `// The place of a category in an order
function encodePlace(place, [first, step, unknown], inputs, at) {
  inputs[at] = place >= 0 ? (place - first) / step : unknown;
}`,
  encodeGap: `// 1 where the value is missing
function encodeGap(value, numbers, inputs, at) {
  inputs[at] = Number.isNaN(value) ? 1 : 0;
}`,
  encodePiecewise: `// For each bin the share of it that is below the value; the first and the last bin go on
function encodePiecewise(value, [fill, ...edges], inputs, at) {
  const x = Number.isNaN(value) ? fill : value;
  const last = edges.length - 2;
  for (let bin = 0; bin <= last; bin++) {
    let share = (x - edges[bin]) / (edges[bin + 1] - edges[bin]);
    if (bin > 0 && share < 0) share = 0;
    if (bin < last && share > 1) share = 1;
    inputs[at + bin] = share;
  }
}`,
  encodeOneHot: `// 1 for the category of the value
function encodeOneHot(value, numbers, inputs, at) {
  const code = codeOf(value, numbers);
  if (code >= 0) inputs[at + code] = 1;
}`,
  codeOf: `// The code of a category, of which the last one has all rare categories; that of a gap; -1 for others
function codeOf(value, [known, hasGap]) {
  if (Number.isNaN(value)) return hasGap === 1 ? known : -1;
  return value >= 0 ? Math.min(value, known - 1) : -1;
}`,
  encodeSign: `// 1 for true, -1 for false, 0 where it is missing
function encodeSign(value, numbers, inputs, at) {
  inputs[at] = value === 0 ? -1 : value === 1 ? 1 : 0;
}`,
  encodeCyclic: `// Sine and cosine of a time within its period
function encodeCyclic(value, [period, start], inputs, at) {
  const turns = (value - start) / period;
  const angle = 2 * Math.PI * (turns - Math.floor(turns));
  inputs[at] = Number.isNaN(value) ? 0 : Math.sin(angle);
  inputs[at + 1] = Number.isNaN(value) ? 0 : Math.cos(angle);
}`,
  refuseInput: `// Throws for a value whose input is not finite
function refuseInput(row, name, value) {
  const isFinite = Number.isFinite(Number(value));
  const rule = isFinite ? 'a number that its encoding keeps within the range of the dtype' : 'a finite number, or null';
  throw refusal('ERR_BLASNET_NOT_FINITE', 'row ' + row + ', column ' + JSON.stringify(name), rule, value);
}`,
  refuseUnknown: `// Throws for a category that was not learned
function refuseUnknown(row, { name, categories }, value) {
  const shown = categories.slice(0, 5).map((text) => JSON.stringify(text)).join(', ');
  const more = categories.length > 5 ? ', ...' : '';
  const rule = 'one of the ' + categories.length + ' categories that were learned (' + shown + more + ')';
  refuseCell(row, name, rule, value);
}`,
};
