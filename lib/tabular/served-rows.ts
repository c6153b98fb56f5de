// How a model of tables is served: a row is a record.

import type { WorkOptions } from '../addon/work';
import { allocate, type FloatArray } from '../base/matrix';
import { weightsOf } from '../layers/parameters';
import { NetworkBatch } from '../network/network-batch';
import type { Door, InputRules, Served, ServedBatch, Signature } from '../network/served-model';
import type { Schema } from '../tables/schema';
import type { LearnedInputs, RecordLike } from './learned-inputs';
import { clampRow } from './ranges';
import type { RowNetwork } from './row-network';

/** What a model makes of one row of outputs. */
export interface RowAnswers {
  readonly answer: (outputs: FloatArray) => unknown;
  readonly probabilities?: (outputs: FloatArray) => unknown;
}

/** How a model is served. @param outputs what it says, in words */
export function servedRows(
  kind: Signature['kind'],
  { rows, schema }: { readonly rows: RowNetwork; readonly schema: Schema },
  outputs: readonly string[],
  answers: RowAnswers,
): Served {
  const names = new Set(rows.members.flatMap(({ inputs }) => inputs.columns.map(({ name }) => name)));
  const inputs = [...names].map((name) => `the ${schema.column(name).kind} ${JSON.stringify(name)}`);
  return {
    signature: { kind, inputs, outputs },
    weights: rows.members.reduce((sum, { network }) => sum + weightsOf(network.architecture), 0),
    classifies: answers.probabilities !== undefined,
    door: (rules) => new RecordDoor(rows, rules, answers),
  };
}

/** A record as one way of encoding has it. */
interface Encoded {
  /** (width) */
  readonly numbers: FloatArray;
  /** (embeddings) */
  readonly codes: Int32Array;
  readonly encode: (record: RecordLike) => void;
}

class RecordDoor implements Door {
  readonly #members: readonly RowNetwork[];
  readonly #answers: RowAnswers;
  // What each member takes. Members that learned the same share it.
  readonly #encoded: readonly Encoded[];
  readonly #encoders: readonly Encoded[];

  constructor(rows: RowNetwork, rules: Required<InputRules>, answers: RowAnswers) {
    this.#members = rows.members;
    this.#answers = answers;
    const known = new Map<string, Encoded>();
    this.#encoded = this.#members.map(({ inputs, network }) => {
      const key = this.#members.length === 1 ? '' : `${network.dtype} ${JSON.stringify(inputs)}`;
      const encoded = known.get(key) ?? encodedBy(inputs, network.dtype, rules);
      known.set(key, encoded);
      return encoded;
    });
    this.#encoders = [...known.values()];
  }

  take(row: unknown): void {
    for (const { encode } of this.#encoders) encode(row as RecordLike);
  }

  batch(rows: number): ServedBatch {
    return new RecordBatch(this.#members, this.#encoded, rows, this.#answers);
  }
}

function encodedBy(
  inputs: LearnedInputs,
  dtype: 'float32' | 'float64',
  rules: Required<InputRules>,
): Encoded {
  const numbers = allocate(inputs.width, dtype);
  const codes = new Int32Array(inputs.embeddings.length);
  return { numbers, codes, encode: inputs.rowEncoder(numbers, codes, rules) };
}

/** Records of one model, also of one whose networks answer by their mean. */
class RecordBatch implements ServedBatch {
  readonly outputs: FloatArray;
  readonly cols: number;
  readonly #members: readonly RowNetwork[];
  readonly #encoded: readonly Encoded[];
  readonly #batches: readonly NetworkBatch[];
  readonly #answers: RowAnswers;

  constructor(
    members: readonly RowNetwork[],
    encoded: readonly Encoded[],
    rows: number,
    answers: RowAnswers,
  ) {
    this.#members = members;
    this.#encoded = encoded;
    this.#answers = answers;
    this.#batches = members.map(({ network }) => new NetworkBatch(network, rows));
    const [first] = this.#batches as [NetworkBatch];
    this.cols = first.cols;
    this.outputs = members.length === 1 ? first.outputs : allocate(first.outputs.length, 'float64');
  }

  put(place: number): void {
    this.#batches.forEach((batch, i) => {
      const { numbers, codes } = this.#encoded[i] as Encoded;
      batch.put(place, numbers, codes);
    });
  }

  move(from: number, to: number): void {
    for (const batch of this.#batches) batch.move(from, to);
  }

  runHere(rows: number): void {
    for (const batch of this.#batches) batch.runHere(rows);
    this.#finish(rows);
  }

  async run(rows: number, options: WorkOptions): Promise<void> {
    for (const batch of this.#batches) await batch.run(rows, options);
    this.#finish(rows);
  }

  answer(place: number): unknown {
    return this.#answers.answer(this.#outputsAt(place));
  }

  probabilities(place: number): unknown {
    return this.#answers.probabilities?.(this.#outputsAt(place));
  }

  #outputsAt(place: number): FloatArray {
    return this.outputs.subarray(place * this.cols, (place + 1) * this.cols);
  }

  // As in RowNetwork and MeanRows: the outputs of each network within its ranges, then their mean, summed in their order.
  #finish(rows: number): void {
    this.#members.forEach(({ ranges }, i) => {
      if (ranges === undefined) return;
      const { outputs, cols } = this.#batches[i] as NetworkBatch;
      for (let row = 0; row < rows; row++) clampRow(outputs, row * cols, ranges);
    });
    const { length } = this.#batches;
    if (length === 1) return;
    const { outputs } = this;
    for (let i = 0; i < rows * this.cols; i++) {
      let sum = 0;
      for (const batch of this.#batches) sum += batch.outputs[i] as number;
      outputs[i] = sum / length;
    }
  }
}
