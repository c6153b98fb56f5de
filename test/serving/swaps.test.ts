// A slot swaps models under load, and no call is dropped, fails or is answered by a mixture.

import { describe, expect, test } from 'vitest';
import { Network } from '../../lib';
import { Batcher, ModelSlot, type ServedModel } from '../../lib/serving';
import { type Kind, kinds } from './models';

const network: Kind = {
  name: 'a network',
  make: async (seed) =>
    new Network(
      [
        { inputDim: 6, outputDim: 120, activation: 'relu' },
        { outputDim: 120, activation: 'relu' },
        { outputDim: 3, activation: 'linear' },
      ],
      { seed, dtype: 'float32' },
    ),
  row: (i) => Array.from({ length: 6 }, (_, j) => Math.sin(i + j)),
  expected: (model, rows) =>
    rows.map((_, i) =>
      (model as Network)
        .predictSync(rows as number[][])
        .row(i)
        .slice(),
    ),
};

const classifier = kinds.find(({ name }) => name === 'a Classifier of two classes') as Kind;
// Classes agree more often than probabilities do.
const probable: Kind = { ...classifier, expected: classifier.probabilities as Kind['expected'] };

describe.each([
  ['in batches', 0],
  ['at once', 1e9],
])('%s', (_, atOnce) => {
  test.each([network, probable])('$name is swapped ten times while 50 callers ask', async (kind) => {
    const models: ServedModel[] = [];
    for (let seed = 1; seed <= 11; seed++) models.push(await kind.make(seed));
    const rows = Array.from({ length: 20 }, (_row, i) => kind.row(i));
    const expected = models.map((model) => kind.expected(model as never, rows));
    expect(new Set(expected.map((answers) => JSON.stringify(answers))).size).toBe(11);

    const slot = new ModelSlot(models[0] as ServedModel);
    const batcher = new Batcher(slot, { atOnce, maxBatch: 16, input: { missing: 'accept' } });
    const method = kind === probable ? 'probabilities' : 'predict';
    let swapping = true;
    const answeredBy = new Set<number>();
    const caller = async (first: number) => {
      for (let i = first; swapping; i++) {
        const { version } = slot;
        const row = i % rows.length;
        expect(await batcher[method](rows[row] as object)).toEqual(expected[version - 1]?.[row]);
        answeredBy.add(version);
        await new Promise(setImmediate);
      }
    };
    const callers = Array.from({ length: 50 }, (_caller, i) => caller(i));
    for (const next of models.slice(1)) {
      await slot.swap(next, { probe: rows.slice(0, 3) as never });
      // Some turns, so that this version answers, too.
      while (!answeredBy.has(slot.version)) await new Promise(setImmediate);
    }
    swapping = false;
    await Promise.all(callers);
    expect(answeredBy.size).toBe(11);
    expect(batcher.figures()).toMatchObject({ failed: 0, rejected: 0, aborted: 0, queued: 0, running: 0 });
    await batcher.close();
  });
});

describe('a swap', () => {
  const net = (seed: number, outputDim = 1, bias = 0) =>
    new Network([{ inputDim: 2, outputDim, activation: 'linear' }], {
      seed,
      ...(bias && { initializer: 'zeros' }),
    });

  test.each([
    [
      'the number of inputs',
      () => new Network([{ inputDim: 3, outputDim: 1, activation: 'linear' }]),
      '3 numbers',
    ],
    ['the number of outputs', () => net(1, 2), 'it lacks 1 outputs and adds 2 outputs among its outputs'],
    [
      'embeddings',
      () =>
        new Network([
          { inputDim: 2, outputDim: 1, activation: 'linear', embeddings: [{ categories: 3, outputDim: 1 }] },
        ]),
      'it adds 3 categories in embedding 0 among its inputs',
    ],
  ])('is refused if it changes %s', async (_name, make, text) => {
    const slot = new ModelSlot(net(1));
    const error = await slot.swap(make()).catch((each) => each);
    expect(error).toMatchObject({ code: 'ERR_BLASNET_SHAPE', name: 'RangeError' });
    expect(error.message).toContain(text);
    expect(slot.history.map(({ version }) => version)).toEqual([1]);
    expect(await slot.swap(make(), { allowChanges: true })).toBe(2);
  });

  test('is refused if the probe does not fit, or its answers are not finite', async () => {
    const slot = new ModelSlot(net(1));
    await expect(slot.swap(net(2), { probe: [[1]] })).rejects.toMatchObject({ code: 'ERR_BLASNET_SHAPE' });
    await expect(slot.swap(net(2), { probe: [] })).rejects.toMatchObject({ code: 'ERR_BLASNET_ARG_VALUE' });
    const broken = net(2);
    broken.parameters.b1?.data.fill(Number.NaN);
    await expect(slot.swap(broken, { probe: [[1, 2]] })).rejects.toMatchObject({
      code: 'ERR_BLASNET_NOT_FINITE',
      message: 'Expected the outputs of probe[0] to be finite numbers, got NaN',
    });
    expect(slot.version).toBe(1);
  });

  test('goes live in the order of its call, and a rollback goes back one model', async () => {
    const [first, second, third, fourth] = [net(1), net(2), net(3), net(4)];
    const slot = new ModelSlot(first, { keep: 2 });
    const big = Array.from({ length: 5000 }, () => [1, 2]);
    expect(
      await Promise.all([slot.swap(second, { probe: big }), slot.swap(third), slot.swap(fourth)]),
    ).toEqual([2, 3, 4]);
    expect(slot.history.map(({ version, model }) => [version, model.seed])).toEqual([
      [4, 4],
      [3, 3],
      [2, 2],
    ]);
    expect(slot.rollback()).toBe(5);
    expect(slot.model).toBe(third);
    expect(slot.rollback()).toBe(6);
    expect(slot.model).toBe(second);
    expect(() => slot.rollback()).toThrow(expect.objectContaining({ code: 'ERR_BLASNET_NO_MODEL' }));
    expect(slot.history[0]?.since).toBeInstanceOf(Date);
  });

  test('is refused if the slot is closed meanwhile', async () => {
    const slot = new ModelSlot(net(1));
    const swap = slot.swap(net(2));
    slot.close();
    await expect(swap).rejects.toMatchObject({ code: 'ERR_BLASNET_CLOSED' });
  });

  test.each([[null], [{}], ['model'], [class {}]])('takes no %s as a model', async (wrong) => {
    const error = expect.objectContaining({ code: 'ERR_BLASNET_ARG_TYPE' });
    expect(() => new ModelSlot(wrong as never)).toThrow(error);
    await expect(new ModelSlot(net(1)).swap(wrong as never)).rejects.toEqual(error);
  });
});
