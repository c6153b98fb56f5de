// Runs examples/server/ like `npm run example:server`, and asks it by HTTP.

import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Classifier } from '../../lib/tabular/index.js';
import { customer, folder, Service } from './service.js';

const { Age: _, ...withoutAge } = customer;

describe('the example service', () => {
  let temporary: string;
  let file: string;
  let service: Service;

  beforeAll(async () => {
    temporary = mkdtempSync(join(tmpdir(), 'blasnet-server-'));
    file = join(temporary, 'credit.safetensors');
    service = await Service.startReady({ MODEL: file, MAX_ROWS: '3000' });
  });

  afterAll(async () => {
    expect(await service.stop()).toBe(0);
    expect(service.stderr).toBe('');
    rmSync(temporary, { recursive: true });
  });

  it('prints how good its model is', () => {
    const [, share] = /right about ([\d.]+) % of 1114 others\n$/.exec(service.stdout) ?? [];
    expect(Number(share)).toBeGreaterThan(76);
  });

  it('predicts a record, and gives its probabilities, as the model in its file does', async () => {
    const model = await Classifier.load(file);
    const { body } = await service.post('/predict', customer);
    expect(body).toEqual({ prediction: model.predict(customer), version: 1 });
    const probabilities = await service.post('/probabilities', customer);
    expect(probabilities.body).toEqual({ probabilities: model.probabilities(customer), version: 1 });
  });

  it('answers many records by one version, as each alone', async () => {
    const records = Array.from({ length: 1000 }, (_, i) => ({
      ...customer,
      Age: 20 + (i % 45),
      Amount: 200 + i,
    }));
    const model = await Classifier.load(file);
    const predictions = await service.post('/predict/batch', records);
    expect(predictions.body).toEqual({
      predictions: records.map((record) => model.predict(record)),
      version: 1,
    });
    const probabilities = await service.post('/probabilities/batch', records);
    const expected = records.map((record) => model.probabilities(record));
    expect(probabilities.body).toEqual({ probabilities: expected, version: 1 });
  });

  it('says what its model is', async () => {
    const { body } = await service.get('/model');
    expect(body).toMatchObject({ name: 'credit', version: 1, target: 'Status', classes: ['good', 'bad'] });
    expect(body.metrics).toMatchObject({
      rows: 1114,
      accuracy: expect.any(Number),
      rocAuc: expect.any(Number),
    });
    expect(body.schema.columns.map(({ name }: { name: string }) => name).sort()).toEqual(
      [...Object.keys(customer), 'Status'].sort(),
    );
    expect(body.history).toMatchObject([{ version: 1 }]);
    expect(body.candidate).toBe(null);
  });

  it('is alive and ready', async () => {
    expect(await service.get('/health/live')).toMatchObject({ status: 200, body: { live: true } });
    expect(await service.get('/health/ready')).toMatchObject({
      status: 200,
      body: { ready: true, closing: false },
    });
  });

  it.each([
    { what: 'no JSON', body: '{"Age": 30,', status: 400, told: { message: /JSON/ } },
    {
      what: 'no body',
      body: undefined,
      status: 400,
      told: { message: /^Expected the record to be an object/ },
    },
    {
      what: 'an array',
      body: [customer],
      status: 400,
      told: { message: /^Expected the record to be an object/ },
    },
    { what: 'a missing field', body: withoutAge, status: 422, told: { field: 'Age', rule: 'missing' } },
    {
      what: 'an additional field',
      body: { ...customer, Agee: 1 },
      status: 422,
      told: { rule: 'additional' },
    },
    { what: 'a text for a number', body: { ...customer, Age: '30' }, status: 422, told: { rule: 'type' } },
    { what: 'a number for a text', body: { ...customer, Job: 3 }, status: 422, told: { rule: 'type' } },
    {
      what: 'a gap where none was',
      body: { ...customer, Age: null },
      status: 422,
      told: { rule: 'missing' },
    },
    {
      what: 'a number beyond all',
      body: JSON.stringify(customer).replace('30', '1e999'),
      status: 422,
      told: { field: 'Age', rule: 'notFinite' },
    },
    { what: 'a prototype', body: '{"__proto__": {}}', status: 400, told: { message: /JSON/ } },
  ])('refuses $what with $status and a message of its own', async ({ body, status, told }) => {
    const answer = await service.post('/predict', body);
    expect(answer.status).toBe(status);
    const { message, ...others } = told as { message?: RegExp };
    expect(answer.body).toMatchObject(others);
    expect(answer.body.message).toMatch(message ?? /^(Expected|Unknown) .*field/);
  });

  it('takes a category that the model has never seen', async () => {
    const answer = await service.post('/predict', { ...customer, Job: 'astronaut' });
    expect(answer).toMatchObject({ status: 200, body: { version: 1 } });
  });

  it.each([
    { what: 'one record', body: customer, status: 400, message: 'Expected an array of at least one record' },
    { what: 'no records', body: [], status: 400, message: 'Expected an array of at least one record' },
    {
      what: 'a wrong record',
      body: [customer, { ...customer, Age: 'x' }],
      status: 422,
      message: 'Record 1: Expected the field "Age" to be a number, got "x" (string)',
    },
    {
      what: 'more records than there is ever room for',
      body: Array.from({ length: 3001 }, () => customer),
      status: 413,
      message: 'Expected at most 3000 records of batches to be at work; try again later',
    },
  ])('refuses a batch of $what with $status', async ({ body, status, message }) => {
    const answer = await service.post('/predict/batch', body);
    expect({ status: answer.status, message: answer.body.message }).toEqual({ status, message });
  });

  it.each([
    { what: 'another type', path: '/predict', type: 'text/csv', status: 415 },
    { what: 'a text', path: '/predict', type: 'text/plain', status: 415 },
    { what: 'a path that is none', path: '/%E0%A4%A', type: 'application/json', status: 400 },
    { what: 'an unknown path', path: '/predictions', type: 'application/json', status: 404 },
    { what: 'too large a body', path: '/predict', type: 'application/json', status: 413, size: 2 ** 21 },
  ])('refuses $what with $status', async ({ path, type, status, size = 0 }) => {
    const body = JSON.stringify({ ...customer, Job: 'x'.repeat(size) });
    const answer = await service.ask('POST', path, body, { headers: { 'content-type': type } });
    expect(answer.status).toBe(status);
    expect(answer.body).toEqual({ code: expect.any(String), message: expect.any(String) });
  });

  it('takes a call without a body whose header names JSON', async () => {
    const headers = { 'content-type': 'application/json' };
    const answer = await service.ask('DELETE', '/training', undefined, { headers });
    expect(answer.body.message ?? '').not.toMatch(/body/i);
    const wanting = await service.ask('POST', '/predict', undefined, { headers });
    expect(wanting.status).toBe(400);
  });

  it.each([
    { what: 'an unknown option', body: { epoch: 3 }, message: 'body must NOT have additional properties' },
    { what: 'a text for a number', body: { epochs: '3' }, message: 'body/epochs must be integer' },
    { what: 'no epochs', body: { epochs: 0 }, message: 'body/epochs must be >= 1' },
  ])('refuses a training with $what', async ({ body, message }) => {
    const answer = await service.post('/training', body);
    expect({ status: answer.status, message: answer.body.message }).toEqual({ status: 400, message });
  });

  it('has metrics in base units, with the lag of the event loop and the figures of its batcher', async () => {
    const { headers, body } = await service.get('/metrics');
    expect(headers.get('content-type')).toContain('text/plain');
    const names = [...(body as string).matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name, type]) => ({
      name,
      type,
    }));
    const counters = names.filter(({ type }) => type === 'counter').map(({ name }) => name as string);
    expect(counters.filter((name) => !name.endsWith('_total'))).toEqual([]);
    expect(names.filter(({ name }) => /milli|micro|_ms$/.test(name as string))).toEqual([]);
    const numberOf = (name: string) => Number(new RegExp(`^${name} (.+)$`, 'm').exec(body)?.[1]);
    expect(numberOf('nodejs_eventloop_lag_p99_seconds')).toBeGreaterThan(0);
    expect(numberOf('model_version')).toBe(1);
    expect(numberOf('batcher_requests_total')).toBe(
      ['answered', 'failed', 'aborted', 'rejected'].reduce(
        (sum, name) => sum + numberOf(`batcher_${name}_total`),
        0,
      ),
    );
    expect(numberOf('batcher_answered_total')).toBeGreaterThanOrEqual(3);
    expect(numberOf('batcher_latency_seconds_count')).toBe(numberOf('batcher_answered_total'));
    expect(numberOf('batcher_latency_seconds_bucket{le="\\+Inf"}')).toBe(numberOf('batcher_answered_total'));
    expect(numberOf('http_request_duration_seconds_count{method="POST",route="/predict",status="200"}')).toBe(
      2,
    );
  });

  it('shows a page that runs its own scripts alone', async () => {
    const { status, headers, body } = await service.get('/');
    expect(status).toBe(200);
    expect(headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(headers.get('content-security-policy')).toContain("default-src 'self'");
    for (const [, part] of (body as string).matchAll(/(?:src|href)="([^":]+)"/g)) {
      expect((await service.get(`/${part}`)).status).toBe(200);
    }
  });

  it('trains the next model while it answers, tells each epoch in its order, swaps and rolls back', async () => {
    const first = (await service.post('/probabilities', customer)).body.probabilities;
    expect((await service.post('/training', { epochs: 8, seed: 2 })).status).toBe(202);
    const twice = await service.post('/training', { epochs: 8 });
    expect(twice).toMatchObject({ status: 409, body: { code: 'TRAINING_RUNS' } });
    expect((await service.get('/training')).body).toMatchObject({ run: 2, running: true });
    expect((await service.post('/predict', customer)).status).toBe(200);

    const told = await service.until('end');
    expect(told.map(({ event }) => event)).toEqual(['start', ...Array(8).fill('epoch'), 'end']);
    expect(told.slice(1, -1).map(({ data }) => data.epoch)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    expect(told.every(({ data }) => data.run === 2)).toBe(true);
    expect(told.map(({ id }) => id)).toEqual(told.map((_, i) => (told[0]?.id ?? 0) + i));
    expect(told.at(-1)?.data).toMatchObject({ outcome: 'live', version: 2, metrics: { rows: 1114 } });
    // Who was away for a while names the last event that it has.
    const rest = await service.until('end', { 'last-event-id': String(told.at(-3)?.id) });
    expect(rest).toEqual(told.slice(-2));
    // The last event of a process before this one, or of another service.
    for (const id of [String(1000 * (Date.now() - 3_600_000)), 'none']) {
      expect(await service.until('end', { 'last-event-id': id })).toEqual(told);
    }

    const second = (await service.post('/probabilities', customer)).body;
    expect(second).toEqual({ probabilities: expect.anything(), version: 2 });
    expect(second.probabilities).not.toEqual(first);
    expect((await Classifier.load(file)).probabilities(customer)).toEqual(second.probabilities);
    expect((await service.get('/model')).body.history).toMatchObject([{ version: 2 }, { version: 1 }]);

    expect(await service.post('/model/rollback')).toMatchObject({ status: 200, body: { version: 3 } });
    expect((await service.post('/probabilities', customer)).body).toEqual({
      probabilities: first,
      version: 3,
    });
    expect((await Classifier.load(file)).probabilities(customer)).toEqual(first);
    const again = await service.post('/model/rollback');
    expect(again).toMatchObject({ status: 409, body: { code: 'NO_EARLIER_MODEL' } });
  });

  it('keeps a model that is to be looked at until a swap makes it live', async () => {
    expect(await service.post('/model/swap')).toMatchObject({ status: 409, body: { code: 'NO_CANDIDATE' } });
    await service.post('/training', { epochs: 2, seed: 3, swap: false });
    const end = (await service.until('end')).at(-1);
    expect(end?.data).toMatchObject({ outcome: 'candidate', metrics: { rows: 1114 } });
    const { version, candidate } = (await service.get('/model')).body;
    expect({ version, candidate }).toEqual({ version: 3, candidate: { metrics: end?.data.metrics } });
    expect(await service.post('/model/swap')).toMatchObject({ status: 200, body: { version: 4 } });
    expect((await service.get('/model')).body).toMatchObject({ version: 4, metrics: end?.data.metrics });
  });

  it('aborts a training, and goes on with the live model', async () => {
    expect(await service.ask('DELETE', '/training')).toMatchObject({
      status: 409,
      body: { code: 'NO_TRAINING' },
    });
    const { version } = (await service.get('/model')).body;
    await service.post('/training', { epochs: 10_000 });
    const outcomes = [];
    for await (const { event, data } of service.events()) {
      if (event === 'epoch' && data.epoch === 1) {
        expect((await service.ask('DELETE', '/training')).status).toBe(202);
      }
      if (event !== 'end') continue;
      outcomes.push(data.outcome);
      break;
    }
    expect(outcomes).toEqual(['aborted']);
    expect((await service.post('/predict', customer)).body.version).toBe(version);
    const { body } = await service.get('/metrics');
    expect(body).toContain('trainings_total{outcome="aborted"} 1\n');
    expect(body).toContain('training_running 0\n');
  });
});

it('the example service refuses a setting that is none', async () => {
  const message = 'Expected PORT to be a whole number of at least 0, got "x"';
  await expect(Service.start({ PORT: 'x' })).rejects.toThrow(message);
});

it('the example service is what its npm script runs, after the setup', () => {
  const { scripts } = JSON.parse(readFileSync(join(folder, '../../package.json'), 'utf8'));
  expect(scripts['example:server']).toBe(
    'node scripts/setup.mjs start examples/server && node examples/server/main.mjs',
  );
});
