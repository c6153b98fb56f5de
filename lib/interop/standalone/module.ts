// A standalone module: one ES module without imports, with the parameters inside, and its types.

import { Buffer } from 'node:buffer'; // the global may be missing in a test environment
import { buildInfo } from '../../addon/build-info';
import { inSlices, type Work } from '../../addon/work';
import { blasnetError } from '../../base/errors';
import type { FloatArray } from '../../base/matrix';
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

/** Code, with what it reads. */
export interface CodeBlock {
  /** Functions and constants of the library. */
  readonly code: string;
  /** Constants with names of anybody, in which no function is looked for. */
  readonly facts: readonly string[];
  readonly arrays: readonly NamedArray[];
}

/** The source of a module. */
export interface ModuleParts extends CodeBlock {
  /** What the module is, as lines of a comment. No name of anybody stands in it. */
  readonly head: readonly string[];
  /** The models of a bag: each becomes a function `model1`, `model2`, ... that returns its function `outputsOf`. */
  readonly models?: readonly CodeBlock[];
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
export function* moduleText({ head, models = [], ...block }: ModuleParts): Work<Uint8Array[]> {
  const blocks = [block, ...models];
  const arrays = blocks.flatMap((each) => each.arrays);
  checkSize(arrays);
  const calls = [...blocks.map(({ code }) => code), ...arrays.map(readerOf)].join('\n');
  const texts = [
    head.map((line) => `// ${line}`).join('\n'),
    ...block.facts,
    block.code,
    ...neededBy(calls, functions).map((name) => functions[name] as string),
  ];
  const parts: Uint8Array[] = [Buffer.from(`${texts.join('\n\n')}\n\n`)];
  yield* addArrays(parts, block.arrays);
  for (const [i, { facts, code, arrays: own }] of models.entries()) {
    parts.push(Buffer.from(`\nfunction model${i + 1}() {\n${[...facts, code].join('\n\n')}\n\n`));
    yield* addArrays(parts, own);
    parts.push(Buffer.from('return outputsOf;\n}\n'));
  }
  return parts;
}

function readerOf({ data }: NamedArray): string {
  return data instanceof Float32Array ? 'float32s' : 'float64s';
}

function* addArrays(parts: Uint8Array[], arrays: readonly NamedArray[]): Work<void> {
  for (const array of arrays) {
    const { name, shape, data } = array;
    parts.push(Buffer.from(`// (${shape.join(', ')})\nconst ${name} = ${readerOf(array)}([\n`));
    for (const part of yield* base64(data)) parts.push(part);
    parts.push(Buffer.from(']);\n'));
  }
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
