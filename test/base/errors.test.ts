import { describe, expect, it } from 'vitest';
import {
  AbortError,
  argumentError,
  blasnetError,
  describe as describeValue,
  type ErrorCode,
} from '../../lib/base/errors';
import { inChild, type Library } from '../network/child';

// Callers match on these, so that changing a class or a code is a breaking change.
const classes: Record<ErrorCode, ErrorConstructor> = {
  ERR_BLASNET_ARG_TYPE: TypeError,
  ERR_BLASNET_ARG_VALUE: RangeError,
  ERR_BLASNET_UNKNOWN_OPTION: TypeError,
  ERR_BLASNET_UNKNOWN_NAME: RangeError,
  ERR_BLASNET_SHAPE: RangeError,
  ERR_BLASNET_NOT_FINITE: RangeError,
  ERR_BLASNET_DTYPE: TypeError,
  ERR_BLASNET_DETACHED: TypeError,
  ERR_BLASNET_RESIZABLE: TypeError,
  ERR_BLASNET_DIVERGED: RangeError,
  ERR_BLASNET_BUSY: Error,
  ERR_BLASNET_READ_ONLY: Error,
  ERR_BLASNET_VERSION: Error,
  ERR_BLASNET_FILE: Error,
  ERR_BLASNET_SOURCE: Error,
  ERR_BLASNET_NOT_FITTED: Error,
  ERR_BLASNET_MEMORY: Error,
  ERR_BLASNET_THREAD: Error,
  ERR_BLASNET_NO_MODEL: Error,
  ERR_BLASNET_QUEUE_FULL: Error,
  ERR_BLASNET_CLOSED: Error,
  ERR_BLASNET_RANKS: Error,
  ERR_BLASNET_WORKER: Error,
  ERR_BLASNET_LOAD: Error,
};

describe('blasnetError', () => {
  it.each(Object.entries(classes))('gives %s its class', (code, errorClass) => {
    const cause = new Error('the cause');
    const error = blasnetError(code as ErrorCode, 'the message', { cause });
    expect(error.constructor).toBe(errorClass);
    expect(error).toMatchObject({ code, message: 'the message', cause });
    expect(Object.keys(error)).toContain('code');
  });

  it('keeps the code from being overwritten', () => {
    const error = blasnetError('ERR_BLASNET_BUSY', 'busy');
    expect(() => Object.assign(error, { code: 'OTHER' })).toThrow(TypeError);
  });
});

describe('argumentError', () => {
  it('says the argument, the rule and the value in one sentence', () => {
    const error = argumentError('ERR_BLASNET_ARG_VALUE', 'layers[1].outputDim', 'a positive integer', 0);
    expect(error.message).toBe('Expected layers[1].outputDim to be a positive integer, got 0 (number)');
    expect(error).toBeInstanceOf(RangeError);
  });
});

describe('describe', () => {
  class Custom {}
  it.each<[unknown, string]>([
    [null, 'null'],
    [undefined, 'undefined'],
    [0, '0 (number)'],
    [Number.NaN, 'NaN (number)'],
    [10n, '10 (bigint)'],
    [true, 'true (boolean)'],
    ['a "b"', '"a \\"b\\"" (string)'],
    ['x'.repeat(60), `"${'x'.repeat(60)}" (string)`],
    ['x'.repeat(61), `"${'x'.repeat(57)}..." (string)`],
    [Symbol('s'), 'Symbol(s)'],
    [Math.max, 'function max'],
    [() => 0, 'a function'],
    [[1, 2], 'an array of length 2'],
    [new Float32Array(3), 'a Float32Array of length 3'],
    [new Uint8Array(3), 'a Uint8Array of length 3'],
    [new Int8Array(3), 'an Int8Array of length 3'],
    [new DataView(new ArrayBuffer(1)), 'a DataView'],
    [{}, 'an object (Object)'],
    [new Custom(), 'an object (Custom)'],
    [Object.create(null), 'an object (no class)'],
    [{ constructor: 1 }, 'an object (no class)'],
  ])('describes value %# (%o)', (value, text) => {
    expect(describeValue(value)).toBe(text);
  });
});

describe('AbortError', () => {
  it("follows Node's convention", () => {
    const reason = new Error('enough');
    const error = new AbortError(reason);
    expect(error).toBeInstanceOf(Error);
    expect(error).toMatchObject({
      name: 'AbortError',
      code: 'ABORT_ERR',
      message: 'The operation was aborted',
      cause: reason,
    });
  });
});

it('an error that nobody catches shows the line that threw it, and no other code', async () => {
  const { stderr } = await inChild((path) => {
    const { Network }: Library = require(path);
    new Network([]);
  }, {});
  const [place, line] = stderr.split('\n');
  expect(place).toMatch(/dist\/index\.js:\d+$/);
  expect(line).toMatch(/^ +throw argumentError\([^;]+;$/);
});
