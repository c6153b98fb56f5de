// Ends the service without a lost answer.

import { setTimeout as wait } from 'node:timers/promises';

/**
 * Ends a service: it is no longer ready, the training is aborted or finished, then no connection is taken any more, and
 * what was asked is answered.
 *
 * @param {import('./service.mjs').Service} service
 * @param {object} how
 * @param {'abort' | 'finish'} how.onClose   what happens to a running training
 * @param {number} [how.drainSeconds]   how long the service still answers, although it is not ready
 */
export async function closeService(service, { onClose, drainSeconds = 0 }) {
  // A load balancer sees that and sends no more requests, while the service still answers. It may look seconds later.
  service.closing = true;
  const drained = drainSeconds > 0 ? wait(1000 * drainSeconds) : undefined;
  await service.training.close(onClose);
  await drained;
  await service.app.close();
}

/** @param {{ onClose: 'abort' | 'finish', closeSeconds: number, drainSeconds?: number }} settings */
export function closeOnSignals(service, { onClose, closeSeconds, drainSeconds }) {
  const close = () => {
    // A second signal ends the process at once, as if nobody listened. A file of a model is whole all the same.
    for (const name of signals) process.removeListener(name, close);
    const late = () => {
      console.error(`The service has not ended within ${closeSeconds} seconds`);
      process.exit(1);
    };
    setTimeout(late, 1000 * closeSeconds).unref();
    // Nothing keeps the process alive after that.
    closeService(service, { onClose, drainSeconds });
  };
  for (const name of signals) process.on(name, close);
}

const signals = ['SIGTERM', 'SIGINT'];
