import { Matrix, type Split, sgd } from 'blasnet';
import { packFields } from './fields';
import { learningRate, type Model } from './models';
import type { Epoch } from './progress';
import type { Frame, Grid, ModelResult, View } from './results';

/** The article's value. */
export const view: View = { x: [-1.5, 2.5], y: [-1, 2] };

// Cells of 0.05, with one more on every side than the view shows, so that contours, which are closed lines, close
// outside the view.
export const grid: Grid = { x1: -1.55, x2: 2.55, y1: -1.05, y2: 2.05, width: 82, height: 62 };

const gridPoints = cellCentres(grid);

export interface TrainOptions {
  readonly signal: AbortSignal;
  readonly onEpoch: (report: Epoch) => void;
}

/** Trains one model and returns the data that the page draws. */
export async function trainModel(
  model: Model,
  data: Split,
  { signal, onEpoch }: TrainOptions,
): Promise<ModelResult> {
  const { network, epochs, batchSize, frameEvery } = model;
  const frames: Frame[] = [];
  const fields: Float64Array[] = [];
  const keepFrame = (epoch: number): void => {
    const train = network.evaluateSync(data.train.X, data.train.Y);
    const wrong = misclassified(network.predictSync(data.test.X), data.test.Y);
    frames.push({ epoch, cost: train.loss, trainAccuracy: accuracyOf(train), wrong });
    fields.push(Float64Array.from(network.predictSync(gridPoints).data, logit));
  };

  keepFrame(0);
  let cost = Number.NaN;
  let milliseconds = 0;
  let resumed = performance.now();
  const options = { epochs, batchSize, optimizer: sgd({ learningRate }), signal };
  for await (const report of network.epochs(data.train.X, data.train.Y, options)) {
    milliseconds += performance.now() - resumed;
    cost = report.loss;
    onEpoch({ epoch: report.epoch, loss: report.loss, accuracy: accuracyOf(report) });
    if (report.epoch % frameEvery === 0 || report.epoch === epochs) keepFrame(report.epoch);
    resumed = performance.now();
  }

  const [train, test] = await Promise.all([
    network.evaluate(data.train.X, data.train.Y),
    network.evaluate(data.test.X, data.test.Y),
  ]);
  return {
    name: model.name,
    description: model.description,
    summary: {
      epochs,
      cost,
      trainAccuracy: accuracyOf(train),
      testAccuracy: accuracyOf(test),
      seconds: milliseconds / 1000,
    },
    frames,
    fields: await packFields(fields),
  };
}

// Binary cross-entropy, the loss of this network, always reports the accuracy.
function accuracyOf(report: { readonly accuracy?: number }): number {
  return report.accuracy as number;
}

function misclassified(probabilities: Matrix, labels: Matrix): number[] {
  const wrong: number[] = [];
  for (let i = 0; i < labels.rows; i++) {
    if (probabilities.get(i, 0) > 0.5 !== labels.get(i, 0) > 0.5) wrong.push(i);
  }
  return wrong;
}

function logit(probability: number): number {
  return Math.log(probability / (1 - probability));
}

function cellCentres({ x1, x2, y1, y2, width, height }: Grid): Matrix {
  const centres = new Float64Array(width * height * 2);
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++) {
      const at = (row * width + column) * 2;
      centres[at] = x1 + ((x2 - x1) * (column + 0.5)) / width;
      centres[at + 1] = y1 + ((y2 - y1) * (row + 0.5)) / height;
    }
  }
  return new Matrix(centres, width * height, 2);
}
