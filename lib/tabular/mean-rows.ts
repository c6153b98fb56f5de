import { type AsyncOptions, inSlices, type Work, workAnywhere, workHere } from '../addon/work';
import { allocateShared, type FloatArray, Matrix } from '../base/matrix';
import type { RecordLike } from './learned-inputs';
import { RowNetwork, type Rows } from './row-network';

/** Means over several networks that take rows. */
export class MeanRows extends RowNetwork {
  readonly #members: readonly RowNetwork[];

  constructor(members: readonly RowNetwork[]) {
    const [{ network, inputs }] = members as [RowNetwork];
    super(network, inputs);
    this.#members = members;
  }

  override get members(): readonly RowNetwork[] {
    return this.#members;
  }

  override async outputs(rows: Rows, options: AsyncOptions): Promise<Matrix> {
    const all: Matrix[] = [];
    for (const member of this.#members) all.push(await member.outputs(rows, options));
    return workAnywhere(meanOf(all), options);
  }

  override outputsHere(rows: Rows): Matrix {
    return workHere(meanOf(this.#members.map((member) => member.outputsHere(rows))));
  }

  override outputOf(record: RecordLike): FloatArray {
    const all = this.#members.map((member) => member.outputOf(record));
    const [first] = all as [FloatArray];
    return Float64Array.from(
      first,
      (_, i) => all.reduce((sum, outputs) => sum + (outputs[i] as number), 0) / all.length,
    );
  }
}

/** The means of several outputs. The sums are in the order of the models, as in outputOf: one record has the bits of a row. */
export function* meanOf(all: readonly Matrix[]): Work<Matrix> {
  const { rows, cols } = all[0] as Matrix;
  const data = allocateShared(rows * cols, 'float64');
  yield* inSlices(data.length, (from, to) => {
    for (let i = from; i < to; i++) {
      let sum = 0;
      for (const matrix of all) sum += matrix.data[i] as number;
      data[i] = sum / all.length;
    }
  });
  return new Matrix(data, rows, cols);
}
