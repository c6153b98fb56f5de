// Parquet and Arrow files with some bytes changed, or cut off.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect } from 'vitest';
import { openArrow } from '../../lib/tables/arrow';
import { memoryBytes } from '../../lib/tables/bytes';
import { openParquet } from '../../lib/tables/parquet';
import { wholeColumns } from '../support/columnar-files';

const fixtures = {
  parquet: [
    ...['required', 'uuid', 'int96', 'nested', 'proto', 'large-integer'],
    ...['types-snappy', 'types-gzip', 'types-brotli', 'types-zstd', 'types-lz4', 'types-none'],
    ...['types-plain-v2', 'types-delta-v1', 'types-delta-v2'],
  ].map((name) => `${name}.parquet`),
  arrow: ['types.arrow', 'types.arrows', 'dictionaries.arrows', 'nested.arrow'],
};
const readers = { parquet: openParquet, arrow: openArrow };

/**
 * Reads many damaged files. Each gives a table or an error of the library, and changes no object that all share. They
 * are read on this thread, where the end of a thread would be noticed.
 */
export async function readDamaged(format: 'parquet' | 'arrow', numRuns: number, seed: number): Promise<void> {
  const files = fixtures[format].map((name) => readFileSync(join(__dirname, '../fixtures/tables', name)));
  const change = fc.record({
    // Places near the end are in the footer, those near the start in headers.
    place: fc.oneof(fc.double({ min: 0, max: 1, noNaN: true }), fc.double({ min: 0.8, max: 1, noNaN: true })),
    byte: fc.oneof(fc.integer({ min: 0, max: 255 }), fc.constantFrom(0, 0x7f, 0x80, 0xff)),
  });
  const damage = fc.record({
    file: fc.constantFrom(...files),
    changes: fc.array(change, { maxLength: 4 }),
    cut: fc.option(fc.double({ min: 0, max: 1, noNaN: true }), { freq: 8 }),
    column: fc.option(fc.integer({ min: 0, max: 40 }), { freq: 1 }),
  });
  let tables = 0;
  let errors = 0;
  await fc.assert(
    fc.asyncProperty(damage, async ({ file, changes, cut }) => {
      const bytes = Uint8Array.from(file);
      for (const { place, byte } of changes) bytes[Math.floor(place * (bytes.length - 1))] = byte;
      const left = cut === null ? bytes : bytes.subarray(0, Math.floor(cut * bytes.length));
      const asked = { types: new Map(), columns: undefined };
      try {
        const columns = await wholeColumns(readers[format](memoryBytes(left, 'the data'), asked));
        const [first] = columns;
        for (const { values } of columns) expect(values.length).toBe(first?.values.length);
        tables++;
      } catch (error) {
        const { code, message } = error as { code?: string; message: string };
        expect({ code, message }).toEqual({
          code: 'ERR_BLASNET_FILE',
          message: expect.stringContaining('the data'),
        });
        errors++;
      }
    }),
    { numRuns, seed },
  );
  expect(Object.keys(Object.prototype)).toEqual([]);
  // Both happen.
  expect(Math.min(tables, errors)).toBeGreaterThan(numRuns / 100);
}
