// Learning from data that come in parts. A part leaves a summary of each column, and summaries of parts can be merged
// into that of all rows: T. Chan, G. Golub, R. LeVeque, "Updating formulae and a pairwise algorithm for computing sample
// variances" (1979). The steps learn from the summaries of all parts so far. What a step does to its columns, it does to
// their summaries, so that the next step learns what it would learn from the transformed rows.

import type { Work } from '../addon/work';
import { blasnetError } from '../base/errors';
import type { Matrix } from '../base/matrix';
import type { CustomStep } from './custom-step';
import { FittedSteps, inputName } from './fitted-steps';
import { learnCategories, learnExtremes, learnMoments } from './learn';
import { type LibraryStep, mostColumns, type PartialLearner, PreprocessingStep } from './step';
import { type ColumnSummary, merged, noNumbers } from './summary';

/** How the steps of a pipeline learn from parts. @throws RangeError ERR_BLASNET_ARG_VALUE if one cannot */
export function partialLearners(steps: readonly (PreprocessingStep | CustomStep)[]): PartialLearner[] {
  return steps.map((step, i) => {
    const learner =
      step instanceof PreprocessingStep
        ? PreprocessingStep.partialOf(step)
        : `the step ${JSON.stringify(step.name)} of your own: use fit`;
    if (typeof learner === 'string') throw cannot(i, 'a step that learns from parts of the data', learner);
    if (learner.asks === 'categories' && i < steps.length - 1) {
      const why = `${step.name}, whose columns are not known before the last part: put it last`;
      throw cannot(i, 'a step that may stand before others in partialFit', why);
    }
    return learner;
  });
}

function cannot(i: number, rule: string, got: string): Error {
  return blasnetError('ERR_BLASNET_ARG_VALUE', `Expected steps[${i}] to be ${rule}, got ${got}`);
}

/** The summaries of the columns of X, with what the steps ask for. @throws RangeError ERR_BLASNET_NOT_FINITE */
export function* summarize(X: Matrix, learners: readonly PartialLearner[]): Work<ColumnSummary[]> {
  const summaries = Array.from({ length: X.cols }, () => ({ ...noNumbers, rows: X.rows }));
  const imputed = columnsOf(learners.filter(({ skipsMissing }) => skipsMissing));
  // Every step asks for moments, which say how many numbers are there.
  for (const asks of ['moments', 'extremes', 'categories'] as const) {
    const asked = columnsOf(asks === 'moments' ? learners : learners.filter((one) => one.asks === asks));
    const chosen = summaries.map((_, column) => column).filter((column) => asked(column));
    for (const skipMissing of [true, false]) {
      const columns = chosen.filter((column) => imputed(column) === skipMissing);
      if (columns.length === 0) continue;
      const learned = yield* numbersOf[asks]({ name: 'X', X, columns, skipMissing });
      for (const [i, column] of columns.entries()) Object.assign(summaries[column] as object, learned(i));
    }
  }
  return summaries;
}

type Learn = (from: Parameters<typeof learnMoments>[0]) => Work<(i: number) => Partial<ColumnSummary>>;

/** What native code learns from columns, as parts of the summary of the i-th of them. */
const numbersOf: Readonly<Record<PartialLearner['asks'], Learn>> = {
  *moments(from) {
    const { means, variances, present } = yield* learnMoments(from);
    return (i) => {
      const count = present[i] as number;
      if (count === 0) return {};
      return { present: count, mean: means[i] as number, squares: (variances[i] as number) * count };
    };
  },
  *extremes(from) {
    const { least, most } = yield* learnExtremes(from);
    return (i) => ({ least: least[i] as number, most: most[i] as number });
  },
  *categories(from) {
    const { categories } = yield* learnCategories(from, mostColumns);
    return (i) => ({ categories: categories?.[i] ?? 'tooMany' });
  },
};

// Whether one of the steps works on a column of X. Columns that other steps append come after those of X.
function columnsOf(learners: readonly PartialLearner[]): (column: number) => boolean {
  const all = learners.some(({ columns }) => columns === undefined);
  const some = new Set(learners.flatMap(({ columns = [] }) => columns));
  return (column) => all || some.has(column);
}

/** The summaries of all rows of two parts. @throws RangeError ERR_BLASNET_SHAPE if they differ in their columns */
export function mergedSummaries(
  first: readonly ColumnSummary[],
  second: readonly ColumnSummary[],
): ColumnSummary[] {
  if (first.length !== second.length) {
    const message = `Expected X to have ${first.length} columns (as in the first part), got ${second.length}`;
    throw blasnetError('ERR_BLASNET_SHAPE', message);
  }
  return first.map((summary, column) => merged(summary, second[column] as ColumnSummary));
}

/** The steps, as they learn from rows with these summaries. */
export function learnedFrom(
  learners: readonly PartialLearner[],
  summaries: readonly ColumnSummary[],
): FittedSteps {
  let columns = summaries;
  const fitted: LibraryStep[] = [];
  for (const [i, learner] of learners.entries()) {
    const { step, output } = learner.learn(inputName(i), columns);
    fitted.push(step);
    columns = output;
  }
  return new FittedSteps(fitted);
}
