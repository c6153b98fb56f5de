// docs/servers.md: its calls exist, and its formulas for memory give the bytes that there are.

import { describe, expect, test } from 'vitest';
import { adam, Network, sgd } from '../../lib';
import { allocateShared } from '../../lib/base/matrix';
import { parameterShapes, statisticShapes } from '../../lib/layers/parameters';
import { nativeOptimizer } from '../../lib/optimizers/make';
import { Batcher, ModelSlot } from '../../lib/serving';
import { Classifier } from '../../lib/tabular';
import { codeIn, evaluate, optionsOf, read, tableOf } from './markdown';

const page = 'docs/servers.md';
const text = read(page).replace(/\s+/g, ' ');

test('the calls of the first table exist', () => {
  const net = new Network([{ inputDim: 1, outputDim: 1, activation: 'linear' }], { seed: 1 });
  const owners: Record<string, object> = {
    net,
    Network,
    predictor: net.predictor(),
    model: Classifier.prototype,
    slot: new ModelSlot(net),
    batcher: new Batcher(net),
  };
  const calls = tableOf(page, 'You have').flatMap(({ Call = '' }) => codeIn(Call));
  expect(calls.length).toBeGreaterThan(8);
  const missing = calls.filter((call) => {
    const [, owner = '', name = ''] = /^(?:await )?(\w+)\.(\w+)\(/.exec(call) ?? [];
    return !(name in (owners[owner] ?? {}));
  });
  expect(missing).toEqual([]);
});

test('a batcher asks models of as many parameters at once as the page says', () => {
  const limit = optionsOf('docs/serving.md', 'Option of a Batcher').get('atOnce') as number;
  expect(text).toContain(`models of at most ${limit.toLocaleString('en')} parameters`);
});

test('a slot that keeps no model cannot go back', async () => {
  expect(text).toContain('new ModelSlot(model, { keep: 0 })');
  const net = new Network([{ inputDim: 1, outputDim: 1, activation: 'linear' }], { seed: 1 });
  const slot = new ModelSlot(net, { keep: 0 });
  await slot.swap(net.clone());
  expect(slot.history).toHaveLength(1);
});

describe('the formulas for memory', () => {
  const formulas = new Map(
    tableOf(page, 'What').map(({ What = '', Bytes = '' }) => [What, codeIn(Bytes)[0] ?? '']),
  );
  test.each([
    { dtype: 'float32', normalization: 'batch' },
    { dtype: 'float64', normalization: 'batch' },
    { dtype: 'float64', normalization: undefined },
  ] as const)('give the bytes of a network in $dtype, with normalisation $normalization', (given) => {
    const { dtype, normalization } = given;
    const net = new Network(
      [
        { inputDim: 7, outputDim: 11, activation: 'relu', ...(normalization && { normalization }) },
        { outputDim: 3, activation: 'linear' },
      ],
      { seed: 1, dtype },
    );
    const handle = net.share();
    const predictor = net.predictor({ maxBatch: 5 });
    const elements = (shapes: readonly { rows: number; cols: number }[]) =>
      shapes.reduce((sum, { rows, cols }) => sum + rows * cols, 0);
    const [p, s] = [elements(parameterShapes(net.architecture)), elements(statisticShapes(net.architecture))];
    const b = allocateShared(1, dtype).byteLength;
    const state = (optimizer: Parameters<typeof nativeOptimizer>[0]) =>
      b * nativeOptimizer(optimizer).stateSize(p);
    const right: Record<string, number> = {
      'a network': handle.bytes,
      'a handle of `share`': handle.memory.byteLength,
      'a network of `attach`': 0,
      'a predictor': predictor.input.data.byteLength + predictor.output.data.byteLength,
      'the state of `adam`': state(adam()),
      'the state of `sgd`': state(sgd()),
    };
    expect([...formulas.keys()]).toEqual(Object.keys(right));
    const values = { b, p, s, rows: 5, inputs: 7, outputs: 3 };
    for (const [what, formula] of formulas) expect(evaluate(formula, values), what).toBe(right[what]);
    expect(state(sgd({ momentum: 0.9 }))).toBe(b * p);
  });

  test('an attached network reads the memory of its handle, and has none of its own', () => {
    const net = new Network([{ inputDim: 7, outputDim: 3, activation: 'linear' }], { seed: 1 });
    const handle = net.share();
    expect(Network.attach(handle).share().memory).toBe(handle.memory);
  });
});
