// Ends the service without a lost answer.

/**
 * Ends a service: it is no longer ready, the training is aborted or finished, then no connection is taken any more, and
 * what was asked is answered.
 *
 * @param {import('./service.mjs').Service} service
 * @param {'abort' | 'finish'} onClose   what happens to a running training
 */
export async function closeService(service, onClose) {
  // A load balancer sees that and sends no more requests, while the service still answers.
  service.closing = true;
  await service.training.close(onClose);
  await service.app.close();
}

/** @param {{ onClose: 'abort' | 'finish', closeSeconds: number }} settings */
export function closeOnSignals(service, { onClose, closeSeconds }) {
  const close = () => {
    // A second signal ends the process at once, as if nobody listened. A file of a model is whole all the same.
    for (const name of signals) process.removeListener(name, close);
    const late = () => {
      console.error(`The service has not ended within ${closeSeconds} seconds`);
      process.exit(1);
    };
    setTimeout(late, 1000 * closeSeconds).unref();
    // Nothing keeps the process alive after that.
    closeService(service, onClose);
  };
  for (const name of signals) process.on(name, close);
}

const signals = ['SIGTERM', 'SIGINT'];
