// What the live model is, and how to replace it.

/** @type {import('fastify').FastifyPluginAsync} */
export async function modelRoutes(app, { service: { live } }) {
  app.get('/model', () => live.info);
  app.post('/model/swap', async () => ({ version: await live.swapCandidate() }));
  app.post('/model/rollback', async () => ({ version: await live.rollback() }));
}
