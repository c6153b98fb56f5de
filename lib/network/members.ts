// The members of a network that are kept after training.

import { copyArrays } from '../addon/arrays';
import { type AsyncOptions, asyncConstraints, type Work } from '../addon/work';
import { argumentError, blasnetError } from '../base/errors';
import type { FloatArray } from '../base/matrix';
import { giveMethods } from '../base/methods';
import { check, checkOptions, integerBetween } from '../base/validate';
import { type Architecture, type Layer, membersOf } from '../layers/architecture';
import { parameterShapes } from '../layers/parameters';
import type { InputsLike } from '../samples/inputs';
import type { LabelsLike } from '../samples/labels';
import { type EvaluateOptions, type Evaluation, evaluateConstraints } from './network-options';

/** A network of which some members may be kept. */
export interface NetworkOfMembers<Network> {
  /**
   * Makes a network of some of the members, in memory of its own. It answers with the mean of their outputs. The
   * optimiser's state is not taken.
   *
   * @param members their numbers, from 0, each once; the new network has them in this order
   * @throws TypeError ERR_BLASNET_ARG_TYPE; RangeError ERR_BLASNET_ARG_VALUE for a number that no member has, or if the
   *   network has no members; like clone()
   */
  keepMembers(members: readonly number[]): Network;
  /**
   * Chooses the members that answer best together, one after another: first the one with the smallest loss, then always
   * the one with which the loss of the mean is smallest (TabM: Gorishniy et al., 2025). Give it samples that the training has
   * not seen. It evaluates count * (2 * members - count + 1) / 2 networks.
   *
   * @param count how many to choose, from 1 to the number of members
   * @returns the numbers of the chosen members, in the order of their choice, for `keepMembers`
   * @throws like keepMembers() and evaluate()
   */
  selectMembers(
    count: number,
    X: InputsLike,
    Y: LabelsLike,
    options?: Omit<EvaluateOptions, 'metrics'> & AsyncOptions,
  ): Promise<number[]>;
}

/** What choosing members asks of a network. */
interface Judged<Network> extends NetworkOfMembers<Network> {
  evaluate(X: InputsLike, Y: LabelsLike, options: object): Promise<Evaluation>;
  [Symbol.dispose](): void;
}

/** Gives the networks of a class these methods. `keep` makes the network of some members. */
export function makeOfMembers<Network extends NetworkOfMembers<Network>>(
  prototype: Network,
  architectureOf: (network: Network) => Architecture,
  keep: (network: Network, members: readonly number[]) => Network,
): void {
  const methods: NetworkOfMembers<Network> & ThisType<Network> = {
    keepMembers(members) {
      checkMembers(members, countIn(architectureOf(this)));
      return keep(this, members);
    },
    async selectMembers(count, X, Y, options = {}) {
      const { metrics: _, ...constraints } = evaluateConstraints;
      checkOptions('', options, { ...constraints, ...asyncConstraints });
      const total = countIn(architectureOf(this));
      check('count', count, integerBetween(1, total));
      const all = Array.from({ length: total }, (__, member) => member);
      // A copy, since the caller may train on meanwhile.
      const network = keep(this, all) as unknown as Judged<Judged<unknown>>;
      const chosen: number[] = [];
      while (chosen.length < count) {
        let best = { member: -1, loss: Number.NaN };
        for (const member of all) {
          if (chosen.includes(member)) continue;
          const together = network.keepMembers([...chosen, member]);
          try {
            const { loss } = await together.evaluate(X, Y, options);
            // A member that diverged has no loss. It is chosen last.
            if (best.member < 0 || loss < best.loss || Number.isNaN(best.loss)) best = { member, loss };
          } finally {
            together[Symbol.dispose]();
          }
        }
        chosen.push(best.member);
      }
      return chosen;
    },
  };
  giveMethods(prototype, methods);
}

function countIn([first]: Architecture): number {
  if (first?.members !== undefined) return first.members;
  throw blasnetError(
    'ERR_BLASNET_ARG_VALUE',
    'Expected the network to have members, got layers[0] without: make it with { members: 8 } in the first layer',
  );
}

function checkMembers(members: unknown, count: number): void {
  const rule = `an array of numbers of members, from 0 to ${count - 1}, each once`;
  if (!Array.isArray(members)) throw argumentError('ERR_BLASNET_ARG_TYPE', 'members', rule, members);
  for (const [i, member] of members.entries()) check(`members[${i}]`, member, integerBetween(0, count - 1));
  if (members.length > 0 && new Set(members).size === members.length) return;
  throw argumentError('ERR_BLASNET_ARG_VALUE', 'members', rule, members);
}

/** The architecture of these members. */
export function architectureOfMembers(
  [first, ...others]: Architecture,
  members: readonly number[],
): Architecture {
  return Object.freeze([Object.freeze({ ...(first as Layer), members: members.length }), ...others]);
}

/** Copies the parameters of these members, and those that all share, from one flat buffer to another. */
export function copyMembers(
  architecture: Architecture,
  members: readonly number[],
  from: FloatArray,
  to: FloatArray,
): Work<void> {
  const own = ['R1', `W${architecture.length}`, `b${architecture.length}`];
  const [sources, targets]: [FloatArray[], FloatArray[]] = [[], []];
  let [start, place] = [0, 0];
  for (const { name, rows, cols } of parameterShapes(architecture)) {
    const size = rows * cols;
    const [blocks, block] = own.includes(name) ? [members, size / membersOf(architecture)] : [[0], size];
    for (const number of blocks) {
      sources.push(from.subarray(start + number * block, start + (number + 1) * block));
      targets.push(to.subarray(place, place + block));
      place += block;
    }
    start += size;
  }
  return copyArrays(sources, targets);
}
