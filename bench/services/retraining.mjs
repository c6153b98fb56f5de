// A Fastify service that trains the successor of its model in the same process, and swaps it in. It speaks with the process that
// started it: it sends { port }; at { train: { seconds, swaps, priority } } it trains for this long, swaps this often, and sends
// { answers }, what each of its versions answers to the first rows; and it ends when that process does.
//
//   node retraining.mjs '{"folder": ..., "sizes": [...], "rows": ..., "atOnce": ...}'
//
// POST /predict {row}       {prediction}: the outputs of one row

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import Fastify from 'fastify';

const require = createRequire(import.meta.url);
const { Matrix, Network, adam } = require('../../dist/index.js');
const { Batcher, ModelSlot } = require('../../dist/serving.js');

const { folder, sizes, rows: known, atOnce } = JSON.parse(process.argv[2]);
const inputs = sizes[0];
const outputs = sizes.at(-1);
const bytes = readFileSync(join(folder, 'rows'));
const X = new Matrix(
  new Float32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4),
  bytes.length / 4 / inputs,
  inputs,
);
const Y = Matrix.zeros(X.rows, outputs, 'float32');
for (let i = 0; i < X.rows; i++) Y.data[i * outputs + (X.data[i * inputs] > 0 && outputs > 1 ? 1 : 0)] = 1;

const slot = new ModelSlot(await Network.load(join(folder, 'model.safetensors')));
const batcher = new Batcher(slot, { atOnce });
const answers = [];
await remember(slot.model);

const numbers = { type: 'array', items: { type: 'number' } };
const schema = {
  body: {
    type: 'object',
    required: ['row'],
    properties: { row: { ...numbers, minItems: inputs, maxItems: inputs } },
  },
  response: { 200: { type: 'object', properties: { prediction: numbers } } },
};
const app = Fastify({ forceCloseConnections: true });
app.post('/predict', { schema }, async ({ body }) => ({
  prediction: Array.from(await batcher.predict(body.row)),
}));
await app.listen({ host: '127.0.0.1', port: 0 });

process.on('message', async ({ train: { seconds, swaps, priority } }) => {
  const start = performance.now();
  let epochs = 0;
  for (let i = 1; i <= swaps; i++) {
    const next = slot.model.clone();
    const end = start + (1000 * seconds * i) / (swaps + 1);
    // With the last one, the load ends.
    for await (const _ of next.epochs(X, Y, { epochs: 1e6, batchSize: 32, optimizer: adam(), priority })) {
      epochs++;
      if (performance.now() >= end) break;
    }
    await remember(next);
    await slot.swap(next);
  }
  process.send({ answers, epochs, version: slot.version, milliseconds: performance.now() - start });
});
process.on('disconnect', () => process.exit());
process.send({ port: app.server.address().port });

// Among others, as in a batch.
async function remember(model) {
  const { data } = await model.predict(new Matrix(X.data.subarray(0, known * inputs), known, inputs));
  answers.push(
    Array.from({ length: known }, (_, i) => Array.from(data.subarray(i * outputs, (i + 1) * outputs))),
  );
}
