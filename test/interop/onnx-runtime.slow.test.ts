// Networks and models that are exported as ONNX say in onnxruntime-node what they say here.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type LayerOptions, Network } from '../../lib/index';
import { contentOf } from '../../lib/network/savable';
import { Classifier } from '../../lib/tabular/classifier';
import { Regressor } from '../../lib/tabular/regressor';
import { installRuntime, type Runtime } from './onnx-runtime';
import { type Person, people } from './people';
import { type Case, forCases, inputsOf } from './random-networks';

let runtime: Runtime;
let remove = () => {};
beforeAll(() => {
  ({ runtime, remove } = installRuntime());
});
afterAll(() => remove());

describe('random networks', () => {
  // Runtimes have no gelu in float64.
  const isRefused = ({ network }: Case) =>
    network.dtype === 'float64' && network.architecture.some(({ activation }) => activation === 'gelu');

  async function compare(given: Case, opset: number): Promise<void> {
    if (isRefused(given)) return;
    const { network, numbers, categories } = given;
    const rows = numbers.length;
    const Float = network.dtype === 'float32' ? Float32Array : Float64Array;
    const feeds = {
      X: new runtime.Tensor(network.dtype, Float.from(numbers.flat()), [rows, numbers[0]?.length ?? 0]),
      ...(categories !== undefined && {
        categories: new runtime.Tensor('int64', BigInt64Array.from(categories.flat(), BigInt), [rows, 2]),
      }),
    };
    const session = await runtime.InferenceSession.create(
      await network.exportBytes({ format: 'onnx', opset }),
      { logSeverityLevel: 3 },
    );
    const { Y, label } = await session.run(feeds);
    await session.release();
    const X = inputsOf(given);
    const own = network.predictSync(X);
    const exact = inDoubles(network).predictSync(X);
    const margin = network.dtype === 'float32' ? 1e-6 : 1e-12;
    for (const [i, value] of own.data.entries()) {
      const is = Y?.data[i] as number;
      // Deep networks magnify the rounding errors of float32, here as there.
      const rounding = network.dtype === 'float32' ? 4 * Math.abs(value - (exact.data[i] as number)) : 0;
      expect(Math.abs(is - value)).toBeLessThanOrEqual(margin * Math.max(1, Math.abs(value)) + rounding);
    }
    if (network.labels !== undefined) expect(Array.from(label?.data ?? [])).toEqual(network.classifySync(X));
  }

  test('500 networks give equal outputs, in float32 to 1e-6 and in float64 to 1e-12', async () => {
    await forCases(500, {}, (given) => compare(given, 18));
  });

  test.each([13, 17, 20, 24, 26])(
    'networks with the operators of version %i give equal outputs',
    async (opset) => {
      await forCases(20, {}, (given) => compare(given, opset));
    },
  );
});

function inDoubles(network: Network): Network {
  const { architecture, preprocessing, targetScaler, arrays } = contentOf(network);
  const copy = new Network(architecture as readonly LayerOptions[], {
    ...(preprocessing && { preprocessing }),
    ...(targetScaler && { targetScaler }),
  });
  for (const [name, { data }] of Object.entries(contentOf(copy).arrays)) {
    data.set(arrays[name]?.data ?? []);
  }
  return copy;
}

describe('models', () => {
  const rows = people(600, 1);
  const fresh = people(1000, 2);

  /** The columns of records as the inputs of a session: texts, with '' for a gap, or numbers, with NaN. */
  function feedsOf(records: readonly Person[], names: readonly string[]) {
    return Object.fromEntries(
      names.map((name) => {
        const values = records.map((record) => record[name as keyof Person]);
        const isText = values.some((value) => typeof value === 'string');
        const data = isText
          ? values.map((value) => value ?? '')
          : Float64Array.from(values, (value) => (value === null ? Number.NaN : Number(value)));
        return [name, new runtime.Tensor(isText ? 'string' : 'float64', data, [records.length, 1])];
      }),
    );
  }

  async function answersOf(model: Classifier | Regressor, records: readonly Person[], opset = 18) {
    const session = await runtime.InferenceSession.create(await model.exportBytes({ format: 'onnx', opset }));
    return { answers: await session.run(feedsOf(records, session.inputNames)), session };
  }

  test.each([
    { what: 'three classes', target: 'rating', options: {} },
    { what: 'two classes', target: 'member', options: {} },
    { what: 'truth values', target: 'flag', options: {} },
    {
      what: 'three classes with bins, cycles and an order',
      target: 'rating',
      options: {
        dtype: 'float64',
        inputs: {
          numbers: 'piecewise',
          categories: 'oneHot',
          columns: {
            city: { encode: 'embedding', most: 6, missing: 'category' },
            job: { encode: 'ordinal', order: ['cook', 'nurse', 'pilot', 'smith', 'ünicode'] },
          },
        },
      },
    },
    {
      what: 'three classes with embedded numbers',
      target: 'rating',
      options: { numericEmbeddings: 'pbld', inputs: { categories: 'embedding' } },
    },
  ] as const)('a Classifier of $what gives the labels and probabilities of 1,000 records', async (row) => {
    const { target, options } = row;
    const known = rows.filter((record) => record[target] !== null);
    const model = await Classifier.train(known, { target, epochs: 5, seed: 1, ...options } as never);
    // Unknown texts are zeros here as there.
    const records = fresh.map((record, i) => (i % 50 === 0 ? { ...record, job: 'unseen' } : record));
    const { answers, session } = await answersOf(model, records);
    const labels = Array.from(answers.label?.data ?? []);
    const own = model.predictSync(records);
    expect(typeof own[0] === 'boolean' ? labels.map((label) => label === 1) : labels).toEqual(own);
    const table = model.probabilitiesSync(records);
    const got = answers.probabilities as NonNullable<typeof answers.probabilities>;
    for (const [c, name] of table.names.entries()) {
      for (const [i, value] of table.column(name).values.entries()) {
        expect(Math.abs((got.data[i * table.names.length + c] as number) - value)).toBeLessThan(1e-6);
      }
    }
    expect(session.outputNames).toEqual(['label', 'probabilities']);
  });

  test('a huge number is as far from the others as it can be, like here', async () => {
    const options = { target: 'amount', epochs: 1, seed: 1, dtype: 'float64' } as const;
    const model = await Regressor.train(rows, options);
    const [first] = fresh as [Person];
    const records = [-1e300, -1e160, 1e160, 1e300].map((age) => ({ ...first, age }));
    const { answers } = await answersOf(model, records);
    for (const [i, value] of model.predictSync(records).entries()) {
      expect(Math.abs((answers.prediction?.data[i] as number) - value)).toBeLessThan(1e-9);
    }
  });

  test('a Classifier that refuses unknown texts refuses them there, too', async () => {
    const options = { target: 'rating', epochs: 1, seed: 1, inputs: { unseen: 'error' } } as const;
    const model = await Classifier.train(rows, options);
    expect((await answersOf(model, fresh)).answers.label?.dims).toEqual([1000]);
    const [first] = fresh as [Person];
    await expect(answersOf(model, [{ ...first, job: 'unseen' }])).rejects.toThrow('job/unknown_category');
  });

  test('several labels have an output each', async () => {
    const target = ['flag', 'member'] as const;
    const known = rows.filter(({ flag, member }) => flag !== null && member !== null);
    const model = await Classifier.train(known, { target, epochs: 2, seed: 1 });
    const { answers } = await answersOf(model as never, fresh);
    const own = model.predictSync(fresh);
    expect(Array.from(answers.flag?.data ?? [], Boolean)).toEqual(own.column('flag').toArray());
    expect(Array.from(answers.member?.data ?? [])).toEqual(own.column('member').toArray());
    expect(answers.probabilities?.dims).toEqual([1000, 2]);
  });

  test('a Regressor gives its predictions, quantiles and intervals in the units of the target', async () => {
    const model = await Regressor.train(rows, {
      ...{ target: 'amount', epochs: 5, seed: 1, dtype: 'float64' },
      quantiles: [0.1, 0.9],
    });
    await model.conformal(people(200, 3), { coverage: 0.8 });
    const { answers } = await answersOf(model, fresh);
    const close = (got: ArrayLike<unknown> | undefined, own: ArrayLike<number>) => {
      expect(got?.length).toBe(own.length);
      const far = Array.from(own, (value, i) => Math.abs((got?.[i] as number) - value) > 1e-9);
      expect(far.indexOf(true)).toBe(-1);
    };
    close(answers.prediction?.data, model.predictSync(fresh));
    const levels = await model.quantiles(fresh);
    const interval = await model.interval(fresh);
    close(
      answers.quantiles?.data,
      fresh.flatMap((_, i) => levels.names.map((name) => levels.column(name).at(i) as number)),
    );
    close(
      answers.interval?.data,
      fresh.flatMap((_, i) => interval.names.map((name) => interval.column(name).at(i) as number)),
    );
  });

  test('a Regressor that clamps its predictions does so there, too', async () => {
    const options = {
      target: 'amount',
      hidden: [128, 64],
      epochs: 1,
      seed: 1,
      dtype: 'float64',
      clamp: true,
    } as const;
    const model = await Regressor.train(rows.slice(0, 40), options);
    const { answers } = await answersOf(model, fresh);
    const own = model.predictSync(fresh);
    expect(new Set(own).size).toBeLessThan(fresh.length);
    const far = own.findIndex(
      (value, i) => !(Math.abs((answers.prediction?.data[i] as number) - value) < 1e-9),
    );
    expect(far).toBe(-1);
  });

  test('several numbers have an output each', async () => {
    const model = await Regressor.train(rows, {
      ...{ target: ['amount', 'score'], epochs: 2, seed: 1, dtype: 'float64' },
    });
    const { answers } = await answersOf(model as never, fresh);
    const own = model.predictSync(fresh);
    for (const name of ['amount', 'score']) {
      const values = own.column(name).values;
      expect(values.every((value, i) => Math.abs(value - (answers[name]?.data[i] as number)) < 1e-9)).toBe(
        true,
      );
    }
  });
});
