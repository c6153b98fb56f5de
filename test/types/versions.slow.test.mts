// The built declarations, as a user's TypeScript reads them: without skipLibCheck, from the oldest version on.

import { expect, test } from 'vitest';
import { compile, typedUser } from '../support/typed-user.mjs';

// A program that must compile, except the lines under @ts-expect-error. Each version must refuse those.
const program = `
import { adam, metric, Network, type Matrix } from 'blasnet';
import { initLayers } from 'blasnet/functional';
import { Batcher, type Histogram, ModelSlot } from 'blasnet/serving';

const layers = [
  { inputDim: 2, outputDim: 25, activation: 'relu', normalization: 'batch' },
  { outputDim: 1, activation: 'sigmoid' },
];
const settings = { dtype: 'float32', seed: 2, initializer: 'heNormal' };
export const net = new Network(layers, settings);
export const W1: Matrix = net.parameters.W1;
export const b1: Matrix = initLayers(layers, 1).b1;

export async function train(X: Matrix, Y: Matrix, kept: { epochs: number; validationSplit?: number }) {
  const options = { epochs: 5, batchSize: 'full', loss: 'binaryCrossEntropy', optimizer: adam() };
  const plain = await net.fit(X, Y, { ...options, metrics: ['f1', metric('f1', { name: 'own' })] });
  const split = net.fitSync(X, Y, { ...options, metrics: ['rocAuc'], validationSplit: 0.1 });
  const { r2 } = net.evaluateSync(X, Y, { metrics: ['r2'] });
  const numbers: number[][] = [plain.loss, plain.f1, plain.own, split.valLoss, split.valRocAuc, [r2]];
  for await (const { valLoss } of net.epochs(X, Y, { ...options, validationData: { X, Y } })) {
    numbers.push([valLoss]);
  }
  const batcher = new Batcher(new ModelSlot(net), { maxBatch: 8 });
  const answer: Float32Array | Float64Array = await batcher.predict([0.5, -1]);
  const { latencySeconds }: { latencySeconds: Histogram } = batcher.figures();
  numbers.push([...answer, latencySeconds.sum]);
  await batcher[Symbol.asyncDispose]();
  // @ts-expect-error: no validation set was asked for
  numbers.push(plain.valLoss);
  // @ts-expect-error: with a validation set the metric's name begins with val
  numbers.push(split.rocAuc);
  // @ts-expect-error: there may be no validation set
  numbers.push(net.fitSync(X, Y, kept).valLoss);
  // @ts-expect-error: an activation is a name
  new Network([{ inputDim: 2, outputDim: 1, activation: Math.tanh }]);
  // @ts-expect-error: an option that does not exist
  net.fitSync(X, Y, { epochs: 1, batch_size: 32 });
  return numbers;
}
`;

const strictest = ['--noUncheckedIndexedAccess', '--exactOptionalPropertyTypes'];

test.each(
  ['typescript-5.0', 'typescript-5.4', 'typescript'].flatMap((version) => [
    { version, rules: 'strict', options: ['--strict'] },
    { version, rules: 'the strictest', options: ['--strict', ...strictest] },
  ]),
)('$version types a program right under $rules rules', ({ version, options }) => {
  const folder = typedUser('user.mts', program);
  const { status, stdout } = compile(folder, version, 'user.mts', ['--noEmit', ...options]);
  expect(stdout).toBe('');
  expect(status).toBe(0);
});
