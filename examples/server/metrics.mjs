// What Prometheus reads, in base units: seconds, and counters that end in _total.

import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';

/**
 * @typedef {object} Metrics
 * @property {Registry} registry
 * @property {import('fastify').onResponseAsyncHookHandler} observe   counts an answer
 *
 * @param {Pick<import('./service.mjs').Service, 'live' | 'training'>} service
 * @returns {Metrics}
 */
export function newMetrics({ live, training }) {
  const registry = new Registry();
  const registers = [registry];
  // Those of the process, with the lag of the event loop beside ours.
  collectDefaultMetrics({ register: registry });

  const gauge = (name, help, read) =>
    new Gauge({
      name,
      help,
      registers,
      collect() {
        this.set(read());
      },
    });
  // The service counts by itself; a counter takes the sum when it is read.
  const counter = (name, help, read) =>
    new Counter({
      name,
      help,
      registers,
      collect() {
        this.reset();
        this.inc(read());
      },
    });

  gauge('model_ready', 'Whether a model answers', () => Number(live.ready));
  gauge('model_version', 'The number of the live version; 0 without one', () =>
    live.ready ? live.version : 0,
  );

  gauge('batcher_queued_rows', 'Rows that wait', () => live.figures.queued);
  gauge('batcher_running_rows', 'Rows of the batch that runs', () => live.figures.running);
  for (const [name, help] of [
    ['requests', 'All calls'],
    ['answered', 'Calls that were answered'],
    ['failed', 'Calls with a record that does not fit, and those of a batch that failed'],
    ['aborted', 'Calls that were aborted'],
    ['rejected', 'Calls that met a full queue, or no model'],
    ['batches', 'Batches, of one row and more'],
    ['rows', 'Rows of these batches'],
  ]) {
    counter(`batcher_${name}_total`, help, () => live.figures[name]);
  }
  register(registry, 'batcher_batch_rows', 'Rows of a batch', () => live.figures.batchSize);
  register(
    registry,
    'batcher_latency_seconds',
    'From a call to its answer',
    () => live.figures.latencySeconds,
  );

  gauge('training_running', 'Whether a training runs', () => Number(training.running));
  counter('training_epochs_total', 'Epochs of all trainings', () => training.epochs);
  new Counter({
    ...{ name: 'trainings_total', help: 'Trainings that have ended', labelNames: ['outcome'], registers },
    collect() {
      this.reset();
      for (const [outcome, count] of Object.entries(training.outcomes)) this.inc({ outcome }, count);
    },
  });

  const requests = new Histogram({
    ...{ name: 'http_request_duration_seconds', help: 'From a request to its answer', registers },
    labelNames: ['method', 'route', 'status'],
    buckets: [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5],
  });
  // By the pattern of the route: a label for every URL would fill the memory.
  async function observe({ method, routeOptions }, reply) {
    const labels = { method, route: routeOptions.url ?? 'none', status: reply.statusCode };
    requests.observe(labels, reply.elapsedTime / 1000);
  }
  return { registry, observe };
}

/** Registers a histogram that has been counted elsewhere; prom-client's own class can only count by itself. */
function register(registry, name, help, read) {
  registry.registerMetric({
    name,
    async get() {
      const { bounds, counts, sum, count } = read();
      const bucket = (le, value) => ({ metricName: `${name}_bucket`, labels: { le }, value });
      const values = [
        ...bounds.map((bound, i) => bucket(bound, counts[i])),
        bucket('+Inf', count),
        { metricName: `${name}_sum`, value: sum },
        { metricName: `${name}_count`, value: count },
      ];
      return { name, help, type: 'histogram', values };
    },
  });
}
