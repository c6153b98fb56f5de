// Metrics for Prometheus.

/** @type {import('fastify').FastifyPluginAsync} */
export async function metricsRoutes(app, { service: { metrics } }) {
  app.get('/metrics', async (_, reply) => {
    reply.type(metrics.registry.contentType);
    return metrics.registry.metrics();
  });
}
