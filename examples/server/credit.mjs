// What this service is about: customers of a bank, and who of them will not pay back. All else fits any table.

import { fileURLToPath } from 'node:url';
import { Classifier, readTable } from 'blasnet/tables';

const file = fileURLToPath(new URL('../tables/credit.csv.gz', import.meta.url));

/** Reads the table, and says how a model learns from it. */
export async function openCredit() {
  const table = await readTable(file);
  const { train, test } = table.split({ testSize: 0.25, stratify: 'Status', seed: 1 });

  /** Measures a model with customers that no training has seen. */
  async function measure(model, options = {}) {
    const { accuracy, logLoss, rocAuc, brier } = await model.evaluate(test, options);
    return { rows: test.rows, accuracy, logLoss, rocAuc, brier };
  }

  /** @param {import('./training.mjs').LearnOptions} options */
  async function learn({ epochs = 32, seed, onEpoch, ...work }) {
    const model = await Classifier.train(train, {
      ...{ target: 'Status', positive: 'bad', preset: 'fast', epochs, seed },
      callbacks: { onEpochEnd: (report) => onEpoch(report) },
      ...work,
    });
    return { model, metrics: await measure(model, work) };
  }

  return { rows: train.rows, learn, measure };
}
