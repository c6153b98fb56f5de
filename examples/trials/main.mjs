// A search for good options in worker processes, or by mpirun on several machines: the same table to the last bit.
//
//   npm run example:trials                             two worker processes
//   mpirun -n 4 node examples/trials/main.mjs          four processes, of which each trains one model at a time

import { createHash } from 'node:crypto';
import { mpi } from 'blasnet/distributed';
import { Classifier, choice, logUniform, readTable, search } from 'blasnet/tables';

const group = await mpi(); // rank 0 of 1, if no launcher started this process
const places = group.size > 1 ? { distributed: group } : { workers: Number(process.argv[2] ?? 2) };
const says = (text) => group.rank === 0 && console.log(text);

const table = await readTable(new URL('../tables/credit.csv.gz', import.meta.url));
const { train, test } = table.split({ testSize: 0.25, stratify: 'Status', seed: 1 });

// Nine sets of options train for three epochs in three folds; the best three go on to nine epochs, the best one to 27.
const result = await search(Classifier, train, {
  target: 'Status',
  space: {
    positive: 'bad',
    hidden: choice([[32], [64, 32], [128, 64]]),
    optimizer: { name: 'adam', learningRate: logUniform(1e-4, 1e-1) },
    epochs: 27,
  },
  trials: 9,
  method: 'halving',
  folds: 3,
  metric: 'rocAuc',
  // The models of the best trial's folds answer together, each by what it learned without its fold.
  refit: 'bag',
  seed: 1,
  ...places,
  // Rank 0 is told.
  onTrialEnd: ({ trial, state, score, epochs }) =>
    console.log(`trial ${trial}: ${state} after ${epochs} epochs, ROC AUC ${score.toFixed(4)}`),
});

const { bag, best } = result;
says(`${result}`);
says(
  `ROC AUC with other rows: ${(await bag.evaluate(test)).rocAuc.toFixed(4)} by the bag of trial ${best.trial}`,
);
const trials = JSON.stringify(result.table.without(['seconds']).toRecords());
const answers = JSON.stringify(bag.predictSync(test));
says(
  `the trials and the answers have the hash ${createHash('sha256')
    .update(trials + answers)
    .digest('hex')
    .slice(0, 16)}`,
);
