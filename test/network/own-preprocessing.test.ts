// A network owns a copy of the preprocessing and of the labels that it is given.

import { describe, expect, it } from 'vitest';
import type { Matrix } from '../../lib/base/matrix';
import { Network } from '../../lib/network/network';
import type { NetworkOptions } from '../../lib/network/network-options';
import {
  type CustomStep,
  imputer,
  labelEncoder,
  preprocessing,
  standardScaler,
} from '../../lib/preprocessing';
import { expectError, rejectionOf } from '../support/bad-input';
import { newFolder } from '../support/scratch';
import { randomMatrix, snapshot } from './helpers';

const layers = [{ inputDim: 2, outputDim: 2, activation: 'softmax' }] as const;
const network = (options: NetworkOptions) => new Network([...layers], { seed: 1, ...options });

// The columns of the second fold have other means and other scales.
const folds = [1, 2].map((seed) => {
  const X = randomMatrix(30, 2, seed);
  for (const [i, value] of X.data.entries()) X.data[i] = 10 ** seed * (value + seed);
  return { X, names: Array.from({ length: 30 }, (_, i) => `${seed}${i % 2 === 0 ? 'a' : 'b'}`) };
});
const options = { epochs: 2 };

/** The mean of the columns, by a step that its user wrote. */
const means: CustomStep = {
  name: 'means',
  fit(X) {
    const [a = 0, b = 0] = X.toArray()
      .reduce(([a = 0, b = 0], [x = 0, y = 0]) => [a + x, b + y], [0, 0])
      .map((sum) => sum / X.rows);
    return means.fromJSON?.([a, b]) as never;
  },
  fromJSON: (state) => {
    const [a, b] = state as [number, number];
    return {
      transform: (X) => X.toArray().map(([x = 0, y = 0]) => [x - a, y - b]),
      toJSON: () => [a, b],
    };
  },
};

describe.each(['float64', 'float32'] as const)('one pipeline for the networks of all folds (%s)', (dtype) => {
  it.each([
    ['steps of the library', () => preprocessing([imputer(), standardScaler()])],
    ['a step of the user’s own', () => preprocessing([means, standardScaler()])],
  ])('leaks nothing: each learns from its own rows, with %s', async (_, pipeline) => {
    const [shared, encoder] = [pipeline(), labelEncoder()];
    const networks = folds.map(() => network({ dtype, preprocessing: shared, labels: encoder }));
    for (const [i, { X, names }] of folds.entries()) {
      const net = networks[i] as Network;
      const alone = network({ dtype, preprocessing: pipeline(), labels: labelEncoder() });
      if (i === 0) await net.fit(X, names, options);
      else net.fitSync(X, names, options);
      alone.fitSync(X, names, options);
      expect(snapshot(net)).toEqual(snapshot(alone));
      expect(net.preprocessing?.toJSON()).toEqual(pipeline().fit(X).toJSON());
      expect(net.labels?.classes).toEqual(labelEncoder().fit(names).classes);
      expect(net.classifySync(X)).toEqual(alone.classifySync(X));
    }
    expect([shared.fitted, encoder.fitted]).toEqual([false, false]);
    // The first network still knows its own fold.
    expect(networks[0]?.preprocessing?.toJSON()).toEqual(
      pipeline()
        .fit(folds[0]?.X as Matrix)
        .toJSON(),
    );
  });

  it('may train both at a time', async () => {
    const [shared, encoder] = [preprocessing([standardScaler()]), labelEncoder()];
    const networks = folds.map(() => network({ dtype, preprocessing: shared, labels: encoder }));
    await Promise.all(folds.map(({ X, names }, i) => networks[i]?.fit(X, names, options)));
    for (const [i, { X, names }] of folds.entries()) {
      expect(networks[i]?.preprocessing?.toJSON()).toEqual(preprocessing([standardScaler()]).fit(X).toJSON());
      expect(networks[i]?.labels?.classes).toEqual(labelEncoder().fit(names).classes);
    }
  });
});

describe('a pipeline that has learned', () => {
  const [{ X, names }, other] = folds as [(typeof folds)[0], (typeof folds)[0]];

  it('is taken as it is by the time, and fit does not change the copy', async () => {
    const [given, encoder] = [preprocessing([standardScaler()]).fit(X), labelEncoder().fit(names)];
    const before = JSON.stringify(given);
    const made = [
      network({ preprocessing: given, labels: encoder }),
      await Network.create([...layers], { seed: 1, preprocessing: given, labels: encoder }),
    ];
    given.fit(other.X);
    encoder.fit(other.names);
    for (const net of made) {
      expect(JSON.stringify(net.preprocessing)).toBe(before);
      net.fitSync(randomMatrix(30, 2, 9), names, options);
      expect(JSON.stringify(net.preprocessing)).toBe(before);
      expect(net.labels?.classes).toEqual(['1a', '1b']);
    }
    expect(JSON.stringify(given)).not.toBe(before);
  });

  it('can learn anew in the network, which changes no other', () => {
    const given = preprocessing([standardScaler()]).fit(X);
    const [net, twin] = [network({ preprocessing: given }), network({ preprocessing: given })];
    const before = JSON.stringify(given);
    net.preprocessing?.fit(other.X);
    const fresh = network({ preprocessing: preprocessing([standardScaler()]).fit(other.X) });
    expect(net.predictSync(other.X)).toEqual(fresh.predictSync(other.X));
    expect([JSON.stringify(given), JSON.stringify(twin.preprocessing)]).toEqual([before, before]);
  });

  it('goes from one network to another, and is saved', () => {
    const net = network({ preprocessing: preprocessing([standardScaler()]), labels: labelEncoder() });
    net.fitSync(X, names, options);
    const heir = network({
      ...(net.preprocessing && { preprocessing: net.preprocessing }),
      ...(net.labels && { labels: net.labels }),
    });
    heir.fitSync(other.X, names, options);
    const path = `${newFolder()}/net.safetensors`;
    heir.saveSync(path);
    const loaded = Network.loadSync(path);
    for (const { preprocessing: inputs, labels } of [net, heir, loaded]) {
      expect(inputs?.toJSON()).toEqual(preprocessing([standardScaler()]).fit(X).toJSON());
      expect(labels?.classes).toEqual(['1a', '1b']);
    }
  });
});

it('a step of the user’s own may not keep what it learned in itself, where networks would share it', async () => {
  class InPlace implements CustomStep {
    readonly name = 'inPlace';
    mean = 0;
    fit(X: Matrix) {
      this.mean = X.get(0, 0);
      return this;
    }
    transform(X: Matrix) {
      return X.toArray().map((row) => row.map((x) => x - this.mean));
    }
  }
  const given = preprocessing([new InPlace()]);
  const message =
    'Expected the result of fit of the step "inPlace" to be a new object with what it learned, since several ' +
    'pipelines may share the step, got the step itself';
  const { X } = folds[0] as (typeof folds)[0];
  expectError(() => given.fit(X), RangeError, 'ERR_BLASNET_ARG_VALUE', message);
  expect(given.fitted).toBe(false);
  const net = network({ preprocessing: given });
  const Y = Int32Array.from(X.toArray(), (_, i) => i % 2);
  expect(await rejectionOf(net.fit(X, Y, options))).toMatchObject({ code: 'ERR_BLASNET_ARG_VALUE', message });
  expect(net.preprocessing?.fitted).toBe(false);
});
