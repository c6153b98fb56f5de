// Health for Kubernetes and load balancers.

/** @type {import('fastify').FastifyPluginAsync} */
export async function healthRoutes(app, { service }) {
  // It is about the process alone: who restarts it for want of a model would wait for ever.
  app.get('/health/live', () => ({ live: true }));
  app.get('/health/ready', (_, reply) => {
    const ready = isReady(service);
    reply.code(ready ? 200 : 503).send({ ready, closing: service.closing });
  });
}

/** @param {import('../service.mjs').Service} service */
export function isReady({ live, closing }) {
  return live.ready && !closing;
}
