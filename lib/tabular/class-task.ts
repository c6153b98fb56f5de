// What the training of a Classifier is about.

import { type Work, workAnywhere } from '../addon/work';
import { blasnetError } from '../base/errors';
import type { Json } from '../formats/json';
import { labelEncoder } from '../preprocessing';
import type { Table } from '../tables/table';
import type { FitOptions } from '../training/options';
import { type ClassTarget, classNumbers, learnClasses } from './class-target';
import { outputFor, type TargetValues } from './labels';
import type { TargetsOf } from './model-file';
import { targetsOf } from './prepare';
import type { Task } from './task';
import { calibratedLoss, type HeldLogits, logitsOf, pooled, temperaturesOf } from './temperature';
import type { ClassifierOptions } from './train-options';

export type ClassTargets = TargetsOf<'classifier'>;

/** What the training of a Classifier is about. */
export function classifierTask(
  options: Pick<ClassifierOptions, 'calibrate' | 'target' | 'positive' | 'loss' | 'classWeight'>,
): Task {
  const names = targetsOf(options);
  const single = typeof options.target === 'string';
  return {
    classes: true,
    *learn(table) {
      const targets: ClassTarget[] = [];
      for (const name of names) targets.push(yield* learnClasses(name, table.column(name), options.positive));
      if (!single) checkLabels(targets);
      return yield* valuesOf(targets, table, single);
    },
    read: (learned) => (table) => valuesOf(targetsIn(learned), table, single),
    describe: (values) => targetsJson(values) as unknown as Json,
    network(values) {
      const [first] = targetsIn(values) as [ClassTarget];
      // The network's own labels are texts or numbers. Numbers would be mistaken for the numbers of classes.
      if (!single || typeof first.classes[0] !== 'string') return {};
      return { labels: labelEncoder({ classes: first.classes as readonly string[] }) };
    },
    async observe(network, { X, values, weights }, how) {
      return { logits: await logitsOf(network, X, how), values, weights };
    },
    async judge(observed, how) {
      const held = await workAnywhere(pooled(observed as HeldLogits[]), how);
      const temperatures = await temperaturesOf(held, how);
      return {
        loss: await calibratedLoss(held, temperatures, how),
        ...(options.calibrate !== false && { temperatures }),
      };
    },
    fit: (values) => ({
      ...(outputFor(values).activation === 'softmax' &&
        options.loss === undefined && { loss: 'sparseCategoricalCrossEntropy' }),
      ...(options.loss !== undefined && { loss: options.loss }),
      ...classWeightOf(options, targetsIn(values), single),
    }),
  };
}

export function* valuesOf(
  targets: readonly ClassTarget[],
  table: Table,
  single: boolean,
): Work<TargetValues> {
  const numbers: Int32Array[] = [];
  for (const target of targets) numbers.push(yield* classNumbers(target, table.column(target.name)));
  return single
    ? { kind: 'classes', target: targets[0] as ClassTarget, numbers: numbers[0] as Int32Array }
    : { kind: 'labels', targets, numbers };
}

export function targetsIn(values: TargetValues): readonly ClassTarget[] {
  if (values.kind === 'classes') return [values.target];
  return values.kind === 'labels' ? values.targets : [];
}

/** A target without what a calibration learned. */
export function plain({ name, classes }: ClassTarget): ClassTarget {
  return { name, classes };
}

export function targetsJson(values: TargetValues): ClassTargets {
  return { kind: 'classifier', single: values.kind === 'classes', columns: targetsIn(values) };
}

function checkLabels(targets: readonly ClassTarget[]): void {
  for (const { name, classes } of targets) {
    if (classes.length === 2) continue;
    throw blasnetError(
      'ERR_BLASNET_ARG_VALUE',
      `Expected column ${JSON.stringify(name)}, one of several targets, to have 2 classes, got ${classes.length}; ` +
        'train a Classifier for each column of more classes',
    );
  }
}

function classWeightOf(
  { classWeight }: Pick<ClassifierOptions, 'classWeight'>,
  targets: readonly ClassTarget[],
  single: boolean,
): Partial<FitOptions> {
  if (classWeight === undefined) return {};
  if (!single) {
    throw blasnetError('ERR_BLASNET_ARG_VALUE', 'Expected classWeight to be left out with several targets');
  }
  if (typeof classWeight === 'string') return { classWeight };
  const [{ name, classes }] = targets as [ClassTarget];
  const names = classes.map(String);
  const unknown = Object.keys(classWeight).find((key) => !names.includes(key));
  if (unknown !== undefined) {
    const shown = names.slice(0, 5).map((each) => JSON.stringify(each));
    throw blasnetError(
      'ERR_BLASNET_UNKNOWN_NAME',
      `Unknown class ${JSON.stringify(unknown)} in classWeight; column ${JSON.stringify(name)} has ${shown.join(', ')}`,
    );
  }
  return {
    classWeight: Object.fromEntries(
      names.flatMap((key, i) => (Object.hasOwn(classWeight, key) ? [[i, classWeight[key] as number]] : [])),
    ),
  };
}
