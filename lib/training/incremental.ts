import { blasnetError } from '../base/errors';
import type { SampleKind } from '../samples/samples';

/**
 * Throws if preprocessing or labels would learn in `partialFit` or `trainOnBatch`: one part of the data would decide for
 * all others what the scales and the classes are.
 */
export function checkLearned({ preprocessing, labels }: SampleKind, method: string): void {
  if (preprocessing?.fitted === false) throw notLearned('preprocessing', method, preprocessingAdvice);
  if (labels?.fitted === false) throw notLearned('labels', method, labelsAdvice);
}

const preprocessingAdvice =
  'call net.preprocessing.partialFit(X) with each part before, or net.preprocessing.fit(X)';
const labelsAdvice =
  'state the classes with labelEncoder({ classes: [...] }), or call net.labels.fit(labels)';

function notLearned(option: string, method: string, advice: string): Error {
  const rule = `fitted before ${method}, which gets only a part of the data`;
  return blasnetError('ERR_BLASNET_NOT_FITTED', `Expected ${option} to be ${rule}: ${advice}`);
}
