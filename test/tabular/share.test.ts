// Models of tables that several threads read.

import { describe, expect, it } from 'vitest';
import { Network } from '../../lib';
import { Classifier, Regressor, type SharedModel } from '../../lib/tabular';
import { endedWell, inChild } from '../network/child';
import { thrownBy } from '../support/bad-input';

const rows = Array.from({ length: 240 }, (_, i) => ({
  age: i % 7 === 0 ? null : 20 + (i % 50),
  city: ['Paris', 'Rome', 'Oslo'][i % 3] as string,
  buys: (i * 7) % 50 > 24 ? 'yes' : 'no',
  spends: 3 * (i % 50) + (i % 3),
}));
const records = rows.slice(0, 20).map(({ age, city }) => ({ age, city }));

describe.each(['fast', 'best'] as const)("a model of the preset '%s'", (preset) => {
  const options = { preset, seed: 1, epochs: 3 };

  it('answers alike in each thread that reads its handle', async () => {
    const without = (name: 'buys' | 'spends') => rows.map(({ [name]: _, ...others }) => others);
    const model = await Classifier.train(without('spends'), { ...options, target: 'buys' });
    const attached = Classifier.attach(structuredClone(model.share()));
    expect(attached.networks).toHaveLength(model.networks.length);
    for (const record of records) {
      expect(attached.predict(record)).toBe(model.predict(record));
      expect(attached.probabilities(record)).toEqual(model.probabilities(record));
    }
    expect(await attached.evaluate(without('spends'))).toEqual(await model.evaluate(without('spends')));
    expect(attached.schema.toJSON()).toEqual(model.schema.toJSON());
    expect(attached.share()).toEqual(model.share());
    expect(await attached.toBytes()).toEqual(await model.toBytes());
    const regressor = await Regressor.train(without('buys'), { ...options, target: 'spends' });
    const other = Regressor.attach(structuredClone(regressor.share()));
    for (const record of records) expect(other.predict(record)).toBe(regressor.predict(record));
    expect(thrownBy(() => Regressor.attach(model.share()))).toMatchObject({ code: 'ERR_BLASNET_FILE' });
  });
});

it('says who takes the handle of another class', async () => {
  const model = await Classifier.train(
    records.map((each, i) => ({ ...each, buys: i % 2 })),
    {
      ...{ target: 'buys', hidden: [2], epochs: 1, seed: 1 },
    },
  );
  const [network] = model.networks as [Network];
  expect(thrownBy(() => Network.attach(model.share() as never))).toMatchObject({
    code: 'ERR_BLASNET_ARG_TYPE',
    message:
      'Expected handle to be a handle of a network, got one of a model of tables; attach of Classifier or Regressor takes it',
  });
  expect(thrownBy(() => Classifier.attach(network.share() as never))).toMatchObject({
    code: 'ERR_BLASNET_ARG_TYPE',
    message: 'Expected handle to be a handle of a model, got one of a network; attach of Network takes it',
  });
});

it.each([
  { what: 'nothing', given: undefined },
  { what: 'no networks', given: { format: 'blasnet.shared-model', networks: [] } },
  { what: 'a network without a handle', given: { format: 'blasnet.shared-model', networks: [{}] } },
])('a handle of $what is refused', ({ given }) => {
  expect(thrownBy(() => Classifier.attach(given as unknown as SharedModel))).toMatchObject({
    code: 'ERR_BLASNET_ARG_TYPE',
  });
});

it('a worker answers records from the memory of the model', async () => {
  const ended = await inChild(
    async (path, { rows, records }) => {
      const { Worker } = require('node:worker_threads');
      const { Classifier }: typeof import('../../lib/tabular') = require(`${path}/tables.js`);
      const program = `
        const { parentPort, workerData } = require('node:worker_threads');
        const { Classifier } = require(workerData.path + '/tables.js');
        const model = Classifier.attach(workerData.handle);
        parentPort.postMessage(workerData.records.map((record) => model.probabilities(record)));
      `;
      const model = await Classifier.train(rows, { target: 'buys', preset: 'fast', seed: 1, epochs: 3 });
      const worker = new Worker(program, {
        eval: true,
        workerData: { path, handle: model.share(), records },
      });
      const answers = await new Promise((resolve, reject) =>
        worker.once('message', resolve).once('error', reject),
      );
      const right = records.map((record) => model.probabilities(record));
      console.log(JSON.stringify(answers) === JSON.stringify(right));
    },
    { rows, records: records.map((record) => ({ ...record, spends: 3 })) },
  );
  expect(ended).toEqual(endedWell('true'));
});
