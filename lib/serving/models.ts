// The models that can be served, and what they answer.

import { argumentError, blasnetError } from '../base/errors';
import type { FloatArray } from '../base/matrix';
import type { Network } from '../network/network';
import { completeRules, type InputRules, type Served, type Signature, served } from '../network/served-model';
import { servedNetwork } from '../network/served-network';
import type { Classifier } from '../tabular/classifier';
import type { Regressor } from '../tabular/regressor';

/** A model that can be served: a network, or a model of tables. */
export type ServedModel =
  | Network
  | Classifier<unknown, unknown, unknown>
  | Regressor<unknown, unknown, unknown>;

/** What a model answers to one row: a network its outputs, a Classifier a class, a Regressor a number. */
export type AnswerOf<M> =
  M extends Classifier<infer Answer, unknown, unknown>
    ? Answer
    : M extends Regressor<infer Answer, unknown, unknown>
      ? Answer
      : M extends Network
        ? FloatArray
        : unknown;

/** A row of a network: its numbers; with embeddings, also the codes of categories. */
export type NetworkRow =
  | ArrayLike<number>
  | { readonly numbers?: ArrayLike<number>; readonly categories: ArrayLike<number> };

/** What a model takes as one row: a network numbers, a model of tables a record. */
export type RowOf<M> = M extends Network ? NetworkRow : object;

// A network that trains on stays the same: its batches read the parameters when they run.
const known = new WeakMap<object, Served>();

/** How a model is served. @throws TypeError ERR_BLASNET_ARG_TYPE; Error ERR_BLASNET_NOT_FITTED */
export function servedOf(name: string, model: unknown): Served {
  if (typeof model !== 'object' || model === null) throw notServable(name, model);
  const before = known.get(model);
  if (before !== undefined) return before;
  const made = newServed(name, model);
  known.set(model, made);
  return made;
}

function newServed(name: string, model: object): Served {
  const own = (model as { [served]?: () => Served })[served];
  if (typeof own === 'function') return own.call(model);
  if (isNetwork(model)) return servedNetwork(model);
  throw notServable(name, model);
}

// Also a network of another copy of the library, such as that of an ES module.
function isNetwork(model: object): model is Network {
  return typeof (model as Partial<Network>).predictor === 'function' && 'architecture' in model;
}

function notServable(name: string, model: unknown) {
  return argumentError('ERR_BLASNET_ARG_TYPE', name, 'a Network, a Classifier or a Regressor', model);
}

/**
 * Checks one row by rules, as a `Batcher` does when it is called.
 *
 * @param record a record for a model of tables; for a network, an array of numbers or { numbers, categories }
 * @throws TypeError or RangeError that names the field, the rule and the value: see `FieldError`; TypeError
 *   ERR_BLASNET_ARG_TYPE for what is no record at all
 */
export function checkRecord<M extends ServedModel>(model: M, record: unknown, rules: InputRules = {}): void {
  doorOf(servedOf('model', model), completeRules('rules', rules)).take(record);
}

// A service checks many records of a model by one set of rules.
const doors = new WeakMap<Served, Map<string, ReturnType<Served['door']>>>();

function doorOf(served: Served, rules: Required<InputRules>): ReturnType<Served['door']> {
  const ofModel = doors.get(served) ?? new Map();
  doors.set(served, ofModel);
  const key = `${rules.missing} ${rules.additional} ${rules.notFinite} ${rules.unknownCategory}`;
  const door = ofModel.get(key) ?? served.door(rules);
  ofModel.set(key, door);
  return door;
}

/** Throws unless one model takes and says what another one does. @throws RangeError ERR_BLASNET_SHAPE */
export function checkSame(live: Signature, next: Signature): void {
  if (live.kind !== next.kind) throw different(`is a ${next.kind}, and the live one is a ${live.kind}`);
  for (const part of ['inputs', 'outputs'] as const) {
    const lacks = live[part].filter((each) => !next[part].includes(each));
    const adds = next[part].filter((each) => !live[part].includes(each));
    if (lacks.length === 0 && adds.length === 0) continue;
    const words = [
      ...(lacks.length > 0 ? [`lacks ${listOf(lacks)}`] : []),
      ...(adds.length > 0 ? [`adds ${listOf(adds)}`] : []),
    ];
    throw different(`${words.join(' and ')} among its ${part}`);
  }
}

function listOf(words: readonly string[]): string {
  const shown = words.slice(0, 3).join(', ');
  return words.length > 3 ? `${shown} and ${words.length - 3} more` : shown;
}

function different(words: string) {
  const hint = 'pass { allowChanges: true } if the callers know of it';
  return blasnetError(
    'ERR_BLASNET_SHAPE',
    `Expected the next model to take and to say what the live one does; it ${words}; ${hint}`,
  );
}
