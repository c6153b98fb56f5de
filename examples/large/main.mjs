// A training from files that need not fit in memory, which goes on where it was when it is started again.
//
//   npm run example:large
//   node examples/large/main.mjs FOLDER ROWS     keeps the files and the checkpoints in a folder; rows in each of four files
//
// End it at any time, also by kill -9, and start it again with the same folder: the numbers are the same to the last bit.

import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Classifier } from 'blasnet/tables';
import { writeFiles } from './write-files.mjs';

const [, , given, rows = '20000'] = process.argv;
const folder = given ?? mkdtempSync(join(tmpdir(), 'blasnet-'));
const checkpoints = join(folder, 'checkpoints');

// Sensors of a machine, and whether it failed. The last file is kept for the test.
const files = await writeFiles(join(folder, 'rows'), 4, Number(rows));
const [test, training] = [files.slice(-1), files.slice(0, -1)];

const epochs = 6;
const options = {
  target: 'failed',
  positive: 'yes',
  hidden: [32, 16],
  batchSize: 256,
  seed: 1,
  epochs,
  // Memory holds two windows of rows and the table that is being read, whatever the size of the files.
  windowRows: 16_384,
  // After each epoch, and within long ones: where a training in files is to go on.
  checkpoint: { directory: checkpoints, everyEpochs: 1, everySeconds: 60, keepLast: 2 },
  // A bar, on a terminal.
  progress: true,
  callbacks: ({ epoch, loss, valLoss }) => {
    console.log(
      `epoch ${epoch} of ${epochs}: loss ${loss.toFixed(4)}, with rows held out ${valLoss.toFixed(4)}`,
    );
  },
};

const begun = existsSync(checkpoints) && readdirSync(checkpoints).length > 0;
if (begun) console.log('going on from the newest checkpoint');
const model = await (begun
  ? Classifier.resume(checkpoints, training, options)
  : Classifier.train(training, options));

const { rocAuc, logLoss } = await model.evaluate(test);
const hash = createHash('sha256')
  .update(await model.toBytes())
  .digest('hex')
  .slice(0, 16);
const megabytes = Math.round(process.resourceUsage().maxRSS / 1024);
console.log(`ROC AUC ${rocAuc.toFixed(4)}, log loss ${logLoss.toFixed(4)} with ${rows} other rows`);
console.log(`the model has the hash ${hash}; the process had at most ${megabytes} MB`);

if (given === undefined) rmSync(folder, { recursive: true });
