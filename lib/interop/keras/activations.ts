// The activations of Keras and TensorFlow.js, by their names there.

import { type ActivationName, defaultAlpha, type ResolvedActivation } from '../../layers/activations';
import type { Fields } from './fields';

/** Their names in Keras. hardSigmoid has another formula before Keras 3, and in TensorFlow.js. */
const names: Readonly<Record<string, ActivationName>> = {
  linear: 'linear',
  sigmoid: 'sigmoid',
  relu: 'relu',
  tanh: 'tanh',
  softmax: 'softmax',
  elu: 'elu',
  selu: 'selu',
  gelu: 'gelu',
  // TensorFlow.js
  gelu_new: 'geluTanh',
  silu: 'silu',
  swish: 'silu',
  softplus: 'softplus',
  softsign: 'softsign',
  hard_sigmoid: 'hardSigmoid',
  mish: 'mish',
  exponential: 'exponential',
  log_softmax: 'logSoftmax',
};

/**
 * The activation of a layer: a name, or the JSON of a function of this name.
 *
 * @param version of Keras: its first number
 * @throws Error ERR_BLASNET_FILE that names the layer
 */
export function activationIn(config: Fields, field: string, version: number): ResolvedActivation {
  const given = config.get(field) ?? 'linear';
  const name = nameOf(given);
  const snake = name?.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  // In Keras 3, a function of this name has a slope of 0.2.
  if (snake === 'leaky_relu' && version >= 3) return { name: 'leakyRelu', alpha: 0.2 };
  const known = snake !== undefined && Object.hasOwn(names, snake) ? names[snake] : undefined;
  if (known === undefined)
    throw config.error(field, `one of ${Object.keys(names).join(', ')}`, name ?? given);
  if (known === 'hardSigmoid' && version < 3) {
    throw config.error(field, 'another one than hard_sigmoid of Keras 2, whose slope is 1/5, not 1/6', name);
  }
  return { name: known, alpha: defaultAlpha(known) };
}

// A function is { class_name: 'function', config: 'relu' }; an object of a class has its name, too.
function nameOf(given: unknown): string | undefined {
  if (typeof given === 'string') return given;
  if (typeof given !== 'object' || given === null) return undefined;
  const { class_name: className, config } = given as Readonly<Record<string, unknown>>;
  return className === 'function' && typeof config === 'string' ? config : undefined;
}
