// The public types of networks.
// This file must compile, except the lines under @ts-expect-error: `npm run check:types`, which test/house.test.ts
// runs, fails if a line is wrong or if one of those lines compiles.

import { describe, expectTypeOf, test } from 'vitest';
import {
  type Activation,
  type ActivationName,
  type Architecture,
  type EpochReport,
  type Evaluation,
  type FitOptions,
  functional,
  type History,
  type Layer,
  type LayerOptions,
  Matrix,
  Network,
  type Parameters,
  sgd,
} from '../../lib/index';

/** Compiled and never run. */
function compiled(_: (net: Network, X: Matrix, Y: Matrix) => unknown): void {}

describe('the types that come out', () => {
  test('describe a network', () => {
    expectTypeOf<Network['architecture']>().toEqualTypeOf<Architecture>();
    expectTypeOf<Network['dtype']>().toEqualTypeOf<'float64' | 'float32'>();
    expectTypeOf<Network['seed']>().toEqualTypeOf<number>();
    expectTypeOf<Network['parameterCount']>().toEqualTypeOf<number>();
    expectTypeOf<ReturnType<Network['toJSON']>['parameterCount']>().toEqualTypeOf<number | null>();
    expectTypeOf<Network['summary']>().returns.toEqualTypeOf<string>();
    expectTypeOf<Network['parameters']>().toEqualTypeOf<Parameters>();
  });

  test('describe parameters as a matrix under every W and b, of which only those of layer 1 are always there', () => {
    compiled(({ parameters }) => {
      expectTypeOf(parameters.W1).toEqualTypeOf<Matrix>();
      expectTypeOf(parameters.b1).toEqualTypeOf<Matrix>();
      expectTypeOf(parameters.b12).toEqualTypeOf<Matrix | undefined>();
      expectTypeOf(parameters.W1.data).toEqualTypeOf<Float64Array | Float32Array>();
      expectTypeOf(parameters).toExtend<Record<string, Matrix>>();
      // @ts-expect-error: no such parameter
      parameters.X1;
      // @ts-expect-error: a number is missing
      parameters.W;
      // @ts-expect-error: the dictionary is read-only
      parameters.W1 = Matrix.zeros(1, 1);
    });
  });

  test('describe a training', () => {
    compiled(async (net, X, Y) => {
      expectTypeOf(await net.fit(X, Y, { epochs: 1 })).toEqualTypeOf<History>();
      expectTypeOf(net.fitSync(X, Y, { epochs: 1 })).toEqualTypeOf<History>();
    });
    expectTypeOf<History['loss']>().toEqualTypeOf<number[]>();
    expectTypeOf<History['accuracy']>().toEqualTypeOf<number[] | undefined>();
  });

  test('describe a loop over epochs', () => {
    compiled(async (net, X, Y) => {
      for await (const epoch of net.epochs(X, Y, { epochs: 5 })) {
        expectTypeOf(epoch).toEqualTypeOf<EpochReport>();
        expectTypeOf(epoch.epoch).toEqualTypeOf<number>();
        expectTypeOf(epoch.loss).toEqualTypeOf<number>();
        expectTypeOf(epoch.accuracy).toEqualTypeOf<number | undefined>();
        // @ts-expect-error: reports are read-only
        epoch.loss = 0;
      }
      // @ts-expect-error: a loop over epochs is asynchronous
      for (const _ of net.epochs(X, Y, { epochs: 5 }));
    });
  });

  test('describe predictions, evaluations and gradients', () => {
    expectTypeOf<Network['predict']>().returns.resolves.toEqualTypeOf<Matrix>();
    expectTypeOf<Network['predictSync']>().returns.toEqualTypeOf<Matrix>();
    expectTypeOf<Network['evaluate']>().returns.resolves.toEqualTypeOf<Evaluation>();
    expectTypeOf<Network['evaluateSync']>().returns.toEqualTypeOf<Evaluation>();
    expectTypeOf<Evaluation['accuracy']>().toEqualTypeOf<number | undefined>();
    compiled((net, X, Y) => {
      const { loss, dW1, db1 } = net.gradients(X, Y);
      expectTypeOf(loss).toEqualTypeOf<number>();
      expectTypeOf(dW1).toEqualTypeOf<Matrix>();
      expectTypeOf(db1).toEqualTypeOf<Matrix>();
      expectTypeOf(net.gradients(X, Y).dW2).toEqualTypeOf<Matrix | undefined>();
      // @ts-expect-error: gradients have a d before the name
      net.gradients(X, Y).W1;
    });
  });
});

describe('the types that go in', () => {
  test('allow what layers may be, and nothing else', () => {
    expectTypeOf<LayerOptions['inputDim']>().toEqualTypeOf<number | undefined>();
    compiled(() => {
      new Network([{ inputDim: 2, outputDim: 1, activation: 'sigmoid' }]);
      const frozen = [{ inputDim: 2, outputDim: 1, activation: 'softmax' }] as const;
      new Network(frozen);
      new Network(new Network(frozen).architecture);
      // @ts-expect-error: an activation is a name
      new Network([{ inputDim: 2, outputDim: 1, activation: Math.tanh }]);
      // @ts-expect-error: the article's own key
      new Network([{ input_dim: 2, outputDim: 1, activation: 'relu' }]);
      // @ts-expect-error: outputDim is needed
      new Network([{ inputDim: 2, activation: 'relu' }]);
      // @ts-expect-error: activation is needed
      new Network([{ inputDim: 2, outputDim: 1 }]);
      // @ts-expect-error: sizes are numbers
      new Network([{ inputDim: '2', outputDim: 1, activation: 'relu' }]);
      // @ts-expect-error: layers come in an array
      new Network({ inputDim: 2, outputDim: 1, activation: 'relu' });
      // @ts-expect-error: there is no network without layers
      new Network();
    });
  });

  test('allow layers and options that are kept in variables', () => {
    compiled((net, X, Y) => {
      const layers = [
        { inputDim: 2, outputDim: 3, activation: 'relu', normalization: 'batch' },
        { outputDim: 1, activation: 'sigmoid' },
      ];
      const settings = { dtype: 'float32', initializer: 'zeros' };
      new Network(layers, settings);
      Network.create(layers, settings);
      functional.initLayers(layers, 1);
      const options = {
        ...{
          epochs: 1,
          batchSize: 'full',
          loss: 'binaryCrossEntropy',
          metrics: ['f1'],
          classWeight: 'balanced',
        },
        earlyStopping: { patience: 1, monitor: 'loss', mode: 'min' },
        checkpoint: { directory: 'run', best: { monitor: 'loss', mode: 'min' } },
      };
      net.fit(X, Y, options);
      net.fitSync(X, Y, options);
      net.epochs(X, Y, options);
      Network.resume('run', X, Y, options);
      net.evaluateSync(X, Y, { metrics: options.metrics, loss: options.loss });
      const { activation } = new Network(layers).architecture[0] as Layer;
      expectTypeOf(activation).toEqualTypeOf<ActivationName | Activation>();
    });
  });

  test('allow the options of a network, and nothing else', () => {
    compiled(({ architecture }) => {
      new Network(architecture, {});
      new Network(architecture, { dtype: 'float32', seed: 2, initializer: 'article' });
      // @ts-expect-error: dtypes are names
      new Network(architecture, { dtype: Float32Array });
      // @ts-expect-error: an initializer is a name, or made by a function of initializers
      new Network(architecture, { initializer: 0 });
      // @ts-expect-error: an option in British spelling
      new Network(architecture, { initialiser: 'auto' });
      // @ts-expect-error: seeds are numbers
      new Network(architecture, { seed: '2' });
      // @ts-expect-error: leave an option out instead of undefined
      new Network(architecture, { seed: undefined });
    });
  });

  test('allow the options of a training, and nothing else', () => {
    expectTypeOf<FitOptions['batchSize']>().toExtend<number | string | undefined>();
    compiled((net, X, Y) => {
      const { signal } = new AbortController();
      net.fit(X, Y, { epochs: 1 });
      net.fit(X, Y, { epochs: 1, batchSize: 'full', shuffle: false, seed: 1, signal });
      net.fit(X, Y, { epochs: 1, optimizer: sgd({ learningRate: 0.1 }), loss: 'meanSquaredError' });
      // @ts-expect-error: epochs are needed
      net.fit(X, Y, {});
      // @ts-expect-error: options are needed
      net.fit(X, Y);
      // @ts-expect-error: labels are needed
      net.fit(X, { epochs: 1 });
      // @ts-expect-error: epochs are a number
      net.fit(X, Y, { epochs: '10' });
      // @ts-expect-error: an option in snake case
      net.fit(X, Y, { epochs: 1, batch_size: 32 });
      // @ts-expect-error: a number, or 'full'
      net.fit(X, Y, { epochs: 1, batchSize: true });
      // @ts-expect-error: the learning rate is the optimizer's
      net.fit(X, Y, { epochs: 1, learningRate: 0.1 });
      // @ts-expect-error: the optimizer is made, not named
      net.fit(X, Y, { epochs: 1, optimizer: 'sgd' });
      // @ts-expect-error: the optimizer is not the function that makes it
      net.fitSync(X, Y, { epochs: 1, optimizer: sgd });
      // @ts-expect-error: a loss is a name, or made by a function such as huber
      net.epochs(X, Y, { epochs: 1, loss: Math.abs });
      // @ts-expect-error: the controller is not its signal
      net.fit(X, Y, { epochs: 1, signal: new AbortController() });
      // @ts-expect-error: an option that does not exist
      sgd({ learning_rate: 0.1 });
    });
  });

  test('allow what samples may be, and nothing else', () => {
    compiled((net, X, Y) => {
      net.predict(X);
      net.predict(new Float64Array(2));
      net.predict(new Float32Array(new SharedArrayBuffer(8)));
      net.predict([[1, 2]]);
      net.evaluate([[1, 2]] as const, Y, { loss: 'binaryCrossEntropy' });
      net.predictSync(X, Matrix.zeros(1, 1));
      // @ts-expect-error: one sample is a row of a matrix, too
      net.predict([1, 2]);
      net.predict(new Int32Array(2));
      net.predict([Float32Array.of(1, 2), [1, 2], Buffer.from([1, 2])]);
      // @ts-expect-error: big integers are no numbers
      net.predict(new BigInt64Array(2));
      // @ts-expect-error: text is no sample
      net.predict([['1', '2']]);
      // @ts-expect-error: null is no sample
      net.predict(null);
      // @ts-expect-error: a promise has to be awaited
      net.predictSync(net.predict(X));
      // @ts-expect-error: results go into a matrix
      net.predictSync(X, new Float64Array(1));
      // @ts-expect-error: a call that blocks the thread takes no signal
      net.evaluateSync(X, Y, { signal: AbortSignal.abort() });
      // @ts-expect-error: predictions know no labels
      net.predict(X, Y);
    });
  });
});
