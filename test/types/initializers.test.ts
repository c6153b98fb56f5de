// The public types of initialisers.
// This file must compile, except the lines under @ts-expect-error: `npm run check:types`, which test/house.test.ts
// runs, fails if a line is wrong or if one of those lines compiles.

import { expectTypeOf, test } from 'vitest';
import { type InitializerObject, type InitializerOption, initializers, type Network } from '../../lib/index';

/** Compiled and never run. */
function compiled(_: (net: Network) => unknown): void {}

test('initialisers are typed by their options', () => {
  expectTypeOf(initializers.orthogonal).returns.toEqualTypeOf<InitializerObject>();
  compiled((net) => {
    const named: InitializerOption[] = ['auto', 'lecunNormal', initializers.truncatedNormal()];
    initializers.initialParameters(net.parameters);
    initializers.initialParameters({ W1: [[1, 2]], b1: [3] }, 'zeros');
    // @ts-expect-error: a constant has a value
    initializers.constant();
    // @ts-expect-error: an abbreviation
    initializers.truncatedNormal({ std: 0.1 });
    // @ts-expect-error: no such parameter
    initializers.initialParameters({ weights: [1] });
    // @ts-expect-error: an initialiser is not the function that makes it
    const wrong: InitializerOption = initializers.orthogonal;
    return [named, wrong];
  });
});
