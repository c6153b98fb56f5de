// examples/server/ at its limits: without a model, with a full queue, while it ends.

import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Classifier } from '../../lib/tabular/index.js';
import { customer, Service } from './service.js';

const small = join(__dirname, 'small-service.mjs');
const record = { age: 30, city: 'Rome' };
const infer = {
  inputs: [
    { name: 'age', shape: [1], datatype: 'FP64', data: [30] },
    { name: 'city', shape: [1], datatype: 'BYTES', data: ['Rome'] },
  ],
};

let temporary: string;
beforeAll(() => {
  temporary = mkdtempSync(join(tmpdir(), 'blasnet-server-'));
});
afterAll(() => rmSync(temporary, { recursive: true }));

/** Lets the small service learn a model. */
async function learn(service: Service, message = 'learn') {
  expect((await service.post('/training')).status).toBe(202);
  service.child.send(message);
  return (await service.until('end')).at(-1)?.data;
}

describe('a service', () => {
  let service: Service;
  beforeAll(async () => {
    service = await Service.start({ MAX_QUEUE: '2' }, small);
  });
  afterAll(async () => {
    expect(await service.stop()).toBe(0);
  });

  it('has no model at first: it is alive, but not ready, and answers 503 with Retry-After', async () => {
    for (const path of ['/health/live', '/v2/health/live', '/v2', '/metrics', '/', '/training']) {
      expect((await service.get(path)).status, path).toBe(200);
    }
    for (const path of [
      '/health/ready',
      '/v2/health/ready',
      '/v2/models/small/ready',
      '/model',
      '/v2/models/small',
    ]) {
      expect((await service.get(path)).status, path).toBe(503);
    }
    const answers = [
      await service.post('/predict', record),
      await service.post('/probabilities/batch', [record]),
      await service.post('/v2/models/small/infer', infer),
    ];
    for (const { status, headers, body } of answers) {
      expect({ status, retry: headers.get('retry-after') }).toEqual({ status: 503, retry: '1' });
      expect(body.message ?? body.error).toContain('model');
    }
  });

  it('is ready when it has learned its first model', async () => {
    expect(await learn(service)).toMatchObject({ outcome: 'live', version: 1, metrics: { accuracy: 0.75 } });
    expect((await service.get('/v2/health/ready')).status).toBe(200);
    expect(await service.post('/predict', record)).toMatchObject({
      status: 200,
      body: { prediction: false },
    });
  });

  it('goes on when a training fails, and says why it has failed', async () => {
    expect(await learn(service, 'fail')).toMatchObject({ outcome: 'failed', message: 'The table is gone' });
    expect((await service.post('/predict', record)).body.version).toBe(1);
  });

  it('makes no model live that takes other records', async () => {
    const end = await learn(service, 'other');
    expect(end.outcome).toBe('failed');
    expect(end.message).toContain('to take and to say what the live one does');
    expect((await service.post('/predict', record)).body.version).toBe(1);
  });

  it('answers 503 with Retry-After to whom it has no room for in its queue, and answers all others', async () => {
    // In one packet, so that all are there before the first batch starts.
    const { hostname, port } = new URL(service.url);
    const socket = connect(Number(port), hostname);
    const body = JSON.stringify(record);
    const head = `Host: x\r\nContent-Type: application/json\r\nContent-Length: ${body.length}`;
    const request = (more: string) => `POST /predict HTTP/1.1\r\n${head}\r\n${more}\r\n${body}`;
    socket.write(request('').repeat(4) + request('Connection: close\r\n'));
    let text = '';
    for await (const chunk of socket) text += chunk;
    const statuses = [...text.matchAll(/HTTP\/1.1 (\d+)/g)].map(([, status]) => status);
    expect(statuses).toEqual(['200', '200', '503', '503', '503']);
    expect(text.match(/^retry-after: 1\r$/gm)).toHaveLength(3);
    expect(text.match(/"code":"ERR_BLASNET_QUEUE_FULL"/g)).toHaveLength(3);
    expect((await service.get('/metrics')).body).toContain('\nbatcher_rejected_total 3\n');
    expect((await service.post('/predict', record)).status).toBe(200);
  });
});

describe('a service that is about to end', () => {
  it('is no longer ready, but answers until its training is finished, whose model is in its file', async () => {
    const file = join(temporary, 'finished.safetensors');
    const service = await Service.start({ ON_CLOSE: 'finish', MODEL: file }, small);
    await learn(service);
    await service.post('/training');
    const events = service.events();
    const told = [(await events.next()).value, (await events.next()).value];
    expect(told.map(({ event }) => event)).toEqual(['start', 'epoch']);
    service.child.kill('SIGTERM');
    await expect.poll(async () => (await service.get('/health/ready')).status).toBe(503);
    expect((await service.get('/v2/health/ready')).body).toEqual({ live: false, ready: false });
    expect(await service.post('/predict', record)).toMatchObject({ status: 200, body: { version: 1 } });
    expect(await service.post('/training')).toMatchObject({ status: 503, body: { code: 'CLOSING' } });
    service.child.send('learn');
    const rest = [];
    for await (const { event, data } of events)
      rest.push({ event, outcome: data.outcome, version: data.version });
    expect(rest).toEqual([{ event: 'end', outcome: 'live', version: 2 }]);
    expect(await service.ended).toBe(0);
    expect(service.stderr).toBe('');
    expect(await Classifier.load(file)).toMatchObject({ targets: [{ classes: [false, true] }] });
  });

  it('still answers for the time that a load balancer may take to see that it is not ready', async () => {
    const service = await Service.start({ DRAIN_SECONDS: '1' }, small);
    await learn(service);
    service.child.kill('SIGTERM');
    await expect.poll(async () => (await service.get('/health/ready')).status).toBe(503);
    expect(await service.post('/predict', record)).toMatchObject({ status: 200, body: { version: 1 } });
    expect(await service.ended).toBe(0);
    expect(service.stderr).toBe('');
  });

  it('answers a request that it has begun to read, while it takes no more connections', async () => {
    const service = await Service.start({}, small);
    await learn(service);
    const { hostname, port } = new URL(service.url);
    const body = JSON.stringify(record);
    const socket = connect(Number(port), hostname);
    socket.setEncoding('utf8');
    const answers = socket[Symbol.asyncIterator]();
    const length = `Content-Length: ${body.length}\r\nExpect: 100-continue`;
    socket.write(`POST /predict HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n${length}\r\n\r\n`);
    expect((await answers.next()).value).toMatch(/^HTTP\/1.1 100 Continue/);
    service.child.kill('SIGTERM');
    const refused = () => service.get('/health/live').then(String, ({ cause }) => cause.code);
    await expect.poll(refused).toBe('ECONNREFUSED');
    socket.write(body);
    const answer = (await answers.next()).value;
    expect(answer).toMatch(/^HTTP\/1.1 200 OK[\s\S]*\{"prediction":false,"version":1\}$/);
    // The client keeps its connection, and the service ends all the same.
    expect(await service.ended).toBe(0);
    expect(service.stderr).toBe('');
  });

  it('answers a request that it has not begun to read when it closes', async () => {
    const service = await Service.start({}, small);
    service.child.kill('SIGUSR2');
    await service.said(/^Closes at the next connection$/m);
    const { hostname, port } = new URL(service.url);
    const socket = connect(Number(port), hostname);
    socket.setEncoding('utf8').write('GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n');
    const { value } = await socket[Symbol.asyncIterator]().next();
    expect(value).toMatch(/^HTTP\/1.1 503 /);
    expect(await service.ended).toBe(0);
    expect(service.stderr).toBe('');
  });

  it('aborts its training at SIGTERM, and leaves the file as it was', async () => {
    const file = join(temporary, 'aborted.safetensors');
    const service = await Service.startReady({ MODEL: file });
    const { body } = await service.post('/probabilities', customer);
    await service.post('/training', { epochs: 10_000 });
    const rest = [];
    for await (const { event, data } of service.events()) {
      if (event === 'epoch' && data.epoch === 3) service.child.kill('SIGTERM');
      if (event === 'end') rest.push(data.outcome);
    }
    expect(rest).toEqual(['aborted']);
    expect(await service.ended).toBe(0);
    expect(service.stderr).toBe('');
    expect((await Classifier.load(file)).probabilities(customer)).toEqual(body.probabilities);
    expect(readdirSync(temporary).filter((name) => name.startsWith('aborted'))).toEqual([
      'aborted.safetensors',
    ]);
  });
});
