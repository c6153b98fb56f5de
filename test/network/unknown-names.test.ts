// The types of options that take a name allow every string: see lib/base/names.ts. So the call must refuse wrong names.

import { expect, test } from 'vitest';
import { Matrix, Network } from '../../lib/index';
import { newFolder } from '../support/scratch';

const layers = [
  { inputDim: 2, outputDim: 3, activation: 'relu' },
  { outputDim: 1, activation: 'sigmoid' },
];
const X = Matrix.from([
  [1, 2],
  [3, 4],
]);
const Y = Matrix.from([[0], [1]]);

function trainWith(options: object): unknown {
  return new Network(layers).fitSync(X, Y, { epochs: 1, ...options });
}

const unknown = 'ERR_BLASNET_UNKNOWN_NAME';

test.each([
  {
    option: 'activation',
    call: () => new Network([{ inputDim: 2, outputDim: 1, activation: 'sigmiod' }]),
    message: 'Expected layers[0].activation to be one of',
    guess: '; did you mean "sigmoid"?',
  },
  {
    option: 'normalization',
    call: () => new Network([{ ...layers[0], normalization: 'batches' } as never, layers[1] as never]),
    message: "Expected layers[0].normalization to be 'batch', 'layer', batchNorm() or layerNorm(), got",
    guess: '"batches" (string)',
  },
  {
    option: 'dtype',
    call: () => new Network(layers, { dtype: 'float31' }),
    message: "Expected dtype to be one of 'float64', 'float32', got",
    guess: '"float31" (string)',
  },
  {
    option: 'initializer',
    call: () => new Network(layers, { initializer: 'heNormall' }),
    message: 'Unknown initializer "heNormall"',
    guess: '; did you mean "heNormal"?',
  },
  {
    option: 'loss',
    call: () => trainWith({ loss: 'hubber' }),
    message: 'Expected loss to be one of',
    guess: '; did you mean "huber"?',
  },
  {
    option: 'metrics',
    call: () => trainWith({ metrics: ['roc_auc_'] }),
    message: 'Unknown metric "roc_auc_" in metrics[0]',
    guess: '; did you mean "rocAuc"?',
  },
  {
    option: 'classWeight',
    call: () => trainWith({ classWeight: 'balance' }),
    message: "Expected classWeight to be 'balanced', or a weight for each class, got",
    guess: '"balance" (string)',
  },
  {
    option: 'earlyStopping.mode',
    call: () => trainWith({ earlyStopping: { patience: 1, monitor: 'loss', mode: 'maxx' } }),
    message: "Expected earlyStopping.mode to be one of 'min', 'max', got",
    guess: '; did you mean "max"?',
  },
  {
    option: 'checkpoint.best.mode',
    call: () => trainWith({ checkpoint: { directory: newFolder(), best: { monitor: 'loss', mode: 'mim' } } }),
    message: "Expected checkpoint.best.mode to be one of 'min', 'max', got",
    guess: '; did you mean "min"?',
  },
])('$option refuses a name that does not exist', ({ call, message, guess }) => {
  expect(call).toThrow(RangeError);
  expect(call).toThrow(expect.objectContaining({ code: unknown }));
  expect(call).toThrow(message);
  expect(call).toThrow(guess);
});

test('batchSize takes no other name than full', () => {
  const call = () => trainWith({ batchSize: 'all' });
  expect(call).toThrow(TypeError);
  expect(call).toThrow(expect.objectContaining({ code: 'ERR_BLASNET_ARG_TYPE' }));
  expect(call).toThrow('Expected batchSize to be a positive integer or \'full\', got "all" (string)');
});

test('the series that the types promise are in the history, the reports and the evaluation', async () => {
  const metrics = ['f1', 'rocAuc', 'accuracy'] as const;
  const lengths = (series: Readonly<Record<string, unknown>>, names: readonly string[]) =>
    names.map((name) => (series[name] as number[] | undefined)?.length);
  const plain = new Network(layers).fitSync(X, Y, { epochs: 2, metrics });
  expect(lengths(plain, [...metrics])).toEqual([2, 2, 2]);
  const options = { epochs: 2, metrics, validationData: { X, Y } };
  const validated = await new Network(layers).fit(X, Y, options);
  expect(lengths(validated, ['valLoss', 'valF1', 'valRocAuc', 'valAccuracy'])).toEqual([2, 2, 2, 2]);
  for await (const { valLoss, valRocAuc } of new Network(layers).epochs(X, Y, options)) {
    expect([typeof valLoss, typeof valRocAuc]).toEqual(['number', 'number']);
  }
  const { f1, rocAuc, accuracy } = new Network(layers).evaluateSync(X, Y, { metrics });
  expect([typeof f1, typeof rocAuc, typeof accuracy]).toEqual(['number', 'number', 'number']);
});
