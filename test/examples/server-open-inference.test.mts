// The second face of examples/server/: the Open Inference Protocol, endpoint by endpoint as its specification words them.
// https://github.com/kserve/open-inference-protocol/blob/main/specification/protocol/inference_rest.md

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { customer, Service } from './service.js';

const integers = ['Age', 'Seniority', 'Expenses', 'Amount', 'Price', 'Time'];
const names = Object.keys(customer);

/** The tensors of some records, as a client makes them. */
function tensorsOf(records: readonly Record<string, unknown>[]) {
  return names.map((name) => {
    const values = records.map((record) => record[name]);
    const texts = values.some((value) => typeof value === 'string');
    const datatype = texts ? 'BYTES' : integers.includes(name) ? 'INT64' : 'FP64';
    return { name, shape: [records.length, 1], datatype, data: values };
  });
}

const younger = { ...customer, Age: 21, Job: 'fixed', Income: 140 };
const inputs = tensorsOf([customer, younger]);
const [first, ...others] = inputs as [(typeof inputs)[0], ...typeof inputs];

let service: Service;
beforeAll(async () => {
  service = await Service.startReady();
});
afterAll(async () => {
  expect(await service.stop()).toBe(0);
});

describe('the health of the protocol', () => {
  it('says in live whether the server is able to receive and respond to requests', async () => {
    expect(await service.get('/v2/health/live')).toMatchObject({ status: 200, body: { live: true } });
  });

  it('says in ready whether all the models are ready for inferencing', async () => {
    expect(await service.get('/v2/health/ready')).toMatchObject({
      status: 200,
      body: { live: true, ready: true },
    });
  });

  it.each(['/v2/models/credit/ready', '/v2/models/credit/versions/1/ready'])(
    'says at %s whether the model is ready, with its name',
    async (path) => {
      const answer = await service.get(path);
      expect({ status: answer.status, body: answer.body }).toEqual({
        status: 200,
        body: { name: 'credit', ready: true },
      });
    },
  );
});

describe('the metadata of the protocol', () => {
  it.each(['/v2', '/v2/'])('at %s have name, version and extensions of the server', async (path) => {
    const { status, body } = await service.get(path);
    expect({ status, body }).toEqual({
      status: 200,
      body: {
        name: 'blasnet-example-server',
        version: expect.stringMatching(/^\d+\.\d+\.\d+/),
        extensions: ['binary_tensor_data'],
      },
    });
  });

  it.each(['/v2/models/credit', '/v2/models/credit/versions/1'])(
    'at %s have name, versions, platform, inputs and outputs of the model',
    async (path) => {
      const { status, body } = await service.get(path);
      expect(status).toBe(200);
      expect(Object.keys(body)).toEqual(['name', 'versions', 'platform', 'inputs', 'outputs']);
      expect(body).toMatchObject({ name: 'credit', versions: ['1'], platform: 'blasnet_safetensors' });
      expect(body.inputs.map(({ name }: { name: string }) => name).sort()).toEqual([...names].sort());
      expect(body.inputs).toContainEqual({ name: 'Age', datatype: 'FP64', shape: [-1, 1] });
      expect(body.inputs).toContainEqual({ name: 'Job', datatype: 'BYTES', shape: [-1, 1] });
      expect(body.outputs).toEqual([
        { name: 'prediction', datatype: 'BYTES', shape: [-1, 1] },
        { name: 'probabilities', datatype: 'FP64', shape: [-1, 2] },
        { name: 'classes', datatype: 'BYTES', shape: [2] },
      ]);
    },
  );
});

describe('an inference', () => {
  it.each(['/v2/models/credit/infer', '/v2/models/credit/versions/1/infer'])(
    'at %s gives all outputs, with the id of the request, and what predict says',
    async (path) => {
      const { status, body } = await service.post(path, { id: '42', parameters: { a: 1 }, inputs });
      expect(status).toBe(200);
      const [a, b] = (await service.post('/probabilities/batch', [customer, younger])).body.probabilities;
      const { predictions } = (await service.post('/predict/batch', [customer, younger])).body;
      expect(body).toEqual({
        ...{ model_name: 'credit', model_version: '1', id: '42' },
        outputs: [
          { name: 'prediction', shape: [2, 1], datatype: 'BYTES', data: predictions },
          { name: 'probabilities', shape: [2, 2], datatype: 'FP64', data: [a.good, a.bad, b.good, b.bad] },
          { name: 'classes', shape: [2], datatype: 'BYTES', data: ['good', 'bad'] },
        ],
      });
    },
  );

  it('gives one record the same as among others, and has no id if none was given', async () => {
    const outputs = [{ name: 'probabilities', parameters: { binary_data: false } }];
    const alone = await service.post('/v2/models/credit/infer', { inputs: tensorsOf([customer]), outputs });
    const together = await service.post('/v2/models/credit/infer', { inputs, outputs });
    expect(Object.keys(alone.body)).toEqual(['model_name', 'model_version', 'outputs']);
    expect(alone.body.outputs[0].data).toEqual(together.body.outputs[0].data.slice(0, 2));
  });

  it.each([
    { what: 'null for what is not set', unset: { id: null, parameters: null, outputs: null } },
    { what: 'no output by name', unset: { outputs: [] } },
  ])('gives all outputs to a request with $what', async ({ unset }) => {
    const expected = await service.post('/v2/models/credit/infer', { inputs });
    const answer = await service.post('/v2/models/credit/infer', {
      ...unset,
      inputs: inputs.map((tensor) => ({ ...tensor, parameters: null })),
    });
    expect(answer.body).toEqual(expected.body);
  });

  it('gives the outputs that are requested, in their order', async () => {
    const outputs = [{ name: 'classes' }, { name: 'prediction' }];
    const { body } = await service.post('/v2/models/credit/infer', { inputs, outputs });
    expect(body.outputs.map(({ name }: { name: string }) => name)).toEqual(['classes', 'prediction']);
  });

  it.each([
    { what: 'a flat shape', change: (tensor: typeof first) => ({ ...tensor, shape: [2] }) },
    {
      what: 'nested data',
      change: (tensor: typeof first) => ({ ...tensor, data: tensor.data.map((x) => [x]) }),
    },
    { what: 'FP32 for numbers', change: (tensor: typeof first) => ({ ...tensor, datatype: 'FP32' }) },
    { what: 'UINT8 for numbers', change: (tensor: typeof first) => ({ ...tensor, datatype: 'UINT8' }) },
    {
      what: 'parameters',
      change: (tensor: typeof first) => ({ ...tensor, parameters: { content_type: 'np' } }),
    },
  ])('takes $what', async ({ change }) => {
    const expected = await service.post('/v2/models/credit/infer', { inputs });
    const answer = await service.post('/v2/models/credit/infer', { inputs: [change(first), ...others] });
    expect(answer.body).toEqual(expected.body);
  });

  const of = (tensor: object) => ({ inputs: [tensor, ...others] });
  it.each([
    { what: 'no JSON', body: '{', error: /JSON/ },
    { what: 'no object', body: [], error: 'Expected the body to be an object' },
    { what: 'an id that is no string', body: { id: 1, inputs }, error: 'Expected id to be a string' },
    { what: 'parameters that are no object', body: { inputs, parameters: 1 }, error: /^Expected parameters/ },
    { what: 'no inputs', body: {}, error: 'Expected inputs to be an array of tensors' },
    { what: 'an input that is none', body: { inputs: [1] }, error: 'Expected inputs[0] to be an object' },
    {
      what: 'an unknown input',
      body: of({ ...first, name: 'Agee' }),
      error: /^Expected inputs\[0\].name to be one of/,
    },
    { what: 'an input less', body: { inputs: others }, error: 'Expected a tensor "Age" among the inputs' },
    {
      what: 'an input twice',
      body: { inputs: [first, ...inputs] },
      error: 'Expected one tensor "Age", got two',
    },
    {
      what: 'a text for a number',
      body: of({ ...first, datatype: 'BYTES' }),
      error: /^Expected the datatype of "Age"/,
    },
    { what: 'an unknown datatype', body: of({ ...first, datatype: 'FP65' }), error: /got "FP65"$/ },
    {
      what: 'another shape',
      body: of({ ...first, shape: [1, 2] }),
      error: 'Expected the shape of "Age" to be [rows] or [rows, 1], got [1,2]',
    },
    {
      what: 'less data than the shape says',
      body: of({ ...first, data: [1] }),
      error: 'Expected the data of "Age" to have 2 elements, as its shape says, got 1',
    },
    {
      what: 'inputs of different rows',
      body: of({ ...first, shape: [1], data: [1] }),
      error: 'Expected tensors of as many rows each, got 1 and 2 in "Marital"',
    },
    {
      what: 'data of another type',
      body: of({ ...first, data: [1, '2'] }),
      error: 'Expected the data of "Age" to be INT64, got "2" in row 1',
    },
    {
      what: 'a broken number as an integer',
      body: of({ ...first, data: [1.5, 2] }),
      error: 'Expected the data of "Age" to be INT64, got 1.5 in row 0',
    },
    {
      what: 'a number beyond its datatype',
      body: of({ ...first, datatype: 'UINT8', data: [1, 256] }),
      error: 'Expected the data of "Age" to be UINT8, got 256 in row 1',
    },
    {
      what: 'a gap where none was',
      body: of({ ...first, data: [1, null] }),
      error: /^Record 1: Expected the field "Age" to be a number/,
    },
    {
      what: 'an unknown output',
      body: { inputs, outputs: [{ name: 'logits' }] },
      error: 'Expected outputs[0].name to be one of prediction, probabilities, classes, got "logits"',
    },
    {
      what: 'outputs that are no array',
      body: { inputs, outputs: {} },
      error: 'Expected outputs to be an array',
    },
  ])('refuses $what with 400 and an error', async ({ body, error }) => {
    const answer = await service.post('/v2/models/credit/infer', body);
    expect({ status: answer.status, body: answer.body }).toEqual({
      status: 400,
      body: { error: typeof error === 'string' ? error : expect.stringMatching(error) },
    });
  });
});

describe('the protocol', () => {
  it.each([
    { path: '/v2/models/other', error: 'There is no model "other"; there is "credit"' },
    { path: '/v2/models/other/ready', error: 'There is no model "other"; there is "credit"' },
    { path: '/v2/models/credit/versions/7', error: 'Version "7" of "credit" is not live; version 1 is' },
    {
      path: '/v2/models/credit/versions/7/ready',
      error: 'Version "7" of "credit" is not live; version 1 is',
    },
    { path: '/v2/models', error: 'There is no GET /v2/models' },
  ])('answers 404 with an error to $path', async ({ path, error }) => {
    const { status, body } = await service.get(path);
    expect({ status, body }).toEqual({ status: 404, body: { error } });
  });

  it.each(['/v2/models/other/infer', '/v2/models/credit/versions/7/infer'])(
    'answers 404 with an error to an inference at %s',
    async (path) => {
      const { status, body } = await service.post(path, { inputs });
      expect({ status, body }).toEqual({
        status: 404,
        body: { error: expect.stringMatching(/^There is|is not live/) },
      });
    },
  );

  it('takes JSON that is not said to be JSON', async () => {
    const options = { headers: {} };
    const { status } = await service.ask(
      'POST',
      '/v2/models/credit/infer',
      JSON.stringify({ inputs }),
      options,
    );
    expect(status).toBe(200);
  });
});
