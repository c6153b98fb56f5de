// Starts the service with a model of a bank's customers.
//
//   npm run example:server
//
// It listens at once, so that a health check finds it, and is ready when it has a model: from the file MODEL if there is
// one, otherwise from a training.

import { existsSync } from 'node:fs';
import { Classifier } from 'blasnet/tables';
import { openCredit } from './credit.mjs';
import { buildService } from './service.mjs';
import { readSettings } from './settings.mjs';
import { closeOnSignals } from './shutdown.mjs';

const settings = readSettings(process.env);
const credit = await openCredit();
const service = buildService({ name: 'credit', learn: credit.learn, ...settings });
const { app, live, training } = service;
closeOnSignals(service, settings);

const url = await app.listen({ host: settings.host, port: settings.port });
console.log(`Listening on ${url}`);

if (settings.file !== undefined && existsSync(settings.file)) {
  const model = await Classifier.load(settings.file);
  await live.swap(model, { metrics: await credit.measure(model) });
} else {
  console.log(`A model learns from ${credit.rows} customers ...`);
  training.start({ seed: 1 });
  await training.finished;
}

// It has none if the training was aborted, by a signal or by a request.
if (live.ready) {
  const { accuracy, rows } = live.info.metrics;
  console.log(
    `Version ${live.version} is live; it is right about ${(100 * accuracy).toFixed(1)} % of ${rows} others`,
  );
}
