// The search for options: what is drawn, trained, compared and kept.

import { describe, expect, test, vi } from 'vitest';
import { RandomState } from '../../lib/random/random-state';
import {
  Classifier,
  choice,
  crossValidate,
  integer,
  logUniform,
  Regressor,
  type SearchOptions,
  search,
  Table,
  type Trial,
  uniform,
} from '../../lib/tabular';
import { rungsOf } from '../../lib/tabular/trials';

const random = new RandomState(3);
const people = Table.from(
  Array.from({ length: 80 }, (_, i) => {
    const age = Math.floor(20 + 40 * random.random());
    return {
      ...{ age, city: ['Paris', 'Rome', 'Bonn'][i % 3] as string, customer: `c${i % 16}` },
      ...{ left: age + 20 * random.random() > 50 ? 'yes' : 'no', long: age > 40, price: age * 10 + (i % 3) },
    };
  }),
);
const people2 = people.without(['customer']);

const space = {
  ...{ hidden: choice([[2], [4, 3]]), epochs: 3, dtype: 'float64' },
  optimizer: choice([
    { name: 'adam', learningRate: logUniform(1e-3, 1e-1) },
    { name: 'sgd', learningRate: 0.01, momentum: uniform(0, 0.9) },
  ]),
} as const;
const options = { target: 'left', space, trials: 4, folds: 2, seed: 5 } as const;

/** A trial without what depends on time. */
const facts = ({ seconds, ...others }: Trial) => others;

describe('search', () => {
  test('scores each trial like crossValidate, and refits the best one with all rows', async () => {
    const { best, trials, options: found, model, seed } = await search(Classifier, people2, options);
    expect(trials.map(({ trial, state }) => [trial, state])).toEqual(
      [1, 2, 3, 4].map((trial) => [trial, 'finished']),
    );
    for (const { options: own, score, std, scores, epochs } of trials) {
      const validated = await crossValidate(Classifier, people2, {
        ...own,
        target: 'left',
        folds: 2,
        seed: 5,
      });
      expect(score).toBe(validated.scores.logLoss?.mean);
      expect(std).toBe(validated.scores.logLoss?.std);
      expect(scores.f1).toBe(validated.scores.f1?.mean);
      expect(epochs).toBe(3);
    }
    expect(best.score).toBe(Math.min(...trials.map(({ score }) => score)));
    expect(best).toEqual(trials[best.trial - 1]);
    expect(found).toEqual({ ...best.options, target: 'left', seed: 5 });
    const again = await Classifier.train(people2, found);
    expect(model?.toBytesSync()).toEqual(again.toBytesSync());
    expect(seed).toBe(5);
  });

  test('gives the same for any number of trials at a time', async () => {
    for (const method of ['random', 'halving'] as const) {
      const run = async (parallel: number) => {
        const result = await search(Classifier, people2, { ...options, method, reduction: 2, parallel });
        return { trials: result.trials.map(facts), bytes: result.model?.toBytesSync() };
      };
      const one = await run(1);
      expect(await run(2)).toEqual(one);
      expect(await run(20)).toEqual(one);
    }
  });

  test('has a table of the trials, and a text', async () => {
    const result = await search(Classifier, people2, options);
    const { table, trials } = result;
    expect(table.names).toEqual([
      ...['trial', 'state', 'score', 'std', 'trainedEpochs', 'seconds', 'error', 'hidden'],
      ...new Set(trials.flatMap(({ drawn }) => Object.keys(drawn).filter((path) => path !== 'hidden'))),
    ]);
    expect([...table.column('score').values]).toEqual(trials.map(({ score }) => score));
    expect(table.column('hidden').toArray()).toEqual(trials.map(({ drawn }) => JSON.stringify(drawn.hidden)));
    expect(table.column('error').missing).toBe(4);
    expect(String(result)).toMatch(
      /^4 trials: 4 finished\nbest: trial \d, score 0\.\d{4}, std 0\.\d{4}\n\noption +value\n/,
    );
  });

  test('tests with one part instead of folds', async () => {
    const { train, test: held } = people2.split({ testSize: 0.25, seed: 5, stratify: 'left' });
    const fixed = { ...options, folds: undefined, trials: 2 };
    const { folds: _, ...without } = fixed;
    const byShare = await search(Classifier, people2, { ...without, validation: 0.25 });
    const { trials } = await search(Classifier, train, { ...without, validation: held });
    const model = await Classifier.train(train, { ...(trials[0] as Trial).options, target: 'left', seed: 5 });
    expect(trials[0]?.score).toBe((await model.evaluate(held)).logLoss);
    expect(byShare.trials.map(({ score }) => score)).toEqual(trials.map(({ score }) => score));
    expect(trials[0]?.std).toBe(0);
  });

  test('maximises scores of which more is better, and minimises errors and functions', async () => {
    const scoresBy = async (more: Partial<SearchOptions>) => {
      const { best, trials } = await search(Classifier, people2, { ...options, ...more, refit: false });
      return { best: best.score, all: trials.map(({ score }) => score) };
    };
    const auc = await scoresBy({ metric: 'rocAuc' });
    expect(auc.best).toBe(Math.max(...auc.all));
    const least = await scoresBy({ metric: 'rocAuc', maximise: false });
    expect(least.best).toBe(Math.min(...auc.all));
    const own = await scoresBy({ metric: ({ rocAuc }) => 1 - rocAuc });
    expect(own.best).toBe(Math.min(...own.all));
    expect(own.best).toBeCloseTo(1 - auc.best, 12);
  });

  test('searches for a Regressor, for several labels and for several numbers', async () => {
    const price = await search(Regressor, people2, { ...options, target: 'price', trials: 2 });
    expect(price.best.score).toBe(price.best.scores.rootMeanSquaredError);
    expect(price.model?.predict(people2.record(0))).toBeTypeOf('number');
    const labels = await search(Classifier, people2, { ...options, target: ['left', 'long'], trials: 2 });
    expect(labels.best.score).toBe(labels.best.scores.logLoss);
    expect(Object.keys(labels.model?.predict(people2.record(0)) ?? {})).toEqual(['left', 'long']);
    const numbers = await search(Regressor, people2, {
      ...options,
      target: ['age', 'price'],
      trials: 2,
      metric: 'price.r2',
    });
    expect(numbers.best.score).toBe(numbers.best.scores['price.r2']);
  });

  test('keeps groups together, whose column is no input', async () => {
    const { model, best } = await search(Regressor, people, {
      ...options,
      target: 'price',
      group: 'customer',
      trials: 2,
    });
    expect(model?.schema.columns.map(({ name }) => name)).not.toContain('customer');
    expect(best.state).toBe('finished');
  });

  test('has no model without a refit', async () => {
    expect(
      (await search(Classifier, people2, { ...options, trials: 1, refit: false })).model,
    ).toBeUndefined();
  });
});

describe('successive halving', () => {
  test('has rungs at which one of three trials goes on', () => {
    expect(rungsOf(27, 81, 3)).toEqual([
      { epoch: 3, keep: 9 },
      { epoch: 9, keep: 3 },
      { epoch: 27, keep: 1 },
    ]);
    expect(rungsOf(20, 200, 3)).toEqual([
      { epoch: 22, keep: 6 },
      { epoch: 67, keep: 2 },
    ]);
    expect(rungsOf(16, 2, 2)).toEqual([{ epoch: 1, keep: 1 }]);
    expect(rungsOf(2, 100, 3)).toEqual([]);
  });

  test('goes on with the trials that are best after some epochs, and trains them like a training without a break', async () => {
    const given = { ...options, space: { ...space, epochs: 8 }, trials: 8, reduction: 2 } as const;
    const { trials, best } = await search(Classifier, people2, { ...given, method: 'halving' });
    expect(trials.map(({ epochs }) => epochs).sort()).toEqual([1, 1, 1, 1, 2, 2, 4, 8]);
    expect(trials.filter(({ state }) => state === 'finished')).toEqual([best]);
    const all = await search(Classifier, people2, { ...given, refit: false });
    const alike = all.trials[best.trial - 1] as Trial;
    expect(facts(alike)).toEqual(facts(best));
    // After the first epoch, in another search: those that went on were the best.
    const first = await search(Classifier, people2, {
      ...given,
      space: { ...space, epochs: 1 },
      refit: false,
    });
    const ranked = [...first.trials].sort((a, b) => a.score - b.score).map(({ trial }) => trial);
    const cut = trials.filter(({ epochs }) => epochs === 1).map(({ trial }) => trial);
    expect(cut.sort()).toEqual(ranked.slice(4).sort());
    for (const { trial, score } of trials.filter(({ epochs }) => epochs === 1)) {
      expect(score).toBe(first.trials[trial - 1]?.score);
    }
  });

  test("compares trials of the preset 'fast' within its 32 epochs", async () => {
    const { trials } = await search(Classifier, people2, {
      ...{ target: 'left', space: { preset: 'fast', dtype: choice(['float32', 'float64']) } },
      ...{ trials: 2, folds: 2, method: 'halving', reduction: 2, refit: false, seed: 5 },
    });
    expect(trials.map(({ epochs }) => epochs).sort((a, b) => a - b)).toEqual([16, 32]);
  });

  test("calls the user's callbacks, which may end a training", async () => {
    const epochs: number[] = [];
    const callbacks = ({ epoch }: { epoch: number }) => {
      epochs.push(epoch);
      return epoch < 2;
    };
    const given = { ...options, space: { ...space, epochs: 8, callbacks }, trials: 4, reduction: 2 } as const;
    const { trials } = await search(Classifier, people2, {
      ...given,
      method: 'halving',
      folds: 2,
      refit: false,
    });
    expect(Math.max(...epochs)).toBe(2);
    expect(Math.max(...trials.map((trial) => trial.epochs))).toBe(2);
  });
});

describe('a search in which trials fail', () => {
  const wild = { ...space, optimizer: { name: 'sgd', learningRate: choice([1e-3, 1e200]) } } as const;

  test.each(['random', 'halving'] as const)('goes on without them: %s', async (method) => {
    const { trials, best, table } = await search(Classifier, people2, {
      ...options,
      ...{ space: wild, trials: 6, method, reduction: 2, refit: false },
    });
    const failed = trials.filter(({ state }) => state === 'failed');
    expect(failed.map(({ drawn }) => drawn['optimizer.learningRate'])).toEqual(failed.map(() => 1e200));
    expect(failed.length).toBeGreaterThan(0);
    expect(failed.length).toBeLessThan(6);
    expect(failed[0]?.error).toMatchObject({ code: 'ERR_BLASNET_DIVERGED' });
    expect(table.column('error').at((failed[0]?.trial as number) - 1)).toBe(failed[0]?.error?.message);
    expect(best.drawn['optimizer.learningRate']).toBe(1e-3);
  });

  test('rejects with the first error if all fail, and has their table', async () => {
    const hopeless = { ...wild, optimizer: { name: 'sgd', learningRate: choice([1e200]) } } as const;
    await expect(search(Classifier, people2, { ...options, space: hopeless })).rejects.toMatchObject({
      code: 'ERR_BLASNET_DIVERGED',
      message: expect.stringMatching(/^Expected at least one of the 4 trials to succeed; trial 1: /),
      result: { table: { rows: 4 }, trials: [1, 2, 3, 4].map((trial) => ({ trial, state: 'failed' })) },
    });
  });

  test.each(['random', 'halving'] as const)(
    'counts a score that is no number as a failure: %s',
    async (method) => {
      const given = { ...options, metric: () => Number.NaN, trials: 2, method, reduction: 2 } as const;
      await expect(search(Classifier, people2, given)).rejects.toMatchObject({
        message:
          'Expected at least one of the 2 trials to succeed; trial 1: Expected the score to be a number, got NaN',
      });
    },
  );
});

describe('a search that ends early', () => {
  test.each(['random', 'halving'] as const)(
    'rejects with an AbortError that has the trials so far: %s',
    async (method) => {
      const controller = new AbortController();
      const ended: number[] = [];
      const onTrialEnd = ({ trial }: Trial) => {
        ended.push(trial);
        if (ended.length === 2) controller.abort('enough');
      };
      const given = {
        ...options,
        method,
        reduction: 2,
        parallel: 1,
        onTrialEnd,
        signal: controller.signal,
      } as const;
      const error = await search(Classifier, people2, given).then(
        () => undefined,
        (reason: Error & { result: { trials: Trial[] } }) => reason,
      );
      expect(error).toMatchObject({ name: 'AbortError', code: 'ABORT_ERR' });
      const trials = error?.result.trials ?? [];
      expect(trials.length).toBe(4);
      const done = trials.filter(({ state }) => state !== 'unfinished').map(({ trial }) => trial);
      expect(done).toEqual([...ended].sort());
      for (const trial of done) expect(trials[trial - 1]?.score).toBeGreaterThan(0);
    },
  );

  test('begins no trial after maxSeconds, but the first one', async () => {
    const { trials, best, model } = await search(Classifier, people2, {
      ...options,
      parallel: 1,
      maxSeconds: 1e-9,
    });
    expect(trials.map(({ state }) => state)).toEqual(['finished', 'unfinished', 'unfinished', 'unfinished']);
    expect(best.trial).toBe(1);
    expect(model).toBeInstanceOf(Classifier);
    expect(trials[1]).toMatchObject({ score: Number.NaN, epochs: 0 });
  });

  test('takes the best trial of the rung at which maxSeconds had passed', async () => {
    const given = { ...options, method: 'halving', reduction: 2, parallel: 1, maxSeconds: 1e-9 } as const;
    const { trials, best } = await search(Classifier, people2, given);
    expect(trials.map(({ state }) => state)).toEqual(['stopped', 'unfinished', 'unfinished', 'unfinished']);
    expect(best).toEqual(trials[0]);
  });

  test('ends trainings that wait when a callback throws between the comparisons', async () => {
    const error = new Error('mine');
    const signals = new Set<AbortSignal>();
    const { train } = Classifier;
    const onTrialEnd = ({ state }: Trial) => {
      if (state === 'stopped') throw error;
    };
    const watched = vi.spyOn(Classifier, 'train').mockImplementation(((
      ...given: Parameters<typeof train>
    ) => {
      signals.add(given[1].signal as AbortSignal);
      return train.apply(Classifier, given);
    }) as typeof train);
    const given = { ...options, method: 'halving', reduction: 2, onTrialEnd } as const;
    await expect(search(Classifier, people2, given)).rejects.toBe(error);
    watched.mockRestore();
    expect([...signals].map(({ aborted }) => aborted)).toEqual([true, true, true, true]);
  });

  test('rejects with the error of a callback', async () => {
    const error = new Error('mine');
    const onTrialEnd = () => {
      throw error;
    };
    await expect(search(Classifier, people2, { ...options, onTrialEnd })).rejects.toBe(error);
    expect(error).toMatchObject({ result: { trials: { length: 4 } } });
  });
});

describe('arguments of a search that are refused', () => {
  test('name what is neither a class of models nor a function', async () => {
    await expect(search({} as never, people2, options)).rejects.toMatchObject({
      message: expect.stringMatching(
        /^Expected model to be Classifier, Regressor or a function that makes a network, got /,
      ),
    });
  });

  const refused = (more: object) => search(Classifier, people2, { ...options, ...more } as typeof options);

  test.each([
    { more: { trials: 0 }, message: 'Expected trials to be a positive integer, got 0 (number)' },
    { more: { space: undefined }, message: 'Expected space to be an object, got undefined' },
    {
      more: { space: {} },
      message:
        'Expected space to have something to draw: choice, uniform, logUniform or integer; crossValidate takes fixed options',
    },
    {
      more: { space: { ...space, epoch: integer(1, 3) } },
      message: 'Unknown option "epoch"; did you mean "epochs"?',
    },
    {
      more: { space: { ...space, epochs: integer(0, 1) } },
      message: 'Expected epochs to be a positive integer, got 0 (number)',
    },
    {
      more: { space: { ...space, epochs: integer(1, 9) }, method: 'halving' },
      message: `Expected space.epochs to be fixed with method: 'halving', the same in all trials, got an object (Distribution)`,
    },
    {
      more: { space: { ...space, positive: choice(['yes', 'no']) } },
      message: 'Expected space.positive to be fixed, the same in all trials, got an object (Distribution)',
    },
    {
      more: { space: { ...space, target: 'left' } },
      message:
        'Expected space.target to be left out, since it is an option of the search itself, got "left" (string)',
    },
    {
      more: { space: { ...space, progress: true } },
      message:
        'Expected space.progress to be left out of search, which trains several models, got true (boolean)',
    },
    { more: { metric: 'rocauc' }, message: /^Expected metric to be one of .*; did you mean "rocAuc"\?$/ },
    {
      more: { metric: 3 },
      message: 'Expected metric to be the name of a score, or a function of an evaluation, got 3 (number)',
    },
    {
      more: { method: 'halfing' },
      message: /^Expected method to be one of 'random', 'halving', got "halfing"/,
    },
    { more: { validation: 0.5 }, message: 'Expected either folds or validation, got both' },
    {
      more: { validation: 0, folds: undefined },
      message: 'Expected validation to be a share or number of rows, a table or records, got 0 (number)',
    },
    { more: { folds: 1 }, message: 'Expected folds to be an integer of at least 2, got 1 (number)' },
    { more: { reduction: 1 }, message: 'Expected reduction to be an integer of at least 2, got 1 (number)' },
    {
      more: { space: { ...space, maxSeconds: 3 }, method: 'halving' },
      message:
        "Expected space.maxSeconds to be left out with method: 'halving', in which trainings wait for each other, got 3 (number)",
    },
    {
      more: { validation: people2.without(['left']), folds: undefined },
      message: /^In validation: Unknown column "left"/,
    },
    {
      more: { space: { dtype: choice(['float32', 'float64']) }, method: 'halving' },
      message:
        "Expected space.preset to be 'fast' with method: 'halving', unless the space has layers, an optimiser or a schedule of its own, got undefined",
    },
    {
      more: { space: { preset: choice(['fast', 'best']), epochs: 1 }, trials: 8, method: 'halving' },
      message: /^Expected space\.preset to be 'fast' with method: 'halving'.*, got "best" \(string\)$/,
    },
    {
      more: { space: { preset: choice(['fast', 'best']), epochs: 1 }, trials: 8, refit: 'bag' },
      message:
        "Expected space.preset to be 'default' or 'fast' with refit: 'bag', since a model of 'best' is a bag itself, got \"best\" (string)",
    },
    { more: { trial: 3 }, message: 'Unknown option "trial"; did you mean "trials"?' },
    { more: { target: 'lefd' }, message: 'Unknown column "lefd"; did you mean "left"?' },
  ])('are named: $message', async ({ more, message }) => {
    await expect(refused(more)).rejects.toMatchObject({
      message: typeof message === 'string' ? message : expect.stringMatching(message),
    });
  });
});
