// docs/coming-from.md: what its tables say about this library is true. The facts about the others are in their sources.

import { describe, expect, test } from 'vitest';
import * as blasnet from '../../lib/index';
import { Matrix, Network, sgd } from '../../lib/index';
import { Classifier, inputs, Regressor, readTable, Table } from '../../lib/tabular';
import { EarlyStopping } from '../../lib/training/early-stopping';
import { completeFitOptions } from '../../lib/training/options';
import { codeIn, literal, optionsTaken, type Row, read, tableOf } from './markdown';

const page = 'docs/coming-from.md';
const libraries = ['Keras', 'PyTorch', 'scikit-learn', 'brain.js', 'TensorFlow.js'];

const rowsOf = (library: string): Row[] => tableOf(page, library);
const here = libraries.flatMap((library) => rowsOf(library).map((row) => row.Here as string));

/** A network of one sigmoid unit whose output is 1/2 for every row. */
function undecided(): Network {
  return new Network([{ inputDim: 1, outputDim: 1, activation: 'sigmoid' }], { initializer: 'zeros' });
}

const net = undecided();
const loss = { name: 'binaryCrossEntropy', options: { labelSmoothing: 0 } } as const;
const { restoreBest } = new EarlyStopping({ patience: 1 });
const { batchSize, shuffle } = completeFitOptions({ epochs: 1 }, net.architecture, 1000, loss);

/** What a piece of code in the tables may name. */
const scope: Readonly<Record<string, unknown>> = {
  ...blasnet,
  ...{ batchSize, shuffle, dtype: net.dtype, earlyStopping: { restoreBest } },
};

function computed(code: string): unknown {
  return new Function(...Object.keys(scope), `return (${code});`)(...Object.values(scope));
}

test.each(libraries)('the table of %s has the ten habits that every reader asks for', (library) => {
  const habits = rowsOf(library).map((row) => row[library]);
  expect(habits.slice(0, 10)).toEqual([
    ...[
      'Methods',
      'Learning rate',
      'Epsilon',
      'Weight decay',
      'Validation split',
      'Accuracy',
      'Sample weights',
    ],
    ...['First values', 'Batches', "Optimiser's state"],
  ]);
});

test.each(libraries)('the section of %s links the documentation of that library', (library) => {
  const [, section = ''] = read(page).split(`\n## ${library}\n`);
  const [beforeTable = ''] = section.split('\n|');
  expect(beforeTable).toMatch(/\]\(https:\/\/\S+\)/);
});

describe('the defaults that the page tells', () => {
  const text = read(page);
  const claims = [...text.matchAll(/`([^`]+)`\s+is\s+`([^`]+)`/g)].map(([, code = '', value = '']) => ({
    code,
    value,
  }));
  const different = [...new Map(claims.map((claim) => [`${claim.code} ${claim.value}`, claim])).values()];

  test.each(different)('$code is $value', ({ code, value }) => {
    expect(literal(value)).toBeDefined();
    expect(computed(code)).toEqual(literal(value));
  });

  test('the page tells many defaults', () => {
    expect(different.length).toBeGreaterThan(15);
  });
});

describe('the names that the tables use for this library', () => {
  test('the methods in the tables are methods of a network', () => {
    const methods = here.flatMap(codeIn).flatMap((code) => /^net\.(\w+)$/.exec(code)?.[1] ?? []);
    expect(new Set(methods).size).toBeGreaterThan(8);
    expect(methods.filter((name) => !(name in Network.prototype))).toEqual([]);
  });

  test('the tables name options that exist, and calls that are accepted', async () => {
    const fitOptions = await optionsTaken((options: never) => net.fit([[1]], [[1]], options));
    const known = new Set([...fitOptions, 'initializer', 'targetScaler', 'decoupled', 'monitor']);
    for (const code of here.flatMap(codeIn)) {
      const [, option] = /^(\w+): /.exec(code) ?? [];
      if (option !== undefined) expect([...known], code).toContain(option);
      if (/^\w+\(.*\)(\.\w+)?$/.test(code)) expect(computed(code), code).toBeDefined();
    }
    for (const initializer of ['glorotUniform', 'glorotNormal']) {
      expect(here.join()).toContain(`\`initializer: '${initializer}'\``);
      expect(() => new Network(net.architecture, { initializer })).not.toThrow();
    }
  });
});

describe('the table of pipelines', () => {
  const codes = tableOf(page, 'Step').flatMap((row) => codeIn(row.Here as string));

  test('names methods of tables, of models and of their classes', async () => {
    const rows = [
      { x: 1, y: 'a' },
      { x: 2, y: 'b' },
    ];
    const model = await Classifier.train(rows, { target: 'y', epochs: 1, hidden: [2] });
    const regressor = await Regressor.train(rows, { target: 'x', epochs: 1, hidden: [2] });
    const scope: Record<string, readonly object[]> = {
      ...{ table: [Table.from(rows)], model: [model, regressor] },
      ...{ Classifier: [Classifier], Regressor: [Regressor], Table: [Table] },
    };
    const members = codes.flatMap((code) => /^(\w+)\.(\w+)$/.exec(code)?.slice(1) ?? []);
    expect(members.length).toBeGreaterThan(2 * 12);
    for (let i = 0; i < members.length; i += 2) {
      const [owner, name] = members.slice(i, i + 2) as [string, string];
      expect(
        scope[owner]?.some((each) => name in each),
        `${owner}.${name}`,
      ).toBe(true);
    }
  });

  test('names options that readTable, split, inputs and train take', async () => {
    const known = new Set([
      ...(await optionsTaken((options) => readTable(Buffer.from('a\n1\n'), options))),
      ...(await optionsTaken((options) => Table.from([{ a: 1 }]).split(options))),
      ...(await optionsTaken((options) => inputs(options))),
      ...(await optionsTaken((options) => Classifier.train([{ a: 1 }], options))),
      ...(await optionsTaken((options) => Regressor.train([{ a: 1 }], options))),
    ]);
    const named = codes.flatMap((code) => /^(\w+): /.exec(code)?.[1] ?? []);
    expect(named).toContain('unseen');
    expect(named.filter((name) => !known.has(name))).toEqual([]);
  });
});

describe('the behaviour that the tables tell', () => {
  test('an output of exactly 1/2 decides for the label 0, as above 1/2 is 1', () => {
    expect(undecided().evaluateSync([[1]], [[0]]).accuracy).toBe(1);
    expect(undecided().evaluateSync([[1]], [[1]]).accuracy).toBe(0);
  });

  test('a row is right if all its outputs are', () => {
    const two = new Network([{ inputDim: 1, outputDim: 2, activation: 'sigmoid' }], { initializer: 'zeros' });
    const Y = Matrix.from([
      [0, 0],
      [0, 1],
    ]);
    expect(two.evaluateSync([[1], [1]], Y).accuracy).toBe(0.5);
  });

  test('binary cross-entropy of k outputs is k times the mean over the outputs', () => {
    const three = new Network([{ inputDim: 1, outputDim: 3, activation: 'sigmoid' }], {
      initializer: 'zeros',
    });
    expect(three.evaluateSync([[1]], [[0, 1, 0]]).loss).toBeCloseTo(3 * Math.log(2), 14);
  });

  test('the loss is the sum of weight times loss, divided by the rows whose weight is not 0', () => {
    const sampleWeight = [2, 4, 0];
    const { loss: weighted } = undecided().evaluateSync([[1], [1], [1]], [[0], [0], [1]], { sampleWeight });
    expect(weighted).toBeCloseTo(((2 + 4) / 2) * Math.log(2), 14);
  });

  test('patience 3 stops after the fourth epoch without improvement', () => {
    const stopped = new Network([{ inputDim: 1, outputDim: 1, activation: 'linear' }], {
      initializer: 'zeros',
    });
    // Nothing is to learn, so that no epoch is better than the first one.
    const earlyStopping = { patience: 3, monitor: 'loss' };
    const { loss: losses } = stopped.fitSync([[1]], [[0]], { epochs: 50, earlyStopping });
    expect(losses).toEqual([0, 0, 0, 0, 0]);
  });

  test('l2 is a factor of the sum of the squared weights, and the biases have none', () => {
    const layer = { inputDim: 2, outputDim: 1, activation: 'linear', l2: 0.5 };
    const values = { W1: [3, 4], b1: [7] };
    const initializer = blasnet.initializers.initialParameters(values);
    const penalised = new Network([layer], { initializer });
    expect(penalised.evaluateSync([[0, 0]], [[7]]).loss).toBe(0.5 * 25);
  });

  test('weightDecay reaches the biases, too', () => {
    const initializer = blasnet.initializers.constant({ value: 1, bias: 1 });
    const decayed = new Network([{ inputDim: 1, outputDim: 1, activation: 'linear' }], { initializer });
    decayed.trainOnBatch([[1]], [[2]], { optimizer: sgd({ learningRate: 0.1, weightDecay: 0.5 }) });
    expect(decayed.parameters.b1.data[0]).toBeCloseTo(1 - 0.1 * 0.5, 15);
  });

  test('momentum acts on the biases, too', () => {
    const line = new Network([{ inputDim: 1, outputDim: 1, activation: 'linear' }], { initializer: 'zeros' });
    const optimizer = sgd({ learningRate: 0.25, momentum: 0.5 });
    // The gradient of b is 2 (b - 1): -2, then -1. Velocities: -2, then -2. b: 0.5, then 1.
    line.trainOnBatch([[0]], [[1]], { optimizer });
    expect(line.parameters.b1.data[0]).toBe(0.5);
    line.trainOnBatch([[0]], [[1]], { optimizer });
    expect(line.parameters.b1.data[0]).toBe(1);
  });

  test('biases begin at 0, and relu has He’s normal weights', () => {
    const wide = new Network([{ inputDim: 100, outputDim: 1000, activation: 'relu' }], { seed: 1 });
    const { W1, b1 } = wide.parameters;
    expect(b1.data.every((bias) => bias === 0)).toBe(true);
    const variance = Array.from(W1.data).reduce((sum, weight) => sum + weight * weight, 0) / W1.data.length;
    expect(variance / (2 / 100)).toBeCloseTo(1, 1);
    // A uniform distribution of this variance ends at sqrt(6 / 100).
    expect(Math.max(...W1.data)).toBeGreaterThan(Math.sqrt(6 / 100));
  });
});
