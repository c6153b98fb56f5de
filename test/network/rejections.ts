// Bad calls of a network: the errors that they throw or reject with. They leave the network unchanged.

import { expect } from 'vitest';
import type { ErrorCode } from '../../lib/base/errors';
import type { Network } from '../../lib/network/network';
import { thrownBy } from '../support/bad-input';
import { snapshot } from './helpers';

/** One row of a table: the wrong value, and the error about it. */
export interface Rejection<T> {
  readonly what: string;
  readonly wrong: T;
  readonly error: typeof TypeError | typeof RangeError;
  readonly code: ErrorCode;
  readonly message: string;
}

// biome-ignore lint/suspicious/noExplicitAny: bad arguments are of any type
type Any = any;

export interface Method {
  readonly name: string;
  readonly takesLabels: boolean;
  readonly call: (net: Network, X: Any, Y: Any) => unknown;
}

/** Every method that takes samples. A loop over epochs counts as two: its start, and its first step. */
export const methods: readonly Method[] = [
  { name: 'fit', takesLabels: true, call: (net, X, Y) => net.fit(X, Y, { epochs: 1 }) },
  { name: 'fitSync', takesLabels: true, call: (net, X, Y) => net.fitSync(X, Y, { epochs: 1 }) },
  { name: 'epochs', takesLabels: true, call: (net, X, Y) => net.epochs(X, Y, { epochs: 1 }).next() },
  { name: 'evaluate', takesLabels: true, call: (net, X, Y) => net.evaluate(X, Y) },
  { name: 'evaluateSync', takesLabels: true, call: (net, X, Y) => net.evaluateSync(X, Y) },
  { name: 'gradients', takesLabels: true, call: (net, X, Y) => net.gradients(X, Y) },
  { name: 'predict', takesLabels: false, call: (net, X) => net.predict(X) },
  { name: 'predictSync', takesLabels: false, call: (net, X) => net.predictSync(X) },
];

/** The methods that reject. The others throw, and so does `epochs` for errors that it finds at the call. */
const asynchronous = ['fit', 'evaluate', 'predict'];

/**
 * Expects a call to throw or reject with exactly this error, as its method does, and the network to keep its parameters
 * and to be free.
 */
export async function expectRejected(
  name: string,
  net: Network,
  call: () => unknown,
  rejection: Pick<Rejection<unknown>, 'error' | 'code' | 'message'>,
): Promise<void> {
  const before = snapshot(net);
  const { error, code, message } = rejection;
  const got = await errorOf(name, call);
  expect(got).toMatchObject({ code, message });
  expect((got as Error).constructor).toBe(error);
  expect(snapshot(net)).toEqual(before);
  net.fitSync([Array(net.architecture[0]?.inputDim).fill(0)], [Array(outputs(net)).fill(0)], { epochs: 1 });
}

async function errorOf(name: string, call: () => unknown): Promise<unknown> {
  let result: unknown;
  const thrown = () => {
    result = call();
    if (result instanceof Promise) return;
    throw new Error(`${name} returned`);
  };
  if (asynchronous.includes(name)) thrown();
  else if (name === 'epochs') {
    try {
      thrown();
    } catch (error) {
      return error;
    }
  } else return thrownBy(call);
  return (result as Promise<unknown>).then(
    () => expect.fail(`Expected ${name} to reject`),
    (error) => error,
  );
}

function outputs(net: Network): number {
  return net.architecture[net.architecture.length - 1]?.outputDim ?? 0;
}
