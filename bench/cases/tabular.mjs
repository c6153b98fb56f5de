// Six real tables: how good Classifier and Regressor are with the rows that they have not seen, and how long a fit takes,
// beside scikit-learn in the same run and the figures of baselines/tabular.json. And the recipe of RealMLP beside PyTorch: the
// same network, trained in the same way.

import { readFileSync } from 'node:fs';
import { ProcessError } from '../harness/processes.mjs';
import { seconds } from '../harness/quantities.mjs';
import { recipeInputs, setInfo } from '../harness/tabular-data.mjs';
import { meansOf, rankTable, scoreTable } from '../harness/tabular-tables.mjs';
import { runTraining } from '../harness/training.mjs';

/** @import { Bench } from '../harness/bench.mjs' */
/** @import { Layer, Task } from '../harness/jobs.mjs' */
/** @import { Fit, MethodScores } from '../harness/tabular-tables.mjs' */

export const id = 'tabular';
export const title = 'Six real tables, and the recipe of RealMLP';

const threads = 2;
const methodsOfSklearn = ['linear', 'MLP early_stopping', 'HistGradientBoosting'];
/** The epochs of the recipe. One is timed. */
const recipeEpochs = 256;

export async function run(/** @type {Bench} */ bench) {
  await scores(bench);
  for (const set of bench.quick ? ['credit'] : ['credit', 'ames']) await recipe(bench, set);
}

async function scores(/** @type {Bench} */ bench) {
  const { presets, sets, folds } = bench.tabular;
  /** @type {{ title: string, fit: (set: string, fold: number) => Promise<Fit> }[]} */
  const contestants = [
    ...(presets ?? [undefined]).map((preset) => ({
      title: `blasnet, ${preset ?? 'default options'}`,
      fit: (/** @type {string} */ set, /** @type {number} */ fold) =>
        bench.fit('tabular.mjs', { set, fold, preset, threads, quick: bench.quick }),
    })),
    ...(bench.missing('sklearn') ? [] : methodsOfSklearn).map((method) => ({
      title: `scikit-learn, ${method}`,
      fit: (/** @type {string} */ set, /** @type {number} */ fold) =>
        bench.fit('tabular_sklearn.py', { set, fold, method, threads, quick: bench.quick }),
    })),
  ];
  const { date, sets: known } = JSON.parse(
    readFileSync(new URL('../baselines/tabular.json', import.meta.url), 'utf8'),
  );
  /** @type {Map<string, MethodScores[]>} */
  const all = new Map();
  for (const set of sets) {
    const outcomes = contestants.map(({ title }) => ({
      title,
      fits: /** @type {Fit[]} */ ([]),
      failure: /** @type {string | undefined} */ (undefined),
    }));
    for (let fold = 0; fold < folds; fold++) {
      for (const [i, contestant] of contestants.entries()) {
        const outcome = /** @type {typeof outcomes[number]} */ (outcomes[i]);
        if (outcome.failure !== undefined) continue;
        const fit = await contestant.fit(set, fold).catch(failure);
        if ('failed' in fit) outcome.failure = fit.failed;
        else outcome.fits.push(fit);
        const shown = Object.entries(fit).map(([name, value]) => `${name} ${briefly(value)}`);
        bench.log(`${id} ${set}, fold ${fold + 1}/${folds}, ${contestant.title}: ${shown.join(', ')}`);
      }
    }
    const measured = outcomes.map(({ title, fits, failure }) =>
      failure === undefined ? meansOf(title, fits) : { method: title, failure },
    );
    const methods = [...measured, ...known[set].map((/** @type {object} */ each) => ({ ...each, date }))];
    all.set(set, methods);
    const count = `${folds} of 5 folds`;
    bench.tables.push(scoreTable(`${set}, ${setInfo(set).task}: ${count}, ${threads} threads`, methods));
  }
  if (sets.length > 1) bench.tables.push(rankTable(all));
}

/** If a program fails, its method has no figures. */
function failure(/** @type {unknown} */ error) {
  if (!(error instanceof ProcessError)) throw error;
  return { failed: error.message };
}

function briefly(/** @type {string | number} */ value) {
  return typeof value === 'number' ? value.toPrecision(4) : value;
}

async function recipe(/** @type {Bench} */ bench, /** @type {string} */ set) {
  const { data, inputDim, numbers, embeddings } = await recipeInputs(set);
  const classes = setInfo(set).task !== 'regression';
  const features = inputDim + 3 * numbers + 8 * embeddings.length;
  /** @returns {Layer[]} */
  const layers = (/** @type {number} */ dropout) =>
    [features, 256, 256, 256].map((fanIn, i) => ({
      inputDim: i === 0 ? inputDim : fanIn,
      outputDim: i === 3 ? 1 : 256,
      activation: i === 3 ? (classes ? 'sigmoid' : 'linear') : classes ? 'selu' : 'mish',
      ...(i === 0 && {
        inputScale: true,
        numericEmbeddings: {
          name: 'pbld',
          columns: numbers,
          frequencies: 16,
          outputDim: 4,
          standardDeviation: 0.1,
        },
        ...(embeddings.length > 0 && { embeddings }),
      }),
      ...(i < 3 && { activationMix: true, ...(dropout > 0 && { dropout }) }),
      learningRateFactors: {
        ...{ W: 1 / Math.sqrt(fanIn), b: 0.1 },
        ...(i < 3 && { a: 0.1 }),
        ...(i === 0 && { s: 6, F: 0.1, P: 0.1, V: 0.1, c: 0.1 }),
      },
      weightDecayFactors: { b: 0, ...(i === 0 && { s: 0.1 }) },
    }));
  /** @type {Task} */
  const task = {
    ...{ layers: layers(0.15), data, dtype: 'float32', batchSize: 256, shuffle: true, allShapes: true },
    optimizer: {
      name: 'adamW',
      learningRate: classes ? 0.04 : 0.2,
      beta1: 0.9,
      beta2: 0.95,
      weightDecay: 0.02,
    },
    ...{ extra: 'realMlp', labelSmoothing: classes ? 0.1 : 0 },
  };
  const rows = Math.round(data.X.length / inputDim).toLocaleString('en-US');
  await runTraining(bench, id, {
    name: `RealMLP's recipe, ${set}, ${rows} rows: ${recipeEpochs} epochs, of which some are timed`,
    task,
    verify: { epochs: 1 },
    comparisons: [
      // Dropout draws other units there. After some tens of steps, rounding has grown.
      { rival: 'torch-tables', tolerance: 1e-3, compared: { layers: layers(0) }, must: { best: 3 } },
    ],
    quantity: { ...seconds('a fit'), of: (milliseconds) => (milliseconds * recipeEpochs) / 1000 },
  });
}
