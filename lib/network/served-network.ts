// How a network is served: a row is an array of numbers, or { numbers, categories } if the network has embeddings.

import type { WorkOptions } from '../addon/work';
import { abbreviate, argumentError, blasnetError } from '../base/errors';
import { allocate, type FloatArray, sharedZeros } from '../base/matrix';
import { countOf, isTypedNumbers } from '../base/number-kinds';
import { embeddingsIn, inputDimOf, outputLayerOf } from '../layers/architecture';
import { unknownCode } from '../layers/embeddings';
import { weightsOf } from '../layers/parameters';
import type { TransformRows } from '../preprocessing/fitted-steps';
import { fieldError, ofField } from './field-error';
import type { Network } from './network';
import { NetworkBatch } from './network-batch';
import type { Door, InputRules, Served, ServedBatch, Signature } from './served-model';

type Numbers = ArrayLike<unknown>;

/** How a network is served. @throws Error ERR_BLASNET_NOT_FITTED */
export function servedNetwork(network: Network): Served {
  const { architecture, preprocessing, labels, targetScaler } = network;
  for (const [name, part] of Object.entries({ preprocessing, targetScaler })) {
    if (part?.fitted !== false) continue;
    throw blasnetError(
      'ERR_BLASNET_NOT_FITTED',
      `Expected ${name} to be fitted before the network is served`,
    );
  }
  const columns = preprocessing?.inputColumns ?? inputDimOf(architecture);
  const { outputDim } = outputLayerOf(architecture);
  const signature: Signature = {
    kind: 'Network',
    inputs: [
      `${columns} numbers`,
      ...embeddingsIn(architecture).map(({ categories }, i) => `${categories} categories in embedding ${i}`),
    ],
    outputs: [
      `${outputDim} outputs`,
      ...(labels?.fitted ? labels.classes.map((name, i) => `the class ${JSON.stringify(name)} at ${i}`) : []),
    ],
  };
  return {
    signature,
    weights: weightsOf(architecture),
    classifies: false,
    door: (rules) => new NetworkDoor(network, rules, columns),
  };
}

class NetworkDoor implements Door {
  readonly #network: Network;
  readonly #rules: Required<InputRules>;
  // The categories of each embedding.
  readonly #categories: readonly number[];
  // (1 x columns) the row as it came, and (1 x inputDim) as the network takes it
  readonly #raw: FloatArray;
  readonly #numbers: FloatArray;
  readonly #codes: Int32Array;
  readonly #preprocess: TransformRows | undefined;

  constructor(network: Network, rules: Required<InputRules>, columns: number) {
    const { architecture, dtype, preprocessing } = network;
    this.#network = network;
    this.#rules = rules;
    this.#categories = embeddingsIn(architecture).map(({ categories }) => categories);
    this.#codes = new Int32Array(this.#categories.length);
    if (preprocessing === undefined) {
      this.#numbers = allocate(columns, dtype);
      this.#raw = this.#numbers;
    } else {
      const raw = sharedZeros(1, columns, 'float64');
      const numbers = sharedZeros(1, inputDimOf(architecture), dtype);
      this.#raw = raw.data;
      this.#numbers = numbers.data;
      this.#preprocess = preprocessing.transformerWork('the row', raw, numbers);
    }
  }

  take(row: unknown): void {
    if (this.#categories.length === 0) this.#takeNumbers('row', row);
    else this.#takeMixed(row);
    this.#preprocess?.(1);
    this.#checkInputs();
  }

  batch(rows: number): ServedBatch {
    return new PlainBatch(this.#network, rows, this.#numbers, this.#codes);
  }

  #takeMixed(row: unknown): void {
    const isObject =
      typeof row === 'object' && row !== null && !Array.isArray(row) && !ArrayBuffer.isView(row);
    if (!isObject) {
      const rule = '{ numbers, categories }, since the network has embeddings';
      throw argumentError('ERR_BLASNET_ARG_TYPE', 'row', rule, row);
    }
    const { numbers = [], categories } = row as { numbers?: unknown; categories?: unknown };
    if (this.#rules.additional === 'reject') {
      const other = Object.keys(row).find((name) => name !== 'numbers' && name !== 'categories');
      if (other !== undefined) {
        const message = `Unknown field ${JSON.stringify(abbreviate(other))} in row; known: numbers, categories`;
        throw ofField(blasnetError('ERR_BLASNET_UNKNOWN_NAME', message), abbreviate(other), 'additional');
      }
    }
    this.#takeNumbers('row.numbers', numbers);
    this.#takeCodes('row.categories', categories);
  }

  #takeNumbers(name: string, row: unknown): void {
    const raw = this.#raw;
    checkWidth(name, row, raw.length, 'numbers');
    const rejects = this.#rules.notFinite === 'reject';
    for (let i = 0; i < raw.length; i++) {
      const value = row[i];
      if (typeof value !== 'number') throw wrongType(`${name}[${i}]`, value, 'a number');
      raw[i] = value;
      // Also what float32 does not hold.
      if (rejects && !Number.isFinite(raw[i])) throw notFinite(`${name}[${i}]`, value);
    }
  }

  #takeCodes(name: string, row: unknown): void {
    const codes = this.#codes;
    checkWidth(name, row, codes.length, 'codes');
    for (let i = 0; i < codes.length; i++) {
      const code = row[i];
      const place = `${name}[${i}]`;
      if (typeof code !== 'number') throw wrongType(place, code, 'a code');
      const most = (this.#categories[i] as number) - 1;
      if (!(Number.isInteger(code) && code >= unknownCode && code <= most)) {
        const rule = `a code from 0 to ${most}, or ${unknownCode} for an unknown category`;
        throw fieldError('ERR_BLASNET_ARG_VALUE', [place, place], 'range', rule, code);
      }
      if (code === unknownCode && this.#rules.unknownCategory === 'reject') {
        const rule = `a code from 0 to ${most}`;
        throw fieldError('ERR_BLASNET_ARG_VALUE', [place, place], 'unknownCategory', rule, code);
      }
      codes[i] = code;
    }
  }

  // A batch is refused for one such number, so none may reach it.
  #checkInputs(): void {
    if (this.#preprocess === undefined && this.#rules.notFinite === 'reject') return;
    const numbers = this.#numbers;
    const place = this.#preprocess === undefined ? 'row' : 'the preprocessed row';
    for (let i = 0; i < numbers.length; i++) {
      if (!Number.isFinite(numbers[i])) throw notFinite(`${place}[${i}]`, numbers[i]);
    }
  }
}

function checkWidth(name: string, row: unknown, width: number, what: string): asserts row is Numbers {
  if (!Array.isArray(row) && !isTypedNumbers(row)) {
    throw argumentError('ERR_BLASNET_ARG_TYPE', name, `an array of ${width} ${what}`, row);
  }
  if (countOf(row) === width) return;
  throw fieldError('ERR_BLASNET_SHAPE', [name, name], 'width', `an array of ${width} ${what}`, row);
}

function wrongType(place: string, value: unknown, rule: string) {
  return fieldError('ERR_BLASNET_ARG_TYPE', [place, place], 'type', rule, value);
}

function notFinite(place: string, value: unknown) {
  return fieldError('ERR_BLASNET_NOT_FINITE', [place, place], 'notFinite', 'a finite number', value);
}

/** Rows of one network, whose answers are its outputs. */
class PlainBatch implements ServedBatch {
  readonly #batch: NetworkBatch;
  readonly #numbers: FloatArray;
  readonly #codes: Int32Array;

  constructor(network: Network, rows: number, numbers: FloatArray, codes: Int32Array) {
    this.#batch = new NetworkBatch(network, rows);
    this.#numbers = numbers;
    this.#codes = codes;
  }

  get outputs(): FloatArray {
    return this.#batch.outputs;
  }

  get cols(): number {
    return this.#batch.cols;
  }

  put(place: number): void {
    this.#batch.put(place, this.#numbers, this.#codes);
  }

  move(from: number, to: number): void {
    this.#batch.move(from, to);
  }

  runHere(rows: number): void {
    this.#batch.runHere(rows);
  }

  run(rows: number, options: WorkOptions): Promise<void> {
    return this.#batch.run(rows, options);
  }

  answer(place: number): FloatArray {
    return this.outputs.slice(place * this.cols, (place + 1) * this.cols);
  }

  /** A network has none: see `Served.classifies`. */
  probabilities(): undefined {}
}
