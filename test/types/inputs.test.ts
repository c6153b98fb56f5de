// The public types of how columns become inputs.
// This file must compile, except the lines under @ts-expect-error: `npm run check:types`, which test/house.test.ts
// runs, fails if a line is wrong or if one of those lines compiles.

import { describe, expectTypeOf, test } from 'vitest';
import { type Encoding, type EncodingOption, type InputsOptions, inputs } from '../../lib/tabular';

/** Compiled and never run. */
function compiled(_: () => unknown): void {}

describe('inputs', () => {
  test('takes encodings by name or with their options', () => {
    expectTypeOf(inputs).returns.toEqualTypeOf<InputsOptions>();
    expectTypeOf<'robust'>().toExtend<EncodingOption>();
    expectTypeOf<Encoding>().toExtend<EncodingOption>();
    compiled(() => {
      inputs({
        numbers: { encode: 'piecewise', bins: 8, by: 'target', least: 3 },
        categories: { encode: 'embedding', outputDim: 4, missing: 'category' },
        booleans: 'ignore',
        times: { encode: 'cyclic', periods: ['day'] },
        columns: { a: { encode: 'minMax', range: [-1, 1], strategy: 'constant', value: 0 }, b: 'raw' },
        missing: 'fill',
        unseen: 'error',
      });
      // @ts-expect-error: unknown encoding
      inputs({ numbers: 'zscore' });
      // @ts-expect-error: an order needs its categories
      inputs({ columns: { size: 'ordinal' } });
      // @ts-expect-error: an option of another encoding
      inputs({ numbers: { encode: 'standard', bins: 8 } });
      // @ts-expect-error: numbers have no category of their own for gaps
      inputs({ numbers: { encode: 'standard', missing: 'category' } });
    });
  });
});
