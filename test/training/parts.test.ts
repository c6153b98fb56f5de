// Training in parts: what one part alone would decide, the user says beforehand.

import { describe, expect, it } from 'vitest';
import { Network } from '../../lib/network/network';
import type { NetworkOptions } from '../../lib/network/network-options';
import { labelEncoder, preprocessing, standardScaler } from '../../lib/preprocessing';
import { layers, randomMatrix, snapshot } from '../network/helpers';
import { expectError, rejectionOf } from '../support/bad-input';
import { newFolder } from '../support/scratch';

const chunks = [
  { X: [[1, 2]], names: ['ant'] },
  {
    X: [
      [30, 4],
      [-5, 9],
      [7, 8],
    ],
    names: ['cat', 'bee', 'cat'],
  },
];
const all = { X: chunks.flatMap(({ X }) => X), names: chunks.flatMap(({ names }) => names) };
const classes = ['cat', 'ant', 'bee'];

describe.each(['float64', 'float32'] as const)('a network that learns from parts (%s)', (dtype) => {
  const network = (more: NetworkOptions) =>
    new Network(layers([2, 4, 3], 'tanh', 'softmax'), { seed: 1, dtype, ...more });

  it.each([
    {
      what: 'preprocessing',
      make: () => network({ preprocessing: preprocessing([standardScaler()]) }),
      message: (method: string) =>
        `Expected preprocessing to be fitted before ${method}, which gets only a part of the data: ` +
        'call net.preprocessing.partialFit(X) with each part before, or net.preprocessing.fit(X)',
    },
    {
      what: 'labels',
      make: () => network({ labels: labelEncoder() }),
      message: (method: string) =>
        `Expected labels to be fitted before ${method}, which gets only a part of the data: ` +
        'state the classes with labelEncoder({ classes: [...] }), or call net.labels.fit(labels)',
    },
  ])('refuses $what that one part would teach, and says what to do', async ({ make, message }) => {
    const net = make();
    const [part] = chunks as [(typeof chunks)[0]];
    const call = () => net.trainOnBatch(part.X, part.names);
    expectError(call, Error, 'ERR_BLASNET_NOT_FITTED', message('trainOnBatch'));
    expect(await rejectionOf(net.partialFit(part.X, part.names))).toMatchObject({
      code: 'ERR_BLASNET_NOT_FITTED',
      message: message('partialFit'),
    });
    expect([net.preprocessing?.fitted ?? false, net.labels?.fitted ?? false]).toEqual([false, false]);
    expect(snapshot(net)).toEqual(snapshot(make()));
  });

  it('takes stated classes, of which a part may lack some, and the scales of all parts', async () => {
    const net = network({
      preprocessing: preprocessing([standardScaler()]),
      labels: labelEncoder({ classes }),
    });
    for (const { X } of chunks) net.preprocessing?.partialFit(X);
    const scaler = preprocessing([standardScaler()]).fit(all.X);
    const scaled = net.preprocessing?.transform(all.X).toArray().flat() ?? [];
    for (const [i, value] of scaler.transform(all.X).data.entries()) expect(scaled[i]).toBeCloseTo(value, 12);
    const twin = network({ ...(net.preprocessing && { preprocessing: net.preprocessing }) });
    for (const [i, { X, names }] of chunks.entries()) {
      const numbers = Int32Array.from(names, (name) => classes.indexOf(name));
      if (i === 0) expect(net.trainOnBatch(X, names)).toEqual(twin.trainOnBatch(X, numbers));
      else expect(await net.partialFit(X, names)).toEqual(await twin.partialFit(X, numbers));
    }
    expect(snapshot(net)).toEqual(snapshot(twin));
    expect(net.labels?.classes).toEqual(classes);
    expect(() => net.trainOnBatch([[1, 2]], ['emu'])).toThrow(
      'Expected labels[0] to be one of the classes "cat", "ant", "bee", got "emu" (string)',
    );
  });

  it('keeps stated classes in fit, and in a file', () => {
    const net = network({ labels: labelEncoder({ classes }) });
    net.fitSync(chunks[0]?.X ?? [], chunks[0]?.names as string[], { epochs: 1 });
    const path = `${newFolder()}/net.safetensors`;
    net.saveSync(path);
    const loaded = Network.loadSync(path);
    expect(loaded.labels?.toJSON()).toEqual(labelEncoder({ classes }).toJSON());
    expect(loaded.classifySync(randomMatrix(20, 2, 1, dtype))).toEqual(
      net.classifySync(randomMatrix(20, 2, 1, dtype)),
    );
  });
});
