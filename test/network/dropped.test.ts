// A loop over epochs that is dropped, as by a generator whose return() nobody calls.

import { expect, it } from 'vitest';
import { endedWell, inChild, type Library } from './child';

const flags = ['--expose-gc'];

it('a dropped loop frees its network when it is collected, and restores the best epoch', async () => {
  const ended = await inChild(
    async (path) => {
      const { Network, makeMoons, sgd }: Library = require(path);
      const { X, Y } = makeMoons({ samples: 100, seed: 1 });
      const net = new Network([{ inputDim: 2, outputDim: 1, activation: 'sigmoid' }], { seed: 1 });
      const options = {
        epochs: 100,
        optimizer: sgd(),
        earlyStopping: { monitor: 'falling', mode: 'min', patience: 50 },
      } as const;
      let value = 0;
      const metrics = [
        function falling() {
          value++;
          return value === 2 ? 0 : 1;
        },
      ];
      let best: unknown;
      // Apart, so that no variable holds the loop.
      const drop = async () => {
        const loop = net.epochs(X, Y, { ...options, metrics });
        for (let epoch = 1; epoch <= 4; epoch++) {
          await loop.next();
          if (epoch === 2) best = net.parameters.W1?.data.slice();
        }
      };
      await drop();
      let turns = 0;
      for (; ; turns++) {
        try {
          net.setTrainable(1, true);
          break;
        } catch (error) {
          if ((error as { code?: string }).code !== 'ERR_BLASNET_BUSY') throw error;
        }
        gc?.();
        await new Promise(setImmediate);
      }
      require('node:assert').deepStrictEqual(net.parameters.W1?.data, best);
      await net.fit(X, Y, { epochs: 1 });
      console.log(turns > 0);
    },
    undefined,
    { flags },
  );
  expect(ended).toEqual(endedWell('true'));
});

it('a network is collected together with its dropped loop', async () => {
  const ended = await inChild(
    async (path) => {
      const { Network, makeMoons }: Library = require(path);
      const { X, Y } = makeMoons({ samples: 100, seed: 1 });
      const drop = async () => {
        const net = new Network([{ inputDim: 2, outputDim: 1, activation: 'sigmoid' }], { seed: 1 });
        await net.epochs(X, Y, { epochs: 100 }).next();
        return new WeakRef(net);
      };
      const net = await drop();
      while (net.deref() !== undefined) {
        // A reference that was asked for holds its object until the event loop turns.
        await new Promise(setImmediate);
        gc?.();
        await new Promise(setImmediate);
      }
      console.log('collected');
    },
    undefined,
    { flags },
  );
  expect(ended).toEqual(endedWell('collected'));
});

it('a loop that somebody awaits goes on, however often memory is collected', async () => {
  const ended = await inChild(
    async (path) => {
      const { Network, makeMoons }: Library = require(path);
      const { X, Y } = makeMoons({ samples: 20_000, seed: 1 });
      const net = new Network(
        [
          { inputDim: 2, outputDim: 32, activation: 'tanh' },
          { outputDim: 1, activation: 'sigmoid' },
        ],
        { seed: 1 },
      );
      const collect = setInterval(() => gc?.(), 1);
      let epochs = 0;
      for await (const { epoch } of net.epochs(X, Y, { epochs: 5 })) {
        epochs = epoch;
        gc?.();
        await new Promise(setImmediate);
      }
      // The promise alone is kept, and the loop is not.
      const first = net.epochs(X, Y, { epochs: 5 }).next();
      gc?.();
      const { value } = await first;
      clearInterval(collect);
      console.log(epochs, value?.epoch);
    },
    undefined,
    { flags },
  );
  expect(ended).toEqual(endedWell('5 1'));
});
