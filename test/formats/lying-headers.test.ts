// Headers that are false for their files, and the errors about them.

import { expect, it } from 'vitest';
import { type BadCall, itRejects } from '../support/bad-input';
import { doubles, fileOf, parse } from './helpers';

const data = doubles(1, 2);
const x = (fields: object) => ({ x: { dtype: 'F64', shape: [2], data_offsets: [0, 16], ...fields } });
const at = (begin: number, end: number, size = 1) => ({
  dtype: 'F64',
  shape: [size],
  data_offsets: [begin, end],
});

/** A row: a file with this header and 16 bytes of data gives this message, after the word Expected. */
const lies = (what: string, header: string | Uint8Array | object, message: string): BadCall =>
  refused(what, fileOf(header, data), message);

const refused = (what: string, file: Uint8Array, message: string): BadCall => ({
  what,
  call: () => parse(file),
  error: Error,
  code: 'ERR_BLASNET_FILE',
  message: `Expected ${message}`,
});

const name = '"model.safetensors"';

itRejects([
  refused('an empty file', Buffer.alloc(0), `the length of ${name} to be at least 8 bytes, got 0 bytes`),
  refused('half a length', Buffer.alloc(7), `the length of ${name} to be at least 8 bytes, got 7 bytes`),
  refused(
    'a header beyond the file',
    fileOf('{}', data, 19n),
    `the header's length (byte 0) of ${name} to be at most 18 bytes, the rest of the file, got 19 bytes`,
  ),
  refused(
    'the longest header that can be said',
    fileOf('{}', data, 2n ** 64n - 1n),
    `the header's length (byte 0) of ${name} to be at most 18 bytes, the rest of the file, got 18446744073709551615 bytes`,
  ),
  refused(
    'a header beyond the format’s limit',
    fileOf('{}', Buffer.alloc(100_000_001), 100_000_001n),
    `the header's length (byte 0) of ${name} to be at most 100000000 bytes, the format's limit, got 100000001 bytes`,
  ),
  refused(
    'a header of no bytes',
    fileOf('', data),
    `the header's first byte (byte 8) of ${name} to be {, got the end`,
  ),
  lies('a header that begins later', ' {}', `the header's first byte (byte 9) of ${name} to be {, got {`),
  lies('an array', '[]', `the header's first byte (byte 8) of ${name} to be {, got [`),
  lies('a byte-order mark', '\ufeff{}', `the header's first byte (byte 8) of ${name} to be {, got byte 0xef`),
  lies('more after it', '{}x', `the text after the header (byte 10) of ${name} to be only spaces, got x`),
  lies(
    'zeros after it',
    '{}\0',
    `the text after the header (byte 10) of ${name} to be only spaces, got byte 0x00`,
  ),
  lies(
    'a header without an end',
    '{"x":{"dtype":"F64"',
    `the text after an entry of tensor "x" (byte 27) of ${name} to be a comma or a closing brace, got the end`,
  ),
  lies(
    'a comma at the end',
    '{"x":{"dtype":"F64",}}',
    `a key of tensor "x" (byte 28) of ${name} to be a JSON string, got }`,
  ),
  lies('a key without quotes', '{x:1}', `a key of the header (byte 9) of ${name} to be a JSON string, got x`),
  lies(
    'a key without an end',
    '{"x',
    `a key of the header (byte 9) of ${name} to be a JSON string, got one without an end`,
  ),
  lies(
    'a key with its end escaped',
    '{"x\\"',
    `a key of the header (byte 9) of ${name} to be a JSON string, got one without an end`,
  ),
  lies(
    'a line break in a key',
    '{"\n":1}',
    `a key of the header (byte 9) of ${name} to be a JSON string, got "\\"\\n\\""`,
  ),
  lies(
    'bytes that are no UTF-8',
    Buffer.from('7b22c328223a317d', 'hex'),
    `a key of the header (byte 9) of ${name} to be a string in UTF-8, got other bytes`,
  ),
  lies(
    'half a character',
    '{"\\ud800":{}}',
    `a key of the header (byte 9) of ${name} to be a string without lone surrogates, got "\\ud800"`,
  ),
  lies(
    'no colon',
    '{"x" 1}',
    `the text after the key "x" of the header (byte 13) of ${name} to be a colon, got 1`,
  ),
  lies(
    'a tensor twice',
    '{"x":{"dtype":"F64","shape":[2],"data_offsets":[0,16]},"x":{}}',
    `a key of the header (byte 63) of ${name} to be unique, got "x" again`,
  ),
  lies(
    'a tensor twice, the second time in escapes',
    '{"x":{"dtype":"F64","shape":[2],"data_offsets":[0,16]},"\\u0078":{}}',
    `a key of the header (byte 63) of ${name} to be unique, got "x" again`,
  ),
  lies(
    'the metadata twice',
    '{"__metadata__":{},"__metadata__":{}}',
    `a key of the header (byte 27) of ${name} to be unique, got "__metadata__" again`,
  ),
  lies(
    'a line of the metadata twice',
    '{"__metadata__":{"a":"1","\\u0061":"2"}}',
    `a key of __metadata__ (byte 33) of ${name} to be unique, got "a" again`,
  ),
  lies(
    'a field of a tensor twice',
    '{"x":{"dtype":"F64","dtype":"F64"}}',
    `a key of tensor "x" (byte 28) of ${name} to be unique, got "dtype" again`,
  ),
  lies(
    'no object for the metadata',
    { __metadata__: 'x' },
    `__metadata__ (byte 24) of ${name} to be a JSON object, got a string`,
  ),
  lies(
    'null for the metadata',
    { __metadata__: null },
    `__metadata__ (byte 24) of ${name} to be a JSON object, got null`,
  ),
  lies(
    'a number in the metadata',
    { __metadata__: { epoch: 1 } },
    `"epoch" of __metadata__ (byte 33) of ${name} to be a JSON string, got 1`,
  ),
  lies('no object for a tensor', { x: [] }, `tensor "x" (byte 13) of ${name} to be a JSON object, got [`),
  ...['dtype', 'shape', 'data_offsets'].map((key) =>
    lies(
      `a tensor without ${key}`,
      x({ [key]: undefined }),
      `tensor "x" (byte 13) of ${name} to be an object with ${key}, got one without it`,
    ),
  ),
  lies(
    'a field that tensors do not have',
    x({ stride: [1] }),
    `a key of tensor "x" (byte 62) of ${name} to be one of dtype, shape, data_offsets, got "stride"`,
  ),
  lies(
    'an unknown dtype',
    x({ dtype: 'F128' }),
    `dtype of tensor "x" (byte 22) of ${name} to be one of F64, F32, I64, U64, I32, U32, I16, U16, I8, U8, BOOL, F16, BF16, F8_E4M3, F8_E5M2, F8_E8M0, got "F128"`,
  ),
  lies(
    'a number for the dtype',
    x({ dtype: 7 }),
    `dtype of tensor "x" (byte 22) of ${name} to be a JSON string, got 7`,
  ),
  lies(
    'a number for the shape',
    x({ shape: 2 }),
    `shape of tensor "x" (byte 36) of ${name} to be a JSON array, got 2`,
  ),
  ...(['-1', '2.0', '2e0', '02', '9007199254740992', '1e999', 'NaN', 'null', '+2', '0x2'] as const).map(
    (size) =>
      lies(
        `a size of ${size}`,
        `{"x":{"dtype":"F64","shape":[${size}],"data_offsets":[0,16]}}`,
        `shape[0] of tensor "x" (byte 37) of ${name} to be an integer from 0 to 2^53 - 1, got ${size}`,
      ),
  ),
  lies(
    'a size in a string',
    x({ shape: ['2'] }),
    `shape[0] of tensor "x" (byte 37) of ${name} to be an integer from 0 to 2^53 - 1, got a string`,
  ),
  lies(
    'a shape without an end',
    '{"x":{"shape":[2}}',
    `the text after an element of shape of tensor "x" (byte 24) of ${name} to be a comma or a closing bracket, got }`,
  ),
  lies(
    'a shape of more elements than there are numbers',
    x({ shape: [2 ** 31, 2 ** 31] }),
    `shape of tensor "x" of ${name} to be one of at most 2^53 - 1 bytes, got [2147483648, 2147483648]`,
  ),
  lies(
    'elements that fit, of too many bytes',
    x({ shape: [2 ** 51] }),
    `shape of tensor "x" of ${name} to be one of at most 2^53 - 1 bytes, got [2251799813685248]`,
  ),
  lies(
    'sizes that are too many before a zero',
    x({ shape: [2 ** 52, 2, 1, 1, 1, 1, 1, 1, 0] }),
    `shape of tensor "x" of ${name} to be one of at most 2^53 - 1 bytes, got [4503599627370496, 2, 1, 1, 1, 1, 1, 1, ...]`,
  ),
  lies(
    'one offset',
    x({ data_offsets: [0] }),
    `data_offsets of tensor "x" of ${name} to be a begin and an end, got 1 numbers`,
  ),
  lies(
    'a tensor longer than its shape',
    x({ shape: [1] }),
    `data_offsets[1] of tensor "x" of ${name} to be 8, for 8 bytes of F64 [1], got 16`,
  ),
  lies(
    'a tensor shorter than its shape',
    x({ shape: [2, 2] }),
    `data_offsets[1] of tensor "x" of ${name} to be 32, for 32 bytes of F64 [2, 2], got 16`,
  ),
  lies(
    'an end before the begin',
    { a: at(0, 8), b: at(8, 0) },
    `data_offsets[1] of tensor "b" of ${name} to be 16, for 8 bytes of F64 [1], got 0`,
  ),
  lies(
    'a hole before the first tensor',
    { a: at(8, 16) },
    `data_offsets[0] of tensor "a" of ${name} to be 0, where the tensor before it ends, got 8`,
  ),
  lies(
    'a hole between two',
    { a: at(0, 8), b: at(9, 17) },
    `data_offsets[0] of tensor "b" of ${name} to be 8, where the tensor before it ends, got 9`,
  ),
  lies(
    'two that overlap',
    { a: at(0, 8), b: at(4, 12) },
    `data_offsets[0] of tensor "b" of ${name} to be 8, where the tensor before it ends, got 4`,
  ),
  lies(
    'two in one place',
    { a: at(0, 16, 2), b: at(0, 16, 2) },
    `data_offsets[0] of tensor "b" of ${name} to be 16, where the tensor before it ends, got 0`,
  ),
  lies(
    'data of nobody',
    { a: at(0, 8) },
    `the data of ${name} to be 8 bytes, as the header says, got 16 bytes`,
  ),
  lies(
    'data that are not there',
    { a: at(0, 32, 4) },
    `the data of ${name} to be 32 bytes, as the header says, got 16 bytes`,
  ),
  lies(
    'a terabyte that is not there',
    { a: at(0, 2 ** 40, 2 ** 37) },
    `the data of ${name} to be 1099511627776 bytes, as the header says, got 16 bytes`,
  ),
  ...[{ format: 'blasnet' }, { 'blasnet.note': 'x' }].map((metadata) =>
    lies(
      `${JSON.stringify(metadata)} without a digest`,
      { __metadata__: metadata, ...x({}) },
      `"blasnet.sha256" of __metadata__ of ${name} to be present, as in every file of blasnet, got none; with verifyChecksum: false, Network.load reads it anyway`,
    ),
  ),
]);

it('the reader rejects a digest of something else, and says both digests', () => {
  const metadata = { 'blasnet.sha256': 'f'.repeat(64) };
  expect(() => parse(fileOf({ __metadata__: metadata, ...x({}) }, data))).toThrow(
    /^Expected the SHA-256 of "model.safetensors" to be "f{64}", as its metadata says, got "[0-9a-f]{64}": another program has written the file anew, and kept the old SHA-256; with verifyChecksum: false, Network.load reads it anyway$/,
  );
  // The header writes its digest with an escape.
  expect(() => parse(fileOf(`{"__metadata__":{"blasnet.sha256":"\\u0066"}}`))).toThrow(
    /^Expected the SHA-256 of "model.safetensors" to be "f", as its metadata says, got/,
  );
});

it('the reader keeps a file’s names short and on one line in its message', () => {
  expect(() => parse(fileOf({ [`a\n${'b'.repeat(1000)}`]: 1 }))).toThrow(
    `Expected tensor "a\\n${'b'.repeat(195)}..." (byte 1015) of "model.safetensors" to be a JSON object, got 1`,
  );
});
