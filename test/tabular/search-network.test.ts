// The search for options of networks.

import { describe, expect, test } from 'vitest';
import { adam, Matrix, Network, sgd, trainTestSplit } from '../../lib';
import { RandomState } from '../../lib/random/random-state';
import {
  choice,
  crossValidate,
  integer,
  logUniform,
  NetworkBag,
  type NetworkSearchOptions,
  search,
  type Trial,
  uniform,
} from '../../lib/tabular';

const random = new RandomState(1);
const X = Array.from({ length: 40 }, () => [random.randn(), random.randn()]);
const Y = X.map(([a = 0, b = 0]) => [a + b > 0 ? 1 : 0]);

const make = ({ units }: { units: number }, { seed }: { seed: number }) =>
  new Network(
    [
      { inputDim: 2, outputDim: units, activation: 'tanh' },
      { outputDim: 1, activation: 'sigmoid' },
    ],
    { seed },
  );
const space = { units: integer(2, 6), rate: logUniform(1e-3, 1e-1) };
const fitOf = ({ rate }: { rate: number }) => ({
  ...{ epochs: 4, batchSize: 8, optimizer: adam({ learningRate: rate }) },
});
const options = { space, fit: fitOf, trials: 4, folds: 2, seed: 5 } as const;

/** A trial without what depends on time. */
const facts = ({ seconds, ...others }: Trial) => others;
const least = (trials: readonly Trial[]) => Math.min(...trials.map(({ score }) => score));
const drawnOf = ({ drawn }: Trial) => drawn as { units: number; rate: number };

describe('search for networks', () => {
  test('scores each trial like crossValidate, and trains the best one with all rows', async () => {
    const { best, trials, model, bag, seed } = await search(make, X, Y, options);
    expect(trials.map(({ trial, state, epochs }) => [trial, state, epochs])).toEqual(
      [1, 2, 3, 4].map((trial) => [trial, 'finished', 4]),
    );
    for (const trial of trials) {
      const drawn = drawnOf(trial);
      expect(trial.options).toEqual(drawn);
      const each = ({ seed: own }: { seed: number }) => make(drawn, { seed: own });
      const validated = await crossValidate(each, X, Y, { fit: fitOf(drawn), folds: 2, seed: 5 });
      expect(trial.score).toBe(validated.scores.loss?.mean);
      expect(trial.std).toBe(validated.scores.loss?.std);
      expect(trial.scores.accuracy).toBe(validated.scores.accuracy?.mean);
    }
    expect(best).toEqual(trials[best.trial - 1]);
    expect(best.score).toBe(least(trials));
    const again = make(drawnOf(best), { seed: 5 });
    again.fitSync(X, Y, fitOf(drawnOf(best)));
    expect(model?.parameters).toEqual(again.parameters);
    expect([bag, seed]).toEqual([undefined, 5]);
  });

  test('gives the same for any number of networks at a time', async () => {
    for (const method of ['random', 'halving'] as const) {
      const run = async (parallel: number) => {
        const found = await search(make, X, Y, { ...options, method, reduction: 2, parallel });
        return { trials: found.trials.map(facts), parameters: found.model?.parameters };
      };
      const one = await run(1);
      expect(await run(2)).toEqual(one);
      expect(await run(20)).toEqual(one);
    }
  });

  test('compares trials on the way, and ends those that go on as if nothing had happened', async () => {
    const all = await search(make, X, Y, options);
    const halved = await search(make, X, Y, { ...options, method: 'halving', reduction: 2 });
    const { best, trials, table } = halved;
    expect(trials.map(({ state }) => state).sort()).toEqual(['finished', 'stopped', 'stopped', 'stopped']);
    expect(trials.map(({ epochs }) => epochs).sort()).toEqual([1, 1, 2, 4]);
    expect(facts(best)).toEqual(facts(all.trials[best.trial - 1] as Trial));
    expect(table.names).toEqual([
      ...['trial', 'state', 'score', 'std', 'trainedEpochs', 'seconds', 'error', 'units', 'rate'],
    ]);
    expect(String(halved)).toMatch(/^4 trials: 1 finished, 3 stopped\nbest: trial \d, score 0\.\d{4}/);
  });

  test('keeps the networks of the folds together, or none', async () => {
    const { best, bag, model } = await search(make, X, Y, { ...options, refit: 'bag' });
    const drawn = drawnOf(best);
    const each = ({ seed }: { seed: number }) => make(drawn, { seed });
    const validated = await crossValidate(each, X, Y, {
      ...{ fit: fitOf(drawn), folds: 2, seed: 5, keepModels: true },
    });
    expect(model).toBeUndefined();
    expect(bag?.models.map(({ parameters }) => parameters)).toEqual(
      validated.models.map(({ parameters }) => parameters),
    );
    const outputs = validated.models.map((network) => network.predictSync(X).data);
    const means = outputs[0]?.map((value, row) => (value + (outputs[1]?.[row] as number)) / 2);
    expect((await bag?.predict(X))?.data).toEqual(means);
    expect(bag?.predictSync(X).data).toEqual(means);
    const none = await search(make, X, Y, { ...options, refit: false });
    expect([none.model, none.bag]).toEqual([undefined, undefined]);
  });

  test('tests with one part instead of folds: a share of the rows, or other samples', async () => {
    const { folds: _, ...without } = options;
    const byShare = await search(make, X, Y, { ...without, trials: 2, validation: 0.25 });
    const { train, test: held } = trainTestSplit(Matrix.from(X), Matrix.from(Y), { testSize: 0.25, seed: 5 });
    const bySamples = await search(make, train.X, train.Y, { ...without, trials: 2, validation: held });
    expect(byShare.trials.map(facts)).toEqual(bySamples.trials.map(facts));
    const drawn = drawnOf(bySamples.trials[0] as Trial);
    const network = make(drawn, { seed: 5 });
    network.fitSync(train.X, train.Y, fitOf(drawn));
    expect(bySamples.trials[0]?.score).toBe(network.evaluateSync(held.X, held.Y).loss);
  });

  test('compares by metrics that it computes, or by a function', async () => {
    const byMetric = async (more: Partial<NetworkSearchOptions<typeof space>>) => {
      const { best, trials } = await search(make, X, Y, { ...options, refit: false, ...more });
      return { best: best.score, all: trials.map(({ score }) => score) };
    };
    const auc = await byMetric({ metric: 'rocAuc' });
    expect(auc.best).toBe(Math.max(...auc.all));
    const metrics = [{ name: 'misses', compute: () => random.random() }];
    const own = await byMetric({ metric: 'misses', metrics });
    expect(own.best).toBe(Math.min(...own.all));
    const reversed = await byMetric({ metric: ({ loss }) => -loss });
    expect(reversed.best).toBe(Math.min(...reversed.all));
    const largest = await byMetric({ metric: 'loss', maximise: true });
    expect(largest.best).toBeCloseTo(-reversed.best, 12);
  });

  test('takes names, groups, other forms of X, and a function that needs time', async () => {
    const later = async ({ units }: { units: number }, how: { seed: number }) =>
      Network.create(
        [
          { inputDim: 2, outputDim: units, activation: 'relu' },
          { outputDim: 2, activation: 'softmax' },
        ],
        how,
      );
    const codes = Y.map(([y]) => y as number);
    const { model } = await search(later, Matrix.from(X), codes, {
      space: { units: choice([2, 3]) },
      fit: { epochs: 1, loss: 'sparseCategoricalCrossEntropy' },
      ...{ trials: 2, folds: 2, group: X.map((_, i) => i % 4), metric: 'accuracy' },
    });
    expect(model?.architecture[1]?.activation).toBe('softmax');
  });

  test('counts trials that diverge, with their error, and rejects if all do', async () => {
    const diverging = {
      ...{ space: { units: integer(2, 6), rate: choice([1e-3, 1e30]) }, trials: 6, folds: 2, seed: 3 },
      fit: ({ rate }: { rate: number }) => ({
        ...{ epochs: 3, loss: 'meanSquaredError', optimizer: sgd({ learningRate: rate }) },
      }),
    } as const;
    const linear = ({ units }: { units: number }, { seed }: { seed: number }) =>
      new Network(
        [
          { inputDim: 2, outputDim: units, activation: 'linear' },
          { outputDim: 1, activation: 'linear' },
        ],
        {
          seed,
        },
      );
    const { trials, best, table } = await search(linear, X, Y, diverging);
    const failed = trials.filter(({ drawn }) => drawn.rate === 1e30);
    expect(failed.length).toBeGreaterThan(0);
    expect(failed.length).toBeLessThan(6);
    for (const { state, error, score } of failed) {
      expect([state, score]).toEqual(['failed', Number.NaN]);
      expect(error).toMatchObject({ code: 'ERR_BLASNET_DIVERGED' });
    }
    expect(table.column('error').missing).toBe(6 - failed.length);
    expect(best.drawn.rate).toBe(1e-3);
    const every = { ...diverging, space: { units: integer(2, 6), rate: 1e30 } };
    await expect(search(linear, X, Y, every)).rejects.toMatchObject({
      code: 'ERR_BLASNET_DIVERGED',
      message: expect.stringContaining('Expected at least one of the 6 trials to succeed; trial 1: '),
      result: { trials: expect.objectContaining({ length: 6 }) },
    });
  });

  test('has a column for each option that is drawn, whatever its name and its values are', async () => {
    const own: { self?: object } = {};
    own.self = own;
    const odd = choice([2n ** 80n, Symbol('odd'), own, () => 1]);
    const result = await search(make, X, Y, {
      ...options,
      ...{ space: { units: 2, rate: 1e-3, std: uniform(5, 6), odd }, trials: 20, folds: 2, refit: false },
      fit: { epochs: 1 },
    });
    const { table, trials } = result;
    expect([...table.column('std').values]).toEqual(trials.map(({ std }) => std));
    expect([...table.column('drawn.std').values]).toEqual(trials.map(({ drawn }) => drawn.std));
    expect([...new Set(table.column('odd').toArray())].sort()).toEqual([
      ...['1208925819614629174706176 (bigint)', 'Symbol(odd)', 'a function', 'an object (Object)'],
    ]);
    expect(String(result)).toMatch(/\nodd +\S/);
  });

  test('ends with the error of a function of the user, or of an abort, and the trials so far', async () => {
    const broken = () => {
      throw new TypeError('broken');
    };
    await expect(search(broken, X, Y, options)).rejects.toMatchObject({
      message: 'broken',
      result: { trials: expect.objectContaining({ length: 4 }) },
    });
    const one = make({ units: 2 }, { seed: 1 });
    await expect(search(() => one, X, Y, options)).rejects.toThrow(
      'Expected make to be a function that makes a new',
    );
    for (const call of [
      search((() => null) as never, X, Y, options),
      crossValidate((() => null) as never, X, Y, { fit: { epochs: 1 } }),
    ]) {
      await expect(call).rejects.toMatchObject({
        code: 'ERR_BLASNET_ARG_TYPE',
        message: expect.stringMatching(/Expected make to be a function that makes a Network, got null$/),
      });
    }
    const controller = new AbortController();
    await expect(
      search(make, X, Y, {
        ...options,
        parallel: 1,
        signal: controller.signal,
        onTrialEnd: () => controller.abort(),
      }),
    ).rejects.toMatchObject({ name: 'AbortError', result: { seed: 5 } });
  });

  test.each<[what: string, change: object, message: string]>([
    ['nothing to draw', { space: { units: 3 } }, 'Expected space to have something to draw'],
    ['an empty space', { space: {} }, 'Expected space to have something to draw'],
    ['no space', { space: undefined }, 'Expected space to be an object'],
    ['an unknown option', { trial: 3 }, 'Unknown option "trial"'],
    [
      'an unknown option of fit',
      { fit: { epoch: 3 } },
      'Unknown option "epoch" in fit; did you mean "epochs"?',
    ],
    ['no options of fit', { fit: () => 3 }, 'Expected fit to be an object'],
    [
      'a signal in fit',
      { fit: { epochs: 1, signal: new AbortController().signal } },
      'Expected fit.signal to be left out',
    ],
    [
      'checkpoints',
      { fit: { epochs: 1, checkpoint: { directory: 'x' } } },
      'Expected fit.checkpoint to be left out',
    ],
    ['a metric without a name', { metric: 'sharpness' }, 'Expected metric to be one of'],
    ['folds and a validation part', { validation: 0.2 }, 'Expected either folds or validation, got both'],
    ['too many folds', { folds: 41 }, 'Expected folds to be at most 40'],
    ['a wrong refit', { refit: 'folds' }, "Expected refit to be true, false or 'bag'"],
    [
      'other epochs while trials wait for each other',
      { method: 'halving', fit: ({ units }: { units: number }) => ({ epochs: units }) },
      "the same in all trials, with method: 'halving'",
    ],
    [
      'a time limit of trainings that wait for each other',
      { method: 'halving', fit: { epochs: 3, maxSeconds: 9 } },
      "Expected fit.maxSeconds to be left out with method: 'halving'",
    ],
    [
      'groups and a validation part',
      { folds: undefined, validation: 0.2, group: Y },
      'Expected group to be left out with validation',
    ],
    [
      'a validation part that cannot be read',
      { folds: undefined, validation: { X, Y: [[1]] } },
      'In validation: ',
    ],
  ])('refuses %s before the first training', async (_, change, message) => {
    let made = 0;
    const counted = (drawn: { units: number }, how: { seed: number }) => {
      made++;
      return make(drawn, how);
    };
    const changed = { ...options, ...change } as NetworkSearchOptions<typeof space>;
    await expect(search(counted, X, Y, changed)).rejects.toThrow(message);
    expect(made).toBe(0);
  });
});

describe('a NetworkBag', () => {
  test('is refused for other things, and for networks with different numbers of outputs', () => {
    const [one, two] = [1, 2].map(
      (outputDim) => new Network([{ inputDim: 2, outputDim, activation: 'linear' }]),
    );
    const refused = (models: unknown, code: string, message: string) =>
      expect(() => new NetworkBag(models as Network[])).toThrow(expect.objectContaining({ code, message }));
    refused(
      [],
      'ERR_BLASNET_ARG_TYPE',
      'Expected models to be an array of Networks, got an array of length 0',
    );
    refused(
      [one, {}],
      'ERR_BLASNET_ARG_TYPE',
      'Expected models to be an array of Networks, got an array of length 2',
    );
    refused([one, two], 'ERR_BLASNET_SHAPE', 'Expected models[1] to have outputDim 1, like models[0], got 2');
  });
});
