// Two copies of the library in one process: what one makes, the other takes.

import { join } from 'node:path';
import { expect, test } from 'vitest';
import * as library from '../../lib/tabular';

// The built library: its classes are others than those of the sources, although they have the same names.
const other: typeof library = require(join(__dirname, '../../dist/tables.js'));

const records = Array.from({ length: 60 }, (_, i) => ({
  x: i,
  colour: i % 3 ? 'red' : 'blue',
  word: i % 2 ? 'a' : 'b',
}));
const options = { target: 'word', seed: 1, epochs: 2, hidden: [4] };

test.each([
  ['the sources take', library, other],
  ['the build takes', other, library],
])('%s tables and models of the other copy', async (_, { Classifier, Table }, foreign) => {
  expect(foreign.Table).not.toBe(Table);
  const given = foreign.Table.from(records);
  const own = Table.from(records);
  const model = await Classifier.train(given, options);
  expect(model.toBytesSync()).toEqual((await Classifier.train(own, options)).toBytesSync());
  expect(await model.predict(given)).toEqual(await model.predict(own));
  expect(await model.evaluate(given)).toEqual(await model.evaluate(own));
  expect(Table.from({ x: given.column('x'), colour: given.column('colour') }).toRecords()).toEqual(
    own.select(['x', 'colour']).toRecords(),
  );
  const copy = foreign.Classifier.fromBytesSync(model.toBytesSync());
  expect(copy.predictSync(own)).toEqual(model.predictSync(given));
});
