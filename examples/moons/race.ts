import { adam, lbfgs, type Optimizer, type Split, sgd } from 'blasnet';
import { learningRate, moonsNetwork, type Start } from './models';
import type { Goal, ModelResult, Race, Racer, Run } from './results';

/** The article's open question: how soon does a better optimiser reach gradient descent's final cost? */
const contenders: readonly { name: string; optimizer: Optimizer; batchSize: number | 'full' }[] = [
  { name: 'momentum 0.9', optimizer: sgd({ learningRate, momentum: 0.9 }), batchSize: 'full' },
  { name: 'Adam', optimizer: adam(), batchSize: 'full' },
  { name: 'L-BFGS', optimizer: lbfgs(), batchSize: 'full' },
  { name: 'Adam in batches of 32', optimizer: adam(), batchSize: 32 },
];
const gradientDescent = {
  name: 'gradient descent',
  optimizer: sgd({ learningRate }),
  batchSize: 'full',
} as const;

/** Epochs from one point of a curve to the next, as a share of the epochs before it. */
const pointEvery = 0.03;

export interface RaceOptions {
  readonly signal: AbortSignal;
  readonly onRacer: (racer: Racer) => void;
}

/**
 * Runs each optimiser, from the article's initial weights and from He's, until the network reaches the cost and the
 * training accuracy of gradient descent at its end.
 *
 * @param model the article's, trained by gradient descent
 */
export async function race(model: ModelResult, data: Split, options: RaceOptions): Promise<Race> {
  const { frames, summary } = model;
  const end = frames.at(-1) as ModelResult['frames'][number];
  const goal: Goal = { epochs: summary.epochs, cost: end.cost, trainAccuracy: end.trainAccuracy };
  const racers: Racer[] = [];
  const add = (racer: Racer): void => {
    racers.push(racer);
    options.onRacer(racer);
  };
  add({
    name: gradientDescent.name,
    article: {
      epochs: summary.epochs,
      seconds: summary.seconds,
      curve: frames.map(({ epoch, cost }) => [epoch, cost]),
    },
    he: await run(gradientDescent, 'he', goal, data, options.signal),
  });
  for (const contender of contenders) {
    add({
      name: contender.name,
      article: await run(contender, 'article', goal, data, options.signal),
      he: await run(contender, 'he', goal, data, options.signal),
    });
  }
  return { goal, racers };
}

async function run(
  { optimizer, batchSize }: (typeof contenders)[number],
  start: Start,
  goal: Goal,
  { train }: Split,
  signal: AbortSignal,
): Promise<Run> {
  const network = moonsNetwork(start);
  const curve: [epoch: number, cost: number][] = [[0, network.evaluateSync(train.X, train.Y).loss]];
  const options = { epochs: goal.epochs, batchSize, optimizer, signal };
  let milliseconds = 0;
  let next = 1;
  let resumed = performance.now();
  for await (const { epoch } of network.epochs(train.X, train.Y, options)) {
    milliseconds += performance.now() - resumed;
    const { loss, accuracy } = network.evaluateSync(train.X, train.Y);
    const there = loss <= goal.cost && (accuracy as number) >= goal.trainAccuracy;
    if (there || epoch >= next) {
      curve.push([epoch, loss]);
      next = epoch * (1 + pointEvery);
    }
    if (there) return { epochs: epoch, seconds: milliseconds / 1000, curve };
    resumed = performance.now();
  }
  return { epochs: null, seconds: milliseconds / 1000, curve };
}
