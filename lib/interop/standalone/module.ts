// A standalone module: one ES module without imports, with the parameters inside, and its types.

import { Buffer } from 'node:buffer'; // the global may be missing in a test environment
import { buildInfo } from '../../addon/build-info';
import { inSlices, type Work } from '../../addon/work';
import { blasnetError } from '../../base/errors';
import type { Dtype, FloatArray } from '../../base/matrix';
import { bytesOf, littleEndian } from '../../formats/safetensors';
import { activationFunctions } from './activations';
import { encodingFunctions } from './encodings';
import { errorFunctions } from './errors';
import { type Functions, neededBy } from './functions';
import { layerFunctions, weightFunctions } from './layers';
import type { NamedArray } from './network-code';
import { numberFunctions } from './numbers';
import { recordFunctions } from './records';

/** A module and its declarations. */
export interface Standalone {
  /** The .mjs file, in parts. */
  readonly module: readonly Uint8Array[];
  /** The text of the .d.mts file. */
  readonly types: string;
}

/** The source of a module. */
export interface ModuleParts {
  /** What the module is, as lines of a comment. No name of anybody stands in it. */
  readonly head: readonly string[];
  /** The module's own code. */
  readonly code: string;
  /** Constants with names of anybody, in which no function is looked for. */
  readonly facts: readonly string[];
  readonly arrays: readonly NamedArray[];
  readonly dtype: Dtype;
}

const functions: Functions = {
  ...numberFunctions,
  ...recordFunctions,
  ...encodingFunctions,
  ...layerFunctions,
  ...activationFunctions,
  ...errorFunctions,
  ...weightFunctions,
};

// Engines limit a text, such as the source of a module, to half a billion characters.
const mostBytes = 2 ** 28;

/** The text of a module, in parts. @throws RangeError ERR_BLASNET_SHAPE for too many parameters */
export function* moduleText({ head, code, facts, arrays, dtype }: ModuleParts): Work<Uint8Array[]> {
  checkSize(arrays);
  const reader = dtype === 'float32' ? 'float32s' : 'float64s';
  const needed = neededBy(`${code}\n${reader}`, functions);
  const texts = [
    head.map((line) => `// ${line}`).join('\n'),
    ...facts,
    code,
    ...needed.map((name) => functions[name] as string),
  ];
  const parts: Uint8Array[] = [Buffer.from(`${texts.join('\n\n')}\n\n`)];
  for (const { name, shape, data } of arrays) {
    parts.push(Buffer.from(`// (${shape.join(', ')})\nconst ${name} = ${reader}([\n`));
    for (const part of yield* base64(data)) parts.push(part);
    parts.push(Buffer.from(']);\n'));
  }
  return parts;
}

function checkSize(arrays: readonly NamedArray[]): void {
  const bytes = arrays.reduce((sum, { data }) => sum + data.byteLength, 0);
  if (bytes <= mostBytes) return;
  const rule = `a network of at most ${mostBytes} bytes of parameters for a module`;
  const hint = "; format: 'onnx' and save take any network";
  throw blasnetError('ERR_BLASNET_SHAPE', `Expected ${rule}, got ${bytes}${hint}`);
}

/** The first line of every module. */
export function madeBy(): string {
  return `Made by blasnet ${buildInfo().version}. It needs no package: browsers, Node, Deno, Bun and edge functions run it.`;
}

// An array of texts, since engines are slow with one long text, and with many short ones.
const bytesOfLine = 900;
// What a line costs, in numbers that a plain loop goes through.
const costOfLine = 16;

// Lines of base64, in parts.
function* base64(data: FloatArray): Work<Uint8Array[]> {
  const little = littleEndian(bytesOf(data), data.BYTES_PER_ELEMENT);
  const bytes = Buffer.from(little.buffer, little.byteOffset, little.byteLength);
  const parts: Uint8Array[] = [];
  const addLines = (from: number, to: number) => {
    let lines = '';
    for (let line = from; line < to; line++) {
      const start = line * bytesOfLine;
      lines += `  '${bytes.toString('base64', start, start + bytesOfLine)}',\n`;
    }
    parts.push(Buffer.from(lines));
  };
  yield* inSlices(Math.ceil(bytes.length / bytesOfLine), addLines, costOfLine);
  return parts;
}
