// What a Classifier and a Regressor say about sources of tables. The same call with one table of the same rows is the oracle.

import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { RandomState } from '../../lib';
import {
  Classifier,
  type LabelsClassifier,
  Regressor,
  scanTable,
  Table,
  type TargetsRegressor,
} from '../../lib/tabular';
import { newFolder, write } from '../support/scratch';

const random = new RandomState(3);
const rows = 330;
const size = Float64Array.from({ length: rows }, () => random.uniform(0, 9));
const table = Table.from({
  size,
  fruit: Array.from(size, (_, row) => ['pear', 'fig', null, 'nut'][row % 4] as string | null),
  price: Float64Array.from(size, (value, row) => 2 * value + (row % 4) + random.uniform(0, 1)),
  weight: Float64Array.from(size, (value) => value * random.uniform(1, 2)),
  dear: Array.from(size, (value) => value > 5),
  cheap: Array.from(size, (value) => (value < 2 ? 'yes' : 'no')),
  kind: Array.from(size, (value) => (value > 6 ? 'c' : value > 3 ? 'b' : 'a')),
});
const parts = [table.slice(0, 100), table.slice(100, 101), table.slice(101)];
const options = { hidden: [6], epochs: 2, seed: 1 } as const;

const newFiles = () => {
  const folder = newFolder();
  return parts.map((part, i) => {
    const lines = part.toRecords().map((record) => Object.values(record).join(','));
    write(folder, `${i}.csv`, `${table.names.join(',')}\n${lines.join('\n')}\n`);
    return join(folder, `${i}.csv`);
  });
};

let classes: Classifier;
let labels: LabelsClassifier;
let number: Regressor;
let numbers: TargetsRegressor;
beforeAll(async () => {
  classes = await Classifier.train(table, { ...options, target: 'kind' });
  labels = await Classifier.train(table, { ...options, target: ['dear', 'cheap'] });
  number = await Regressor.train(table, { ...options, target: 'price', quantiles: [0.1, 0.9] });
  numbers = await Regressor.train(table, { ...options, target: ['price', 'weight'] });
}, 60_000);

const all = async <T>(answers: AsyncIterable<T>): Promise<T[]> => {
  const found: T[] = [];
  for await (const answer of answers) found.push(answer);
  return found;
};
const records = (tables: readonly Table[]) => tables.flatMap((each) => each.toRecords());

describe('answers for a source', () => {
  test('are those for a table with the same rows, table by table: classes, numbers and tables of both', async () => {
    const source = () => parts;
    expect((await all(classes.predict(source))).map(({ length }) => length)).toEqual([100, 1, 229]);
    expect((await all(classes.predict(source))).flat()).toEqual(await classes.predict(table));
    expect((await all(number.predict(parts))).flatMap((part) => [...part])).toEqual([
      ...(await number.predict(table)),
    ]);
    expect(records(await all(labels.predict(parts)))).toEqual((await labels.predict(table)).toRecords());
    expect(records(await all(numbers.predict(parts)))).toEqual((await numbers.predict(table)).toRecords());
  });

  test('are probabilities, quantiles and intervals, too, also from files and a scan', async () => {
    const files = newFiles();
    expect(records(await all(classes.probabilities(files)))).toEqual(
      (await classes.probabilities(table)).toRecords(),
    );
    const scan = scanTable(files[2] as string, { rows: 64 });
    const part = parts[2] as Table;
    expect(records(await all(number.quantiles(scan)))).toEqual((await number.quantiles(part)).toRecords());
    const learned = await number.conformal(parts, { coverage: 0.8 });
    expect(await number.conformal(table, { coverage: 0.8 })).toEqual(learned);
    expect(records(await all(number.interval(scan)))).toEqual((await number.interval(part)).toRecords());
  });

  test('come one chunk ahead at most; the source is closed when the loop is left or the signal aborts', async () => {
    let [asked, closed] = [0, 0];
    const source = async function* () {
      try {
        for (;;) {
          asked++;
          yield parts[0] as Table;
        }
      } finally {
        closed++;
      }
    };
    let got = 0;
    for await (const _ of classes.predict(source)) {
      got++;
      expect(asked).toBeLessThanOrEqual(got + 1);
      if (got === 3) break;
    }
    expect(closed).toBe(1);
    const controller = new AbortController();
    const aborted = async () => {
      for await (const _ of number.predict(source, { signal: controller.signal })) controller.abort();
    };
    await expect(aborted()).rejects.toMatchObject({ name: 'AbortError' });
    expect(closed).toBe(2);
  });
});

describe('an evaluation of a source', () => {
  test('has the numbers of one table, to the last bit', async () => {
    for (const source of [parts, () => parts, newFiles()]) {
      expect({ ...(await classes.evaluate(source)) }).toEqual({ ...(await classes.evaluate(table)) });
    }
    expect({ ...(await labels.evaluate(parts)) }).toEqual({ ...(await labels.evaluate(table)) });
    expect({ ...(await number.evaluate(parts)) }).toEqual({ ...(await number.evaluate(table)) });
    expect({ ...(await numbers.evaluate(parts)) }).toEqual({ ...(await numbers.evaluate(table)) });
    expect((await classes.reliability(parts)).toRecords()).toEqual(
      (await classes.reliability(table)).toRecords(),
    );
  });

  test('does not need the arrays of a table any more when the next one is asked for', async () => {
    const array = new Float64Array(10);
    const again = function* () {
      for (let from = 0; from < 100; from += 10) {
        const part = table.slice(from, from + 10);
        array.set(part.column('price').values as Float64Array);
        yield Table.from({
          ...Object.fromEntries(part.names.map((name) => [name, part.column(name)])),
          price: array,
        });
      }
    };
    expect({ ...(await number.evaluate(again)) }).toEqual({
      ...(await number.evaluate(table.slice(0, 100))),
    });
  });

  const gap = Table.from({ ...Object.fromEntries(table.names.map((name) => [name, [null]])), size: [1] });
  test.each([
    {
      what: 'throws in the middle',
      source: function* () {
        yield parts[0];
        throw new Error('the disk is gone');
      },
      code: 'ERR_BLASNET_SOURCE',
      message: 'Expected the source to give its chunk 2, got an error: the disk is gone',
    },
    {
      what: 'has an empty table',
      source: [parts[0], table.slice(0, 0)],
      code: 'ERR_BLASNET_SHAPE',
      message: 'In chunk 2 of the source: Expected the table to have at least one row, got 0',
    },
    {
      what: 'has other columns in a later table',
      source: [parts[0], table.without(['size'])],
      code: 'ERR_BLASNET_ARG_VALUE',
      message: 'In chunk 2 of the source: Expected the table to have the column "size"',
    },
    {
      what: 'misses a target',
      source: [parts[0], gap],
      code: 'ERR_BLASNET_ARG_TYPE',
      message: /^In chunk 2 of the source: .*row 0.*"kind".*missingTarget/,
    },
    {
      what: 'has no tables',
      source: () => [],
      code: 'ERR_BLASNET_SOURCE',
      message: 'Expected the source to give at least one row with a target, got none',
    },
    {
      what: 'is a generator',
      source: (async function* () {})(),
      code: 'ERR_BLASNET_ARG_TYPE',
      message: 'which can be gone through once: pass the function that makes it',
    },
    {
      what: 'yields bytes',
      source: () => [Buffer.from('a,b\n1,2\n')],
      code: 'ERR_BLASNET_ARG_TYPE',
      message: 'In chunk 1 of the source: Expected the chunk to be a Table',
    },
  ])('is refused for one that $what', async ({ source, code, message }) => {
    await expect(classes.evaluate(source as never)).rejects.toMatchObject({ code });
    await expect(classes.evaluate(source as never)).rejects.toThrow(message);
  });

  test('leaves out rows without a target if it is told so', async () => {
    const drop = { missingTarget: 'drop' } as const;
    expect({ ...(await classes.evaluate([...parts, gap], drop)) }).toEqual({
      ...(await classes.evaluate(table)),
    });
  });
});
