// Predictions by record and by batch.

const one = {
  type: 'object',
  properties: { prediction: { type: ['string', 'number', 'boolean'] }, version: { type: 'integer' } },
};

/** @type {import('fastify').FastifyPluginAsync} */
export async function predictRoutes(app, { service: { live } }) {
  // The schema of the answer lets Fastify write its JSON faster. It has none for the body: the model's own schema is stricter.
  app.post('/predict', { schema: { response: { 200: one } } }, ({ body }) => live.predict(body));
  app.post('/probabilities', ({ body }) => live.probabilities(body));
  app.post('/predict/batch', ({ body }, reply) => live.predictMany(body, gone(reply)));
  app.post('/probabilities/batch', ({ body }, reply) => live.probabilitiesMany(body, gone(reply)));
}

/** A signal that ends the work when the client goes away. For one record, it would cost more than the answer. */
export function gone({ raw }) {
  const controller = new AbortController();
  // Also when the answer is complete, and then nothing is left to end.
  raw.once('close', () => controller.abort());
  return controller.signal;
}
