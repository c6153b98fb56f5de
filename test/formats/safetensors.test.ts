import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeSafetensors, littleEndian, type Tensor } from '../../lib/formats/safetensors';
import { itRejects, thrownBy } from '../support/bad-input';
import { doubles, fileOf, headerOf, parse, serialized } from './helpers';

const settings = { seed: 1, numRuns: 2000 };

// Two float32 tensors and an empty one, in the layout of the format's specification and its Rust library. Each byte is
// written by hand, so that the test does not depend on the library.
const example = Buffer.concat([
  Buffer.from([0xc8, 0, 0, 0, 0, 0, 0, 0]),
  Buffer.from(
    '{"__metadata__":{"format":"pt"},' +
      '"a":{"dtype":"F32","shape":[2,1],"data_offsets":[0,8]},' +
      '"empty":{"dtype":"I64","shape":[0],"data_offsets":[8,8]},' +
      '"b":{"dtype":"U8","shape":[],"data_offsets":[8,9]}}     ',
    'latin1',
  ),
  // 1.5 and -2 in IEEE single precision, least significant byte first; then the byte 7
  Buffer.from([0, 0, 0xc0, 0x3f, 0, 0, 0, 0xc0, 7]),
]);

const kinds = { F64: Float64Array, F32: Float32Array, I32: Int32Array, U32: Uint32Array, U8: Uint8Array };

const anyTensors: fc.Arbitrary<Tensor[]> = fc.uniqueArray(
  fc
    .record({
      name: fc.string({ unit: 'grapheme' }).filter((name) => name !== '__metadata__'),
      dtype: fc.constantFrom(...(Object.keys(kinds) as (keyof typeof kinds)[])),
      shape: fc.array(fc.nat(3), { maxLength: 3 }),
      bytes: fc.uint8Array({ minLength: 27 * 8, maxLength: 27 * 8 }),
    })
    .map(({ name, dtype, shape, bytes }) => {
      const length = shape.reduce((product, size) => product * size, 1);
      return { name, dtype, shape, data: new kinds[dtype](bytes.buffer as ArrayBuffer, 0, length) };
    }),
  { selector: ({ name }) => name, maxLength: 6 },
);
const anyMetadata = fc.dictionary(fc.string({ unit: 'grapheme' }), fc.string({ unit: 'grapheme' }));

const raw = ({ data }: Tensor) => Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('hex');
const byName = (tensors: readonly Tensor[]) =>
  new Map(tensors.map((tensor) => [tensor.name, { ...tensor, data: raw(tensor) }]));

describe('parseSafetensors', () => {
  it('reads the specification’s layout', () => {
    const { tensors, metadata } = parse(example);
    expect(tensors).toEqual([
      { name: 'a', dtype: 'F32', shape: [2, 1], data: Float32Array.of(1.5, -2) },
      { name: 'empty', dtype: 'I64', shape: [0], data: new BigInt64Array(0) },
      { name: 'b', dtype: 'U8', shape: [], data: Uint8Array.of(7) },
    ]);
    expect({ ...metadata }).toEqual({ format: 'pt' });
  });

  it('takes tensors in any order of names, orders them by their bytes, and needs no metadata', () => {
    const header = {
      second: { shape: [1], data_offsets: [8, 16], dtype: 'F64' },
      first: { dtype: 'F64', shape: [1, 1], data_offsets: [0, 8] },
      none: { dtype: 'F64', shape: [0, 9], data_offsets: [0, 0] },
    };
    const { tensors, metadata } = parse(fileOf(header, doubles(1, 2)));
    expect(tensors.map(({ name, data }) => [name, Array.from(data as Float64Array)])).toEqual([
      ['none', []],
      ['first', [1]],
      ['second', [2]],
    ]);
    expect(Object.keys(metadata)).toEqual([]);
    expect(parse(fileOf('{}')).tensors).toEqual([]);
  });

  it('reads elements that are not aligned', () => {
    const header = '{"x":{"dtype":"F64","shape":[1],"data_offsets":[0,8]}}';
    for (const spaces of [0, 1, 2, 3]) {
      const file = fileOf(header + ' '.repeat(spaces), doubles(5));
      expect(parse(file).tensors[0]?.data).toEqual(Float64Array.of(5));
    }
  });

  it('takes every key as a key, those of prototypes too', () => {
    const tensor = { dtype: 'U8', shape: [0], data_offsets: [0, 0] };
    const text = `{"__metadata__":{"__proto__":"x","constructor":"y"},"__proto__":${JSON.stringify(tensor)}}`;
    const { tensors, metadata } = parse(fileOf(text));
    expect(tensors.map(({ name }) => name)).toEqual(['__proto__']);
    expect(Object.entries(metadata)).toEqual([
      ['__proto__', 'x'],
      ['constructor', 'y'],
    ]);
    expect(({} as Record<string, unknown>).shape).toBeUndefined();
  });

  it('reads JSON as JSON.parse does: escapes, other characters, white space', () => {
    const text =
      '\t{ "\\u0061\\n\\"ü😀\\ud83d\\ude00" : { "shape":[ 1 , 0 ],\r\n"dtype":"U8","data_offsets":[0,0] } } ';
    const file = fileOf(text.trim());
    expect(parse(file).tensors[0]?.name).toBe('a\n"ü😀😀');
    expect(parse(file).tensors[0]?.shape).toEqual([1, 0]);
  });
});

describe('encodeSafetensors', () => {
  it('writes a known file', () => {
    const file = serialized(
      [
        { name: 'b', dtype: 'F32', shape: [1], data: Float32Array.of(1.5) },
        { name: 'a', dtype: 'F32', shape: [1], data: Float32Array.of(-2) },
        { name: 'z', dtype: 'F64', shape: [1, 1], data: Float64Array.of(3) },
      ],
      { key: 'value', format: 'ignored' },
    );
    const digest = headerOf(file).slice(35, 99);
    const header =
      `{"__metadata__":{"blasnet.sha256":"${digest}","format":"blasnet","key":"value"},` +
      '"z":{"dtype":"F64","shape":[1,1],"data_offsets":[0,8]},' +
      '"a":{"dtype":"F32","shape":[1],"data_offsets":[8,12]},' +
      '"b":{"dtype":"F32","shape":[1],"data_offsets":[12,16]}}';
    expect(headerOf(file).trimEnd()).toBe(header);
    expect(headerOf(file).length % 8).toBe(0);
    const data = file.subarray(-16);
    expect(data.toString('hex')).toBe(`${doubles(3).toString('hex')}000000c00000c03f`);
    const start = file.indexOf(digest);
    expect(digest).toBe(
      createHash('sha256')
        .update(file.subarray(0, start))
        .update('0'.repeat(64))
        .update(file.subarray(start + 64))
        .digest('hex'),
    );
  });

  it('does not copy the tensors, shared memory neither', () => {
    const data = new Float64Array(new SharedArrayBuffer(32)).subarray(1, 3);
    data.set([1, 2]);
    const { chunks } = encodeSafetensors([{ name: 'x', dtype: 'F64', shape: [2], data }]);
    const [chunk] = chunks;
    expect(chunk?.buffer).toBe(data.buffer);
    expect([chunk?.byteOffset, chunk?.byteLength]).toEqual([8, 16]);
  });

  it('makes identical bytes from identical content, in every order', () => {
    fc.assert(
      fc.property(anyTensors, anyMetadata, (tensors, metadata) => {
        const reversed = Object.fromEntries(Object.entries(metadata).reverse());
        expect(serialized([...tensors].reverse(), reversed).equals(serialized(tensors, metadata))).toBe(true);
      }),
      { ...settings, numRuns: 200 },
    );
  });

  it('is read back as it was', () => {
    fc.assert(
      fc.property(anyTensors, anyMetadata, (tensors, metadata) => {
        const file = new Uint8Array(serialized(tensors, metadata));
        const back = parse(file);
        expect(byName(back.tensors)).toEqual(byName(tensors));
        const { 'blasnet.sha256': digest, ...rest } = back.metadata;
        expect(digest).toMatch(/^[0-9a-f]{64}$/);
        const { 'blasnet.sha256': _, ...given } = metadata;
        expect(new Map(Object.entries(rest))).toEqual(
          new Map(Object.entries({ ...given, format: 'blasnet' })),
        );
      }),
      { ...settings, numRuns: 500 },
    );
  });

  const tensor: Tensor = { name: 'x', dtype: 'F64', shape: [2], data: new Float64Array(2) };
  itRejects([
    {
      what: 'a name twice',
      call: () => encodeSafetensors([tensor, tensor]),
      error: RangeError,
      code: 'ERR_BLASNET_ARG_VALUE',
      message:
        'Expected the name of a tensor to be different from "__metadata__" and from the names of the other tensors, got "x" (string)',
    },
    {
      what: 'the name of the metadata',
      call: () => encodeSafetensors([{ ...tensor, name: '__metadata__' }]),
      error: RangeError,
      code: 'ERR_BLASNET_ARG_VALUE',
      message:
        'Expected the name of a tensor to be different from "__metadata__" and from the names of the other tensors, got "__metadata__" (string)',
    },
    {
      what: 'half a character in a name',
      call: () => encodeSafetensors([{ ...tensor, name: 'x\ud83d' }]),
      error: RangeError,
      code: 'ERR_BLASNET_ARG_VALUE',
      message:
        'Expected the name of a tensor to be a string without lone surrogates, got "x\\ud83d" (string)',
    },
    {
      what: 'half a character in the metadata',
      call: () => encodeSafetensors([], { key: '\ude00' }),
      error: RangeError,
      code: 'ERR_BLASNET_ARG_VALUE',
      message: 'Expected the metadata to be a string without lone surrogates, got "\\ude00" (string)',
    },
    {
      what: 'data of another kind',
      call: () => encodeSafetensors([{ ...tensor, dtype: 'F32' }]),
      error: TypeError,
      code: 'ERR_BLASNET_ARG_TYPE',
      message: 'Expected tensor "x" to be of type Float32Array, for F32, got a Float64Array of length 2',
    },
    {
      what: 'data of another length',
      call: () => encodeSafetensors([{ ...tensor, shape: [3, 1] }]),
      error: RangeError,
      code: 'ERR_BLASNET_SHAPE',
      message: 'Expected tensor "x" to be of F64 [3, 1], got a Float64Array of length 2',
    },
    {
      what: 'a header beyond the format’s limit',
      call: () => encodeSafetensors([], { key: 'x'.repeat(100_000_000) }),
      error: RangeError,
      code: 'ERR_BLASNET_ARG_VALUE',
      message: 'Expected the length of the header to be at most 100000000 bytes, got 100000136 (number)',
    },
  ]);
});

describe('damage', () => {
  const file = serialized(
    [
      { name: 'W1', dtype: 'F64', shape: [2, 2], data: Float64Array.of(1, 2, 3, 4) },
      { name: 'b1', dtype: 'F32', shape: [2], data: Float32Array.of(5, 6) },
    ],
    { note: 'ü' },
  );
  const refused = (bytes: Uint8Array) =>
    expect(thrownBy(() => parse(bytes))).toMatchObject({ code: 'ERR_BLASNET_FILE' });

  it('is found wherever the file ends early, or late', () => {
    for (let length = 0; length < file.length; length++) refused(file.subarray(0, length));
    refused(Buffer.concat([file, Buffer.alloc(1)]));
  });

  // The plain file has only the two entries that the writer adds, for the digest.
  it.each([
    ['with metadata', file],
    ['without metadata', serialized([])],
  ])('is found in every single bit of a file %s', (_, whole) => {
    expect(() => parse(whole)).not.toThrow();
    const bytes = Buffer.from(whole);
    for (let bit = 0; bit < 8 * bytes.length; bit++) {
      const byte = bit >> 3;
      bytes[byte] = (bytes[byte] as number) ^ (1 << (bit & 7));
      refused(bytes);
      bytes[byte] = whole[byte] as number;
    }
  });

  const edits = fc.array(fc.tuple(fc.nat(file.length - 1), fc.integer({ min: 1, max: 255 })), {
    minLength: 1,
    maxLength: 8,
  });

  it('is found in bytes changed at random', () => {
    fc.assert(
      fc.property(edits, (list) => {
        const bytes = Buffer.from(file);
        for (const [at, change] of list) bytes[at] = (bytes[at] as number) ^ change;
        if (!bytes.equals(file)) refused(bytes);
      }),
      settings,
    );
  });

  it('makes of a file without a digest either an error of the file or another valid file', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(example.length - 1), fc.nat(255)), { maxLength: 3 }), (list) => {
        const bytes = Buffer.from(example);
        for (const [at, value] of list) bytes[at] = value;
        try {
          parse(bytes);
        } catch (error) {
          expect(error).toMatchObject({ code: 'ERR_BLASNET_FILE' });
        }
      }),
      settings,
    );
  });

  it('stops the reader when it is in the header’s text, however long and deep that is', () => {
    for (const part of ['[', '{"":', '"', '\\', '1', '{"a":[', ' ']) {
      const size = Math.ceil(2 ** 20 / part.length);
      refused(fileOf(`{"x":${part.repeat(size)}`));
      refused(fileOf(`{"x":{"dtype":"U8","shape":[${part.repeat(size)}`));
    }
  });
});

it('the elements are turned round where the machine is big-endian', () => {
  const bytes = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8);
  expect(littleEndian(bytes, 8, 'LE')).toBe(bytes);
  expect([...littleEndian(bytes, 8, 'BE')]).toEqual([8, 7, 6, 5, 4, 3, 2, 1]);
  expect([...littleEndian(bytes, 4, 'BE')]).toEqual([4, 3, 2, 1, 8, 7, 6, 5]);
  expect([...littleEndian(bytes, 2, 'BE')]).toEqual([2, 1, 4, 3, 6, 5, 8, 7]);
  expect(littleEndian(bytes, 1, 'BE')).toBe(bytes);
  expect([...bytes]).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
  expect(parse(example).tensors.length).toBe(3);
});
