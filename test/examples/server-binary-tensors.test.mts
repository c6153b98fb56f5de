// The extension binary_tensor_data of the Open Inference Protocol in examples/server/, as KServe specifies it: bytes behind the
// JSON, little-endian.

import { afterAll, beforeAll, expect, it } from 'vitest';
import { customer, Service } from './service.js';

const path = '/v2/models/credit/infer';
const younger = { ...customer, Age: 21, Job: 'fixed', Income: 140 };
const records: readonly Record<string, unknown>[] = [customer, younger];

let service: Service;
beforeAll(async () => {
  service = await Service.startReady();
});
afterAll(async () => {
  expect(await service.stop()).toBe(0);
});

const little = true;
const view = (size: number, write: (view: DataView) => void) => {
  const bytes = Buffer.alloc(size);
  write(new DataView(bytes.buffer, bytes.byteOffset, size));
  return bytes;
};
/** How a client writes an element. Halves are those of 21, 30, 60 and so on, which it takes from a table. */
const writers: Record<string, (value: number) => Buffer> = {
  UINT8: (value) => Buffer.from([value]),
  UINT16: (value) => view(2, (bytes) => bytes.setUint16(0, value, little)),
  UINT32: (value) => view(4, (bytes) => bytes.setUint32(0, value, little)),
  UINT64: (value) => view(8, (bytes) => bytes.setBigUint64(0, BigInt(value), little)),
  INT8: (value) => Buffer.from([value]),
  INT16: (value) => view(2, (bytes) => bytes.setInt16(0, value, little)),
  INT32: (value) => view(4, (bytes) => bytes.setInt32(0, value, little)),
  INT64: (value) => view(8, (bytes) => bytes.setBigInt64(0, BigInt(value), little)),
  FP16: (value) =>
    view(2, (bytes) => bytes.setUint16(0, { 21: 0x4d40, 30: 0x4f80 }[value] as number, little)),
  FP32: (value) => view(4, (bytes) => bytes.setFloat32(0, value, little)),
  FP64: (value) => view(8, (bytes) => bytes.setFloat64(0, value, little)),
};

function bytesOf(datatype: string, values: readonly unknown[]): Buffer {
  if (datatype !== 'BYTES') {
    return Buffer.concat(
      values.map((value) => writers[datatype]?.((value ?? Number.NaN) as number) as Buffer),
    );
  }
  return Buffer.concat(
    values.flatMap((value) => {
      const text = Buffer.from(String(value));
      return [view(4, (bytes) => bytes.setUint32(0, text.length, little)), text];
    }),
  );
}

/** A request whose numbers and texts are bytes; `ages` is the datatype of the column Age. */
function request(ages = 'FP64', more: object = {}) {
  const parts: Buffer[] = [];
  const inputs = Object.keys(customer).map((name) => {
    const values = records.map((record) => record[name]);
    const datatype = typeof values[1] === 'string' ? 'BYTES' : name === 'Age' ? ages : 'FP64';
    const bytes = bytesOf(datatype, values);
    parts.push(bytes);
    return { name, shape: [2, 1], datatype, parameters: { binary_data_size: bytes.length } };
  });
  return { json: { inputs, ...more }, bytes: Buffer.concat(parts) };
}

async function send({ json, bytes }: { json: object; bytes: Buffer }, size?: string) {
  const head = Buffer.from(JSON.stringify(json));
  const headers = { 'inference-header-content-length': size ?? String(head.length) };
  const body = Buffer.concat([head, bytes]);
  const response = await fetch(service.url + path, { method: 'POST', headers, body });
  return {
    status: response.status,
    headers: response.headers,
    body: Buffer.from(await response.arrayBuffer()),
  };
}

const expected = async () => (await service.post('/probabilities/batch', records)).body.probabilities;

it.each(Object.keys(writers))(
  'an inference takes bytes of %s, in which NaN is not known',
  async (datatype) => {
    const [a, b] = await expected();
    const { status, body } = await send(request(datatype));
    expect(status, String(body)).toBe(200);
    const { outputs } = JSON.parse(String(body));
    expect(outputs[1].data).toEqual([a.good, a.bad, b.good, b.bad]);
  },
);

it('an inference gives as bytes what is asked for as bytes', async () => {
  const [a, b] = await expected();
  const outputs = [{ name: 'prediction' }, { name: 'probabilities', parameters: { binary_data: true } }];
  const { headers, body } = await send(request('INT64', { outputs }));
  const size = Number(headers.get('inference-header-content-length'));
  expect(JSON.parse(body.toString('utf8', 0, size)).outputs).toEqual([
    { name: 'prediction', shape: [2, 1], datatype: 'BYTES', data: [expect.any(String), expect.any(String)] },
    { name: 'probabilities', shape: [2, 2], datatype: 'FP64', parameters: { binary_data_size: 32 } },
  ]);
  const bytes = body.subarray(size);
  expect(bytes.length).toBe(32);
  expect([0, 8, 16, 24].map((at) => bytes.readDoubleLE(at))).toEqual([a.good, a.bad, b.good, b.bad]);
});

it('an inference gives all outputs as bytes, as the clients of Triton ask, also for a request of JSON', async () => {
  const { json, bytes } = request('FP64', { parameters: { binary_data_output: true } });
  const { headers, body } = await send({ json, bytes });
  const size = Number(headers.get('inference-header-content-length'));
  const { outputs } = JSON.parse(body.toString('utf8', 0, size));
  const sizes = outputs.map(({ parameters }: { parameters: { binary_data_size: number } }) => parameters);
  expect(sizes[1]).toEqual({ binary_data_size: 32 });
  // The last output has the names of the classes.
  expect(body.subarray(-bytesOf('BYTES', ['good', 'bad']).length)).toEqual(bytesOf('BYTES', ['good', 'bad']));
});

it.each([
  {
    what: 'a size of the JSON that is none',
    size: 'x',
    error: /^Expected the header inference-header-content-length/,
  },
  {
    what: 'a size beyond the body',
    size: '99999',
    error: /^Expected the header inference-header-content-length/,
  },
  { what: 'bytes too few', cut: -1, error: 'Expected 16 bytes for "Time", got 15' },
  { what: 'bytes too many', more: 3, error: /^Expected \d+ bytes behind the JSON, got \d+$/ },
  {
    what: 'half an element',
    datatype: 'FP64',
    by: 12,
    error: 'Expected the bytes of "Age" to be a multiple of 8, got 12',
  },
  {
    what: 'an unknown datatype',
    datatype: 'constructor',
    error: 'Expected the datatype of "Age" to be one of the protocol\'s',
  },
  {
    what: 'texts without lengths',
    datatype: 'BYTES',
    error: 'Expected the bytes of "Age" to be texts behind their lengths',
  },
])(
  'an inference refuses $what with 400 and an error',
  async ({ size, cut, more = 0, datatype, by, error }) => {
    const { json, bytes } = request();
    const [age] = json.inputs;
    if (datatype !== undefined && age !== undefined) {
      age.datatype = datatype;
      age.parameters.binary_data_size = by ?? age.parameters.binary_data_size;
    }
    const body = Buffer.concat([bytes.subarray(0, cut), Buffer.alloc(more)]);
    const answer = await send({ json, bytes: body }, size);
    expect({ status: answer.status, body: JSON.parse(String(answer.body)) }).toEqual({
      status: 400,
      body: { error: typeof error === 'string' ? error : expect.stringMatching(error) },
    });
  },
);
