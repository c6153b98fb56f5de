import { blasnetError } from '../base/errors';
import type { SampleKind } from '../samples/samples';

/**
 * Throws if preprocessing, labels or a targetScaler would learn in `partialFit` or `trainOnBatch`: one part of the data
 * would decide for all others what the scales and the classes are.
 */
export function checkLearned(
  { preprocessing, labels, targetScaler }: Pick<SampleKind, 'preprocessing' | 'labels' | 'targetScaler'>,
  method: string,
): void {
  if (preprocessing?.fitted === false) throw notLearned('preprocessing', method, preprocessingAdvice);
  if (labels?.fitted === false) throw notLearned('labels', method, labelsAdvice);
  if (targetScaler?.fitted === false) throw notLearned('targetScaler', method, targetsAdvice);
}

const preprocessingAdvice =
  'call net.preprocessing.partialFit(X) with each part before, or net.preprocessing.fit(X)';
const labelsAdvice =
  'state the classes with labelEncoder({ classes: [...] }), or call net.labels.fit(labels)';
const targetsAdvice =
  'call net.targetScaler.partialFit(Y) with each part before, or net.targetScaler.fit(Y), with Y as a Matrix or as rows';

function notLearned(option: string, method: string, advice: string): Error {
  const rule = `fitted before ${method}, which gets only a part of the data`;
  return blasnetError('ERR_BLASNET_NOT_FITTED', `Expected ${option} to be ${rule}: ${advice}`);
}
