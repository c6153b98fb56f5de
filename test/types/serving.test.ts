// The types of blasnet/serving: what a batcher takes and answers follows from its model.

import { expectTypeOf, test } from 'vitest';
import type { FloatArray, Network } from '../../lib';
import {
  Batcher,
  type BatcherFigures,
  checkRecord,
  httpStatus,
  ModelSlot,
  type ServedModel,
} from '../../lib/serving';
import type { Classifier, LabelsClassifier, Regressor, TargetsRegressor } from '../../lib/tabular';

declare const network: Network;
declare const classifier: Classifier;
declare const labels: LabelsClassifier;
declare const regressor: Regressor;
declare const targets: TargetsRegressor;

interface Customer {
  readonly age: number | null;
}

// Never called: only its types are checked.
async function served(customer: Customer, any: ServedModel) {
  const { signal } = new AbortController();
  expectTypeOf(new Batcher(network).predict([1, 2], { signal })).resolves.toEqualTypeOf<FloatArray>();
  expectTypeOf(new Batcher(network).predict({ categories: [1] })).resolves.toEqualTypeOf<FloatArray>();
  const classes = new Batcher(new ModelSlot(classifier), { maxQueue: 10, input: { missing: 'accept' } });
  expectTypeOf(classes.predict(customer)).resolves.toEqualTypeOf<string | number | boolean>();
  expectTypeOf(classes.probabilities(customer)).resolves.toEqualTypeOf<Record<string, number>>();
  expectTypeOf(new Batcher(labels).predict(customer)).resolves.toEqualTypeOf<
    Record<string, string | number | boolean>
  >();
  expectTypeOf(new Batcher(regressor).predict(customer)).resolves.toEqualTypeOf<number>();
  expectTypeOf(new Batcher(targets).predict(customer)).resolves.toEqualTypeOf<Record<string, number>>();
  expectTypeOf(classes.figures()).toEqualTypeOf<BatcherFigures>();
  expectTypeOf(classes.close()).resolves.toBeVoid();

  const slot = new ModelSlot<Classifier>();
  expectTypeOf(slot.model).toEqualTypeOf<Classifier>();
  expectTypeOf(slot.swap(classifier, { probe: [customer] })).resolves.toEqualTypeOf<number>();
  expectTypeOf(slot.history[0]?.since).toEqualTypeOf<Date | undefined>();
  await new ModelSlot<ServedModel>(any).swap(network, { allowChanges: true });
  checkRecord(classifier, JSON.parse('{}'), { additional: 'ignore' });
  expectTypeOf(httpStatus(new Error('any'))).toEqualTypeOf<number>();

  // @ts-expect-error: a network takes no text
  new Batcher(network).predict('text');
  // @ts-expect-error: the slot is of Classifiers
  slot.swap(regressor);
  // @ts-expect-error: no such rule
  checkRecord(classifier, customer, { missing: 'ignore' });
  // @ts-expect-error: no such option
  new Batcher(classifier, { batchSize: 3 });
}

test('a batcher takes and answers what its model does', () => {
  expectTypeOf(served).returns.resolves.toBeVoid();
});
