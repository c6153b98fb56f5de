// Integrated gradients: how much each column of a record moves the output away from that of a baseline.

import { type AsyncOptions, asyncConstraints, workHere } from '../addon/work';
import { argumentError } from '../base/errors';
import { allocate, Matrix } from '../base/matrix';
import type { AnyName } from '../base/names';
import { anything, type Constraint, checkOptions, oneOf, optional } from '../base/validate';
import { recordMaker } from './answers';
import type { RecordLike } from './learned-inputs';
import { codesOf, widthOf } from './part';
import { inputsOf, type RowNetwork } from './row-network';

/** The options of `attributions`. */
export interface AttributionOptions extends AsyncOptions {
  /** The record to compare with. @default one whose values are all missing */
  readonly baseline?: object;
  /** The points between the baseline and the record, from 1 to 4,096. @default 256 */
  readonly steps?: number;
  /**
   * What is explained: the probability of a class by its name, or a target.
   * @default the class that is predicted; of several targets the first one
   */
  readonly output?: AnyName;
}

/** How a prediction comes about. */
export interface Attributions {
  /** The name of the output. */
  readonly output: string;
  /** What the network says about the record. */
  readonly prediction: number;
  /** What it says about the baseline. */
  readonly baseline: number;
  /** By the name of a column: how much it moves the output. They sum up to prediction - baseline - gap. */
  readonly columns: Readonly<Record<string, number>>;
  /** What the sum lacks: it is small if there are enough steps. */
  readonly gap: number;
}

const mostSteps = 4096;

const steps: Constraint = {
  rule: `an integer from 1 to ${mostSteps}`,
  accepts: (value) => typeof value === 'number',
  holds: (value: number) => Number.isInteger(value) && value >= 1 && value <= mostSteps,
};

const constraints = { ...asyncConstraints, baseline: anything, steps: optional(steps), output: anything };

/** An output of a network: its number, and from its values to those that the model says, sign * unit * value + constant. */
export interface ExplainedOutput {
  readonly name: string;
  readonly index: number;
  /** 1, or -1 for the first of two classes, whose probability is 1 less that of the second one. */
  readonly sign: 1 | -1;
}

/** The attributions of a model. Those of several networks are the means, as their outputs are. */
export async function attributionsOf(
  rows: RowNetwork,
  record: RecordLike,
  outputs: readonly ExplainedOutput[],
  chosen: (outputs: ArrayLike<number>) => string,
  options: AttributionOptions,
): Promise<Attributions> {
  const { members } = rows;
  if (members.length === 1) return attributionsOfOne(rows, record, outputs, chosen, options);
  const output = options.output ?? chosen(rows.outputOf(record));
  const all: Attributions[] = [];
  for (const member of members) {
    all.push(await attributionsOfOne(member, record, outputs, chosen, { ...options, output }));
  }
  const mean = (of: (one: Attributions) => number) => all.reduce((sum, one) => sum + of(one), 0) / all.length;
  // A column that is constant in the rows of a fold is no input of its network.
  const names = [...new Set(all.flatMap(({ columns }) => Object.keys(columns)))];
  return {
    output,
    prediction: mean(({ prediction }) => prediction),
    baseline: mean(({ baseline }) => baseline),
    columns: recordMaker<number>(names)((i) => mean(({ columns }) => columns[names[i] as string] ?? 0)),
    gap: mean(({ gap }) => gap),
  };
}

/**
 * Integrates the gradients of an output along the straight way from the baseline's inputs to the record's (Sundararajan et al.
 * 2017), by the midpoint rule, and sums them up by column. Codes of embedded columns have no way between them: these columns
 * change one after another at the end of the way, in the order of the table.
 */
async function attributionsOfOne(
  { network, inputs }: RowNetwork,
  record: RecordLike,
  outputs: readonly ExplainedOutput[],
  chosen: (outputs: ArrayLike<number>) => string,
  options: AttributionOptions,
): Promise<Attributions> {
  checkOptions('', options, constraints);
  const { baseline, steps: count = 256, output, ...how } = options;
  const missing = Object.fromEntries(inputs.columns.map(({ name }) => [name, null]));
  const { numbers, codes } = workHere(
    inputs.encodeRecords([(baseline ?? missing) as RecordLike, record], network.dtype),
  );
  const { width } = inputs;
  const embedded = codes.length / 2;
  const [from, to] = [numbers.data.subarray(0, width), numbers.data.subarray(width)];

  // The ends of each part of the way: the baseline, the record's numbers, and then one code after another.
  const stops = embedded + 2;
  const ends = allocate(stops * width, network.dtype);
  const endCodes = new Int32Array(stops * embedded);
  for (let stop = 0; stop < stops; stop++) {
    ends.set(stop === 0 ? from : to, stop * width);
    for (let i = 0; i < embedded; i++) {
      endCodes[stop * embedded + i] = codes[i + (i < stop - 1 ? embedded : 0)] as number;
    }
  }
  const atEnds = await network.predict(
    inputsOf({ numbers: new Matrix(ends, stops, width), codes: endCodes }, inputs),
    how,
  );
  const names = outputs.map(({ name }) => name);
  const name = output ?? chosen(atEnds.row(stops - 1));
  const explained = outputs.find((each) => each.name === name);
  if (explained === undefined)
    throw argumentError('ERR_BLASNET_UNKNOWN_NAME', 'output', oneOf(names).rule, name);
  const { index, sign } = explained;
  const said = (stop: number) => {
    const value = atEnds.get(stop, index);
    return sign === 1 ? value : 1 - value;
  };

  const byInput = new Float64Array(width);
  if (width > 0) {
    const points = allocate(count * width, network.dtype);
    const pointCodes = new Int32Array(count * embedded);
    for (let step = 0; step < count; step++) {
      const share = (step + 0.5) / count;
      for (let i = 0; i < width; i++) {
        points[step * width + i] = (from[i] as number) + share * ((to[i] as number) - (from[i] as number));
      }
      pointCodes.set(codes.subarray(0, embedded), step * embedded);
    }
    const X = inputsOf({ numbers: new Matrix(points, count, width), codes: pointCodes }, inputs);
    const gradients = await network.inputGradients(X, { ...how, output: index });
    const { targetScaler } = network;
    const unitOf = (value: number) =>
      targetScaler?.inverse(Matrix.from([new Array(atEnds.cols).fill(value)])).get(0, index) ?? value;
    const unit = sign * (unitOf(1) - unitOf(0));
    for (let i = 0; i < byInput.length; i++) {
      let sum = 0;
      for (let step = 0; step < count; step++) sum += gradients.get(step, i);
      byInput[i] = (unit * sum * ((to[i] as number) - (from[i] as number))) / count;
    }
  }

  const moves = new Float64Array(inputs.columns.length);
  const add = (column: number, moved: number) => {
    moves[column] = (moves[column] as number) + moved;
  };
  let place = 0;
  for (const part of inputs.parts) {
    for (const end = place + widthOf(part); place < end; place++) add(part.column, byInput[place] as number);
  }
  let code = 0;
  for (const [i, column] of inputs.columns.entries()) {
    if (codesOf(column) === undefined) continue;
    code++;
    add(i, said(code + 1) - said(code));
  }
  const [prediction, before] = [said(stops - 1), said(0)];
  const sum = moves.reduce((all, each) => all + each, 0);
  const columns = recordMaker<number>(inputs.columns.map((column) => column.name))((i) => moves[i] as number);
  return { output: name as string, prediction, baseline: before, columns, gap: prediction - before - sum };
}
