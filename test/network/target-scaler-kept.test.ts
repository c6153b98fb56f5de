// Whatever keeps a network keeps its targetScaler: files, bytes, checkpoints, clones, other threads, other copies.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Matrix } from '../../lib/base/matrix';
import * as library from '../../lib/index';
import { Network } from '../../lib/network/network';
import type { NetworkOptions } from '../../lib/network/network-options';
import { adam } from '../../lib/optimizers/optimizers';
import {
  type CustomStep,
  minMaxScaler,
  Preprocessing,
  preprocessing,
  robustScaler,
  standardScaler,
} from '../../lib/preprocessing';
import { expectError, thrownBy } from '../support/bad-input';
import { newFolder } from '../support/scratch';
import { endedWell, inChild, type Library } from './child';
import { forged } from './files/helpers';
import { layers, randomMatrix, snapshot } from './helpers';

const other: typeof library = require(join(__dirname, '../../dist/index.js'));

const rows = 40;
const X = randomMatrix(rows, 2, 1);
const Y = new Matrix(
  randomMatrix(rows, 1, 2).data.map((x) => 5e5 + 1e5 * x),
  rows,
  1,
);
const shape = layers([2, 4, 1], 'tanh', 'linear');
const network = (targetScaler: NetworkOptions['targetScaler'], options: NetworkOptions = {}) =>
  new Network(shape, { seed: 1, ...(targetScaler && { targetScaler }), ...options });
const options = { epochs: 3, batchSize: 8, optimizer: adam({ learningRate: 0.05 }) };

/** The way of Box and Cox with the exponent 1/2, as its user wrote it. */
const root: CustomStep = {
  name: 'root',
  fit: () => root.fromJSON?.(2) as never,
  fromJSON: (power) => ({
    transform: (given) => given.toArray().map((row) => row.map((y) => y ** (1 / (power as number)))),
    inverse: (given) => given.toArray().map((row) => row.map((y) => y ** (power as number))),
    toJSON: () => power,
  }),
};

const made = [
  { what: 'a scaler', make: () => minMaxScaler({ range: [-2, 2] }), steps: [] },
  { what: 'a pipeline', make: () => preprocessing([robustScaler(), standardScaler()]), steps: [] },
  { what: 'a step of the user’s own', make: () => preprocessing([root, standardScaler()]), steps: [root] },
];

describe.each(['float64', 'float32'] as const)('a network with a targetScaler (%s)', (dtype) => {
  describe.each(made)('that is $what', ({ make, steps }) => {
    const trained = () => {
      const net = network(make(), { dtype });
      net.fitSync(X, Y, options);
      return net;
    };
    const answers = (net: Network) => ({
      scaler: net.targetScaler?.toJSON(),
      outputs: net.predictSync(X).data,
      evaluation: net.evaluateSync(X, Y, { metrics: ['meanAbsoluteError'] }),
    });

    it('comes back from a file, from bytes and from a clone', async () => {
      const net = trained();
      const path = join(newFolder(), 'net.safetensors');
      await net.save(path);
      const read = [
        Network.loadSync(path, { steps }),
        await Network.load(path, { steps }),
        Network.fromBytesSync(net.toBytesSync(), { steps }),
        await Network.fromBytes(await net.toBytes(), { steps }),
        net.clone(),
        await net.cloneAsync(),
      ];
      for (const copy of read) {
        expect(answers(copy)).toEqual(answers(net));
        copy.saveSync(path);
        expect(readFileSync(path).equals(Buffer.from(net.toBytesSync()))).toBe(true);
      }
      // Neither changes the other.
      read[4]?.targetScaler?.fit([[1], [2]]);
      expect(answers(net)).toEqual(answers(read[0] as Network));
    });

    it('goes on from a checkpoint as if never interrupted, and from the best one', async () => {
      const whole = {
        ...options,
        epochs: 8,
        validationSplit: 0.25,
        earlyStopping: { patience: 6, minDelta: 1e4 },
        metrics: ['meanAbsoluteError'] as const,
      };
      const net = network(make(), { dtype });
      const history = await net.fit(X, Y, whole);
      const directory = newFolder();
      const callbacks = ({ epoch }: { epoch: number }) => epoch < 3;
      const stopped = network(make(), { dtype });
      await stopped.fit(X, Y, { ...whole, callbacks, checkpoint: { directory } });
      const best = await Network.loadBest(directory, { steps });
      expect(best.targetScaler?.toJSON()).toEqual(net.targetScaler?.toJSON());
      const resumed = await Network.resume(directory, X, Y, { ...whole, steps });
      expect(resumed.history).toEqual(history);
      expect(snapshot(resumed.network)).toEqual(snapshot(net));
      expect(answers(resumed.network)).toEqual(answers(net));
    });
  });
});

describe('an option', () => {
  it('may be the JSON of a pipeline, or a step as another thread sends it', () => {
    const given = preprocessing([standardScaler()]).fit(Y);
    const expected = network(given).predictSync(X);
    for (const scaler of [JSON.parse(JSON.stringify(given)), Preprocessing.fromJSON(given.toJSON())]) {
      expect(network(scaler).predictSync(X)).toEqual(expected);
    }
    const [sent, plain] = [
      network(structuredClone({ ...standardScaler() }) as never),
      network(standardScaler()),
    ];
    expect(sent.fitSync(X, Y, options)).toEqual(plain.fitSync(X, Y, options));
  });

  it('is copied: neither the given one nor that of another network learns', () => {
    const given = preprocessing([standardScaler()]);
    const [net, twin] = [network(given), network(given)];
    net.fitSync(X, Y, options);
    expect([given.fitted, twin.targetScaler?.fitted, net.targetScaler?.fitted]).toEqual([false, false, true]);
    // What has learned is left as it is.
    const heir = network(net.targetScaler);
    const before = JSON.stringify(net.targetScaler);
    heir.fitSync(
      X,
      new Matrix(
        Y.data.map((y) => 3 * y),
        rows,
        1,
      ),
      options,
    );
    expect([JSON.stringify(net.targetScaler), JSON.stringify(heir.targetScaler)]).toEqual([before, before]);
  });

  it.each([
    ['the sources take what the build made', Network, other],
    ['the build takes what the sources made', other.Network, library],
  ] as const)('may come from another copy of the library: %s', (_, Made, foreign) => {
    const run = (from: typeof library, targetScaler: NetworkOptions['targetScaler']) => {
      const net = new Made(shape as never, { seed: 1, ...(targetScaler && { targetScaler }) } as never);
      const own = new from.Matrix(Y.data, rows, 1);
      const history = net.fitSync(X.toArray(), own as never, options as never);
      return { loss: [...history.loss], outputs: [...net.predictSync(X.toArray()).data] };
    };
    const expected = run(library, library.standardScaler());
    for (const make of [
      () => foreign.standardScaler(),
      () => foreign.preprocessing([foreign.standardScaler()]),
      () => foreign.preprocessing([foreign.standardScaler()]).fit(Y.toArray()),
    ]) {
      expect(run(foreign, make() as never)).toEqual(expected);
    }
  });
});

it('works in a worker thread, which gets the scaler and sends the bytes of the network', async () => {
  const net = network(standardScaler());
  net.fitSync(X, Y, options);
  const expected = [...net.predictSync(X).data];
  const given = { X: X.toArray(), Y: Y.toArray(), shape, scaler: { name: 'standardScaler', options: {} } };
  const program = `
    const { parentPort, workerData } = require('node:worker_threads');
    const { path, X, Y, shape, scaler } = workerData;
    const { Network, adam } = require(path);
    const net = new Network(shape, { seed: 1, targetScaler: scaler });
    net.fit(X, Y, { epochs: 3, batchSize: 8, optimizer: adam({ learningRate: 0.05 }) })
      .then(() => net.toBytes())
      .then((bytes) => parentPort.postMessage(bytes));
  `;
  const ended = await inChild(
    async (path, { program, ...data }) => {
      const { Worker } = require('node:worker_threads');
      const { Network } = require(path) as Library;
      const worker = new Worker(program, { eval: true, workerData: { path, ...data } });
      const bytes: Uint8Array = await new Promise((resolve, reject) =>
        worker.once('message', resolve).once('error', reject),
      );
      console.log(JSON.stringify([...Network.fromBytesSync(bytes).predictSync(data.X).data]));
    },
    { program, ...given },
  );
  expect(ended).toEqual(endedWell(JSON.stringify(expected)));
});

describe('a file', () => {
  const net = network(standardScaler());
  net.fitSync(X, Y, options);
  const bytes = Buffer.from(net.toBytesSync());
  const [step] = (net.targetScaler as Preprocessing).toJSON().steps as readonly [object];
  const storedAs = (name: string, steps: readonly object[]) =>
    forged(bytes, (_, metadata) => {
      metadata['blasnet.preprocessing'] = JSON.stringify({
        [name]: { name: 'preprocessing', version: 1, steps },
      });
    });
  const twoColumns = { ...step, inputColumns: 2 };
  const imputer = { name: 'imputer', inputColumns: 1, columns: [0], fill: [1], indicators: [] };

  it('has it under a name that older versions of the library refuse, as this one refuses others', () => {
    expect(storedAs('targets', [step]).equals(bytes)).toBe(true);
    expectError(
      () => Network.fromBytesSync(storedAs('later', [step])),
      Error,
      'ERR_BLASNET_FILE',
      'Expected "blasnet.preprocessing" of the metadata of "bytes" to be inputs, labels and targets, got "later" as well',
    );
  });

  it.each([
    ['other columns', [twoColumns], "to take 1 columns (the network's outputDim), got 2"],
    ['a step that cannot be undone', [imputer], 'to have only steps that can be undone exactly'],
    ['limits', [{ ...step, clip: [0, 1] }], 'such as standardScaler(), got standardScaler with clip: true'],
    ['no step', [], 'Expected preprocessing.steps to be an array of 1 to 100 steps'],
  ] as const)('is refused if its targetScaler has %s', (_, steps, message) => {
    const error = thrownBy(() => Network.fromBytesSync(storedAs('targets', steps))) as Error;
    expect(error).toMatchObject({ code: 'ERR_BLASNET_FILE' });
    expect(error.message).toContain(message);
  });

  it('has the bytes that it had before there was a targetScaler, if it has none', () => {
    const plain = network(undefined, { preprocessing: preprocessing([standardScaler()]).fit(X) });
    expect(Buffer.from(plain.toBytesSync()).toString('latin1')).not.toContain('targets');
    expect(Network.fromBytesSync(plain.toBytesSync()).targetScaler).toBeUndefined();
  });
});
