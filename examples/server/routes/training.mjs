// The training in the background, and its progress.

import { openStream } from '../event-stream.mjs';

const body = {
  type: ['object', 'null'],
  additionalProperties: false,
  properties: {
    epochs: { type: 'integer', minimum: 1, maximum: 10_000 },
    seed: { type: 'integer', minimum: 0, maximum: 2 ** 32 - 1 },
    swap: { type: 'boolean' },
  },
};

/** @type {import('fastify').FastifyPluginAsync} */
export async function trainingRoutes(app, { service: { training } }) {
  app.get('/training', () => training.state);

  app.post('/training', { schema: { body } }, (request, reply) => {
    reply.code(202).send({ run: training.start(request.body ?? {}) });
  });

  app.delete('/training', (_, reply) => {
    training.abort();
    reply.code(202).send(training.state);
  });

  const streams = new Set();
  // They would keep the server from closing.
  app.addHook('preClose', async () => {
    for (const stream of streams) stream.end();
  });

  // A HEAD request would never end.
  app.get('/training/events', { exposeHeadRoute: false }, (request, reply) => {
    const stream = openStream(reply);
    // A client that comes back names the last event that it has; another one gets the last training from its start.
    const last = Number(request.headers['last-event-id']) || 0;
    for (const event of training.events) if (event.id > last) stream.send(event);
    training.on('event', stream.send);
    streams.add(stream);
    stream.onClose(() => {
      training.off('event', stream.send);
      streams.delete(stream);
    });
  });
}
