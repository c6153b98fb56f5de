// The way back of scalers, row by row, on the calling thread. For a few rows, a native call would take longer.

import type { Matrix } from '../base/matrix';
import type { FittedStep } from './step';

/** (x - offset) * scale + center, with a number for each column: the way back of one scaler. */
export interface ScaleBack {
  readonly offset: Float64Array;
  readonly scale: Float64Array;
  readonly center: Float64Array;
}

/** The ways back of these steps, the last step first; undefined unless all are scalers. */
export function scalesBackOf(steps: readonly FittedStep[]): readonly ScaleBack[] | undefined {
  const back: ScaleBack[] = [];
  for (const { native, inputColumns } of steps) {
    if (native === undefined || !('center' in native)) return undefined;
    // 0, 1 and -0 leave a column as it is.
    const offset = new Float64Array(inputColumns);
    const scale = new Float64Array(inputColumns).fill(1);
    const center = new Float64Array(inputColumns).fill(-0);
    for (const [i, column] of native.columns.entries()) {
      offset[column] = native.offset;
      scale[column] = native.scale[i] as number;
      center[column] = native.center[i] as number;
    }
    back.unshift({ offset, scale, center });
  }
  return back;
}

/** Takes the first rows of a matrix the way back, in place: in doubles, rounded once, to the bits of native code. */
export function scaleBack(steps: readonly ScaleBack[], { data, cols }: Matrix, rows: number): void {
  for (let row = 0, i = 0; row < rows; row++) {
    for (let c = 0; c < cols; c++, i++) {
      let value = data[i] as number;
      for (let s = 0; s < steps.length; s++) {
        const { offset, scale, center } = steps[s] as ScaleBack;
        value = (value - (offset[c] as number)) * (scale[c] as number) + (center[c] as number);
      }
      data[i] = value;
    }
  }
}
