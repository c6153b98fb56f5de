// Trains a Classifier or a Regressor with the training rows of a fold, and evaluates it with the test rows.
//
//   node tabular.mjs '{"set": ..., "fold": ..., "preset": ..., "threads": ..., "quick": ...}'
//
// prints a Fit of harness/tabular-tables.mjs. What is read and built before the training is not timed.

import { foldTables } from '../harness/tabular-data.mjs';
import { tables, useThreads } from './library.mjs';

const { set, fold, preset, threads, quick } = JSON.parse(process.argv[2] ?? '');
const { info, train, test } = await foldTables(set, fold);
const { target, task, positive } = info;
useThreads(threads);

const options = {
  ...{ target, seed: 1 },
  ...(positive !== undefined && { positive }),
  ...(preset !== undefined && { preset }),
  ...(quick && { epochs: 2 }),
};
const model = task === 'regression' ? tables.Regressor : tables.Classifier;
const [start, cpu] = [performance.now(), process.cpuUsage()];
const trained = await model.train(train, options);
const seconds = (performance.now() - start) / 1000;
const { user, system } = process.cpuUsage(cpu);

const { accuracy, rocAuc, logLoss, rootMeanSquaredError, r2 } = await trained.evaluate(test);
console.log(
  JSON.stringify({
    accuracy,
    ...(task === 'binary' && { rocAuc }),
    logLoss,
    ...(task === 'regression' && { rmse: rootMeanSquaredError, r2 }),
    seconds,
    cpu: (user + system) / 1e6,
  }),
);
