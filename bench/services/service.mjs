// A Fastify service with the model of one library. It speaks with the process that started it: it sends { port }, answers
// 'usage' with the processor time that it has used, in microseconds, and ends when that process does.
//
//   node service.mjs '{"library": ..., "folder": ..., "sizes": [...], "threads": ...}'
//
// POST /predict {row}       {prediction}: the first output of one row
// POST /constant {row}      the same without a model
// POST /rows {rows}         {predictions}: the outputs of many rows
// POST /rows octets         the same in float32 without JSON, little-endian, row-major
// POST /constant-rows       either of them without a model
// GET /health               {status}

import Fastify from 'fastify';
import { openModel } from './models.mjs';

const { library, folder, sizes, threads } = JSON.parse(process.argv[2]);
const [inputs, outputs] = [sizes[0], sizes.at(-1)];
const app = Fastify({ bodyLimit: 2 ** 28, forceCloseConnections: true });
const model = await openModel(library, { folder, sizes, threads });

const numbers = { type: 'array', items: { type: 'number' } };
const schema = {
  body: {
    type: 'object',
    required: ['row'],
    additionalProperties: false,
    properties: { row: { ...numbers, minItems: inputs, maxItems: inputs } },
  },
  response: { 200: { type: 'object', properties: { prediction: { type: 'number' } } } },
};
app.post('/predict', { schema }, async ({ body }) => ({ prediction: (await model.row(body.row))[0] }));
// As many digits as a prediction has.
const constant = Math.fround(1.2345);
app.post('/constant', { schema }, async () => ({ prediction: constant }));

app.addContentTypeParser('application/octet-stream', { parseAs: 'buffer' }, async (_, body) => body);
const rowsRoute =
  (predict) =>
  async ({ body }, reply) => {
    if (!Buffer.isBuffer(body)) {
      const count = body.rows.length;
      const rows = new Float32Array(count * inputs);
      for (let i = 0; i < count; i++) rows.set(body.rows[i], i * inputs);
      return { predictions: nested(await predict(rows, count)) };
    }
    // Few of Node's buffers begin where a float may.
    const octets = body.byteOffset % 4 === 0 ? body : new Uint8Array(body);
    const rows = new Float32Array(octets.buffer, octets.byteOffset, octets.length / 4);
    const { buffer, byteOffset, byteLength } = await predict(rows, rows.length / inputs);
    reply.type('application/octet-stream');
    return Buffer.from(buffer, byteOffset, byteLength);
  };
app.post('/rows', rowsRoute(model.rows));
const constants = new Map();
app.post(
  '/constant-rows',
  rowsRoute(async (_, count) => {
    if (!constants.has(count)) {
      constants.set(
        count,
        new Float32Array(count * outputs).map((_, i) => 1.2345 + (i % outputs) / 7),
      );
    }
    return constants.get(count);
  }),
);
app.get('/health', async () => ({ status: 'ok' }));

await app.listen({ host: '127.0.0.1', port: 0 });
process.on('message', () => {
  const { user, system } = process.cpuUsage();
  process.send?.({ usage: user + system });
});
process.on('disconnect', () => process.exit());
process.send?.({ port: app.server.address().port });

function nested(values) {
  const rows = [];
  for (let first = 0; first < values.length; first += outputs) {
    rows.push(Array.from(values.subarray(first, first + outputs)));
  }
  return rows;
}
