// The tables of the case tabular: the scores of each method on each set, and the mean ranks of the methods.

import { number } from './quantities.mjs';

/**
 * The scores of one fit with the test rows of its fold, and its times.
 * @typedef {object} Fit
 * @property {number} [accuracy]
 * @property {number} [rocAuc]
 * @property {number} [logLoss]
 * @property {number} [rmse]
 * @property {number} [r2]
 * @property {number} seconds   of the fit, preprocessing included
 * @property {number} cpu       processor seconds of the fit, over all threads
 */

/** @typedef {{ mean: number, std: number }} Mean   over the folds; the deviation is that of the population */

/**
 * @typedef {object} MethodScores
 * @property {string} method
 * @property {string} [failure]   why it has no figures
 * @property {string} [date]   when it was measured, if not in this run
 * @property {number[]} [folds]   of a measurement of another day
 * @property {Mean} [accuracy]
 * @property {Mean} [rocAuc]
 * @property {Mean} [logLoss]
 * @property {Mean} [rmse]
 * @property {Mean} [r2]
 * @property {number} [seconds]
 * @property {number} [cpu]
 */

/** @typedef {{ title: string, header: string[], body: string[][] }} Sheet */

const scoreNames = /** @type {const} */ (['accuracy', 'rocAuc', 'logLoss', 'rmse', 'r2']);

/** @returns {MethodScores} */
export function meansOf(/** @type {string} */ method, /** @type {readonly Fit[]} */ fits) {
  const values = (/** @type {keyof Fit} */ name) => fits.map((fit) => Number(fit[name]));
  const scores = scoreNames
    .filter((name) => fits.every((fit) => fit[name] !== undefined))
    .map((name) => [name, summary(values(name))]);
  return {
    method,
    ...Object.fromEntries(scores),
    seconds: summary(values('seconds')).mean,
    cpu: summary(values('cpu')).mean,
  };
}

/** @returns {Mean} */
function summary(/** @type {readonly number[]} */ values) {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return {
    mean,
    std: Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length),
  };
}

const titles = { accuracy: 'accuracy', rocAuc: 'ROC AUC', logLoss: 'log loss', rmse: 'RMSE', r2: 'R2' };

/** @returns {Sheet} */
export function scoreTable(/** @type {string} */ title, /** @type {readonly MethodScores[]} */ methods) {
  const shown = scoreNames.filter((name) => methods.some((method) => method[name] !== undefined));
  return {
    title,
    header: ['method', ...shown.map((name) => titles[name]), 's a fit', 'processor s a fit', 'measured'],
    body: methods.map((each) => [
      each.method,
      ...shown.map((name) => scoreText(name, each[name])),
      each.date === undefined && each.seconds !== undefined ? number(each.seconds) : '',
      // The baselines have processor seconds only.
      secondsText(each.date === undefined ? each.cpu : each.seconds),
      whenText(each),
    ]),
  };
}

function whenText(/** @type {MethodScores} */ { date, folds, failure }) {
  if (failure !== undefined) return `failed: ${failure}`;
  return date === undefined ? 'in this run' : `${date}${foldsText(folds)}`;
}

function secondsText(/** @type {number | undefined} */ value) {
  return value === undefined ? '' : number(value);
}

function foldsText(/** @type {readonly number[] | undefined} */ folds = []) {
  return folds.length === 5 ? '' : `, folds ${folds.map((fold) => fold + 1).join(', ')}`;
}

function scoreText(/** @type {typeof scoreNames[number]} */ name, /** @type {Mean | undefined} */ mean) {
  if (mean === undefined) return '';
  const text = (/** @type {number} */ value) => {
    if (name === 'accuracy') return (100 * value).toFixed(1);
    return name === 'rmse' ? Math.round(value).toLocaleString('en-US') : value.toFixed(4);
  };
  return `${text(mean.mean)} ± ${text(mean.std)}${name === 'accuracy' ? ' %' : ''}`;
}

/**
 * The mean ranks, 1 for the best, of the methods that have figures on all sets: by the accuracy or the root mean squared error,
 * and by the log loss where there are classes. Equal scores share their ranks.
 *
 * @param {ReadonlyMap<string, readonly MethodScores[]>} sets
 * @returns {Sheet}
 */
export function rankTable(sets) {
  const names = namesOf(sets);
  const byMain = ranksOf(sets, names, ({ accuracy, rmse }) => (rmse ? rmse.mean : -Number(accuracy?.mean)));
  const byLoss = ranksOf(sets, names, ({ logLoss, rmse }) => Number((logLoss ?? rmse)?.mean));
  const order = [...names.keys()].sort((a, b) => Number(byMain[a]) - Number(byMain[b]));
  return {
    title: `Mean ranks among ${names.length} methods on ${sets.size} sets`,
    header: ['method', 'by accuracy or RMSE', 'by log loss or RMSE'],
    body: order.map((i) => [String(names[i]), Number(byMain[i]).toFixed(2), Number(byLoss[i]).toFixed(2)]),
  };
}

// The linear model has another name where numbers are predicted.
const nameOf = (/** @type {MethodScores} */ { method }) =>
  ['LogisticRegression', 'Ridge'].includes(method) ? 'LogisticRegression or Ridge' : method;

function namesOf(/** @type {ReadonlyMap<string, readonly MethodScores[]>} */ sets) {
  const lists = [...sets.values()].map((methods) =>
    methods.filter(({ failure }) => failure === undefined).map(nameOf),
  );
  const [first = []] = lists;
  return first.filter((name) => lists.every((list) => list.includes(name)));
}

/** @returns {number[]} */
function ranksOf(
  /** @type {ReadonlyMap<string, readonly MethodScores[]>} */ sets,
  /** @type {readonly string[]} */ names,
  /** @type {(method: MethodScores) => number} */ lossOf,
) {
  const sums = names.map(() => 0);
  for (const methods of sets.values()) {
    const losses = names.map((name) =>
      lossOf(/** @type {MethodScores} */ (methods.find((method) => nameOf(method) === name))),
    );
    for (const [i, own] of losses.entries()) {
      const better = losses.filter((other) => other < own).length;
      const equal = losses.filter((other) => other === own).length;
      sums[i] = Number(sums[i]) + better + (equal + 1) / 2;
    }
  }
  return sums.map((sum) => sum / sets.size);
}
