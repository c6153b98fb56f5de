// Builds the service: an HTTP server around a live model, and what retrains it.

import Fastify from 'fastify';
import { endUnusedConnections } from './connections.mjs';
import { answerError, answerNotFound } from './failures.mjs';
import { LiveModel } from './live-model.mjs';
import { newMetrics } from './metrics.mjs';
import { healthRoutes } from './routes/health.mjs';
import { metricsRoutes } from './routes/metrics.mjs';
import { modelRoutes } from './routes/model.mjs';
import { openInferenceRoutes } from './routes/open-inference.mjs';
import { pageRoutes } from './routes/page.mjs';
import { predictRoutes } from './routes/predict.mjs';
import { trainingRoutes } from './routes/training.mjs';
import { Training } from './training.mjs';

/**
 * @typedef {object} Service
 * @property {import('fastify').FastifyInstance} app   `app.listen` starts it; shutdown.mjs ends it
 * @property {LiveModel} live
 * @property {Training} training
 * @property {import('./metrics.mjs').Metrics} metrics
 * @property {boolean} closing   whether it is about to end; then it is not ready
 *
 * @typedef {object} ServiceOptions
 * @property {string} name   the model's name in the Open Inference Protocol
 * @property {import('./training.mjs').Learn} learn   trains a model
 * @property {string} [file]   where the live model is kept
 * @property {number} [trainingThreads]
 * @property {number} [maxQueue]   single records that may wait
 * @property {number} [maxRows]   records of batches that may be at work
 * @property {string} [log]   a level, or 'silent'
 */

/**
 * Builds a service, which has no model yet: `await live.swap(model)` gives it one, and so does a training.
 *
 * @param {ServiceOptions} options
 * @returns {Service}
 */
export function buildService({ name, learn, file, trainingThreads, maxQueue, maxRows, log = 'silent' }) {
  const app = Fastify({
    logger: log === 'silent' ? false : { level: log },
    bodyLimit: 2 ** 21,
    frameworkErrors: answerError,
    // A client that sends its request byte by byte must not hold a connection for ever.
    requestTimeout: 30_000,
    routerOptions: { ignoreTrailingSlash: true },
    // A text is no number: what does not fit is an error, and nothing is converted or left out in silence.
    ajv: { customOptions: { coerceTypes: false, removeAdditional: false } },
  });
  // A text is no record either.
  app.removeContentTypeParser('text/plain');
  // Clients name JSON also where they send nothing, as in POST /model/swap.
  const parse = app.getDefaultJsonParser('error', 'error');
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (request, body, done) => {
    if (body === '') done(null, undefined);
    else parse(request, body, done);
  });
  const live = new LiveModel({ name, file, maxQueue, maxRows });
  const training = new Training({ learn, live, threads: trainingThreads, log: app.log });
  const metrics = newMetrics({ live, training });
  const service = { app, live, training, metrics, closing: false };

  // Before the routes, so that it is about all of them.
  app.addHook('onResponse', metrics.observe);
  app.setErrorHandler(answerError);
  app.setNotFoundHandler(answerNotFound);
  for (const routes of [
    predictRoutes,
    modelRoutes,
    trainingRoutes,
    healthRoutes,
    metricsRoutes,
    pageRoutes,
  ]) {
    app.register(routes, { service });
  }
  app.register(openInferenceRoutes, { service, prefix: '/v2' });
  endUnusedConnections(app);
  // When no request is left.
  app.addHook('onClose', () => live.close());
  return service;
}
