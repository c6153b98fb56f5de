import { native } from '../addon/binding';
import { packFields } from '../addon/records';
import { described } from '../base/description';
import {
  above,
  atLeast,
  boolean,
  type Constraint,
  checkOptions,
  halfOpen,
  integerBetween,
  oneOf,
  optional,
} from '../base/validate';

/** Any optimiser: a name, and values of hyperparameters. */
export interface AnyOptimizer {
  readonly name: string;
}

/** The definition of an optimiser. */
export interface OptimizerRow<O extends AnyOptimizer> {
  readonly name: O['name'];
  /** The default of every option. These are all options that it has. */
  readonly defaults: Omit<O, 'name'>;
  /** The name of native code's optimiser that it uses. @default its name */
  readonly native?: string;
  /** The rules for its options that are not in the list below. */
  readonly constraints?: Readonly<Record<string, Constraint>>;
  /** Whether its weight decay is always decoupled. @default the option `decoupled`, if it has that, else false */
  readonly decoupled?: boolean;
}

/** The rules for the options. A row may add rules for further options. */
const constraints: Readonly<Record<string, Constraint>> = {
  learningRate: above(0),
  momentum: halfOpen(0, 1),
  nesterov: boolean,
  dampening: halfOpen(0, 1),
  decay: halfOpen(0, 1),
  beta1: halfOpen(0, 1),
  beta2: halfOpen(0, 1),
  epsilon: above(0),
  centered: boolean,
  amsgrad: boolean,
  initialAccumulator: atLeast(0),
  learningRateDecay: atLeast(0),
  momentumDecay: atLeast(0),
  convention: oneOf(['pytorch', 'keras']),
  weightDecay: atLeast(0),
  decoupled: boolean,
  historySize: integerBetween(1, 1000),
  toleranceGradient: atLeast(0),
  toleranceChange: atLeast(0),
  maxEvaluations: integerBetween(1, 1000),
};

const rowOf = new WeakMap<object, OptimizerRow<AnyOptimizer>>();
const factories: Record<string, (options: object) => AnyOptimizer> = {};

/** Returns a function that makes optimisers of this row: it checks their options and fills in the defaults. */
export function optimizerRow<O extends AnyOptimizer>(row: OptimizerRow<O>): (options: object) => O {
  const rules = { ...constraints, ...row.constraints };
  const known = Object.keys(row.defaults);
  const table = Object.fromEntries(known.map((option) => [option, optional(rules[option] as Constraint)]));
  const make = (options: object) => {
    checkOptions('', options, table);
    const given = Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
    const optimizer = Object.freeze({ name: row.name, ...row.defaults, ...given }) as unknown as O;
    rowOf.set(optimizer, row as unknown as OptimizerRow<AnyOptimizer>);
    return optimizer;
  };
  factories[row.name] = make;
  return make;
}

/** The optimiser that a factory made, or that a description stands for; undefined for anything else. */
export function optimizerOf(where: string, value: unknown): AnyOptimizer | undefined {
  return rowOf.has(value as object) ? (value as AnyOptimizer) : described(where, value, factories);
}

export function optimizerNames(): string[] {
  return Object.keys(factories);
}

/** An optimiser in the form that native code takes. */
export interface NativeOptimizer {
  readonly code: number;
  /** Its options in native code's order. */
  readonly options: Float64Array;
  /** The number of elements that it keeps between steps for this number of parameters. They start as zeros. */
  stateSize(parameters: number): number;
}

export function nativeOptimizer(optimizer: AnyOptimizer): NativeOptimizer {
  const row = rowOf.get(optimizer) as OptimizerRow<AnyOptimizer>;
  const own = optimizer as unknown as Readonly<Record<string, number | boolean>>;
  return nativeOptions(row.native ?? row.name, {
    ...own,
    kerasEpsilon: 'convention' in optimizer && optimizer.convention === 'keras',
    decoupled: row.decoupled ?? own.decoupled ?? false,
  });
}

/** Packs options for one of native code's optimisers. Options that it does not have are left out. */
export function nativeOptions(
  name: string,
  values: Readonly<Record<string, number | boolean>>,
): NativeOptimizer {
  const { code, options: fields } = native.optimizers[name] as (typeof native.optimizers)[string];
  const own = fields.map((field) => [field, values[field]] as const);
  const options = packFields(name, fields, Object.fromEntries(own) as Record<string, number | boolean>);
  return { code, options, stateSize: (parameters) => native.optimizerStateSize(code, options, parameters) };
}
