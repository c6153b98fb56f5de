import { argumentError, blasnetError } from './errors';

/**
 * A rule for a value. If `accepts` returns false, the error is a TypeError; if `holds` returns false, a RangeError.
 * `rule` completes the sentence "Expected <name> to be ...".
 */
export interface Constraint {
  readonly rule: string;
  accepts(value: unknown): boolean;
  holds?(value: never): boolean;
  readonly optional?: boolean;
  /** The values, if they are names: an error then names the closest one. */
  readonly names?: readonly string[];
}

export const positiveInteger: Constraint = integerFrom(1, 'a positive integer');

/** The seed of a generator, in the range of `np.random.seed`. */
export const seed: Constraint = integerBetween(0, 0xffffffff);

export const finite: Constraint = { rule: 'a finite number', accepts: isNumber, holds: Number.isFinite };

/** For an option that other code checks. */
export const anything: Constraint = { rule: 'anything', accepts: () => true };

export const boolean: Constraint = { rule: 'true or false', accepts: (value) => typeof value === 'boolean' };

export const functionValue: Constraint = {
  rule: 'a function',
  accepts: (value) => typeof value === 'function',
};

export const filePath: Constraint = {
  rule: 'a non-empty path without null characters or a file: URL',
  accepts: (value) => typeof value === 'string',
  holds: (value: string) => value !== '' && !value.includes('\0'),
};

export const abortSignal: Constraint = {
  rule: 'an AbortSignal',
  // A signal may come from another realm, such as that of a test runner.
  accepts: (value) =>
    value instanceof AbortSignal || Object.prototype.toString.call(value) === '[object AbortSignal]',
};

/** An integer no smaller than `least`. */
export function integerFrom(least: number, rule = `an integer of at least ${least}`): Constraint {
  return {
    rule,
    accepts: isNumber,
    holds: (value: number) => Number.isSafeInteger(value) && value >= least,
  };
}

/** An integer from `least` to `most`, both included. */
export function integerBetween(least: number, most: number): Constraint {
  return {
    rule: `an integer from ${least} to ${most}`,
    accepts: isNumber,
    holds: (value: number) => Number.isInteger(value) && value >= least && value <= most,
  };
}

/** A finite number greater than `bound`. */
export function above(bound: number): Constraint {
  return {
    rule: bound === 0 ? 'a positive finite number' : `a finite number above ${bound}`,
    accepts: isNumber,
    holds: (value: number) => Number.isFinite(value) && value > bound,
  };
}

/** A finite number no smaller than `bound`. */
export function atLeast(bound: number): Constraint {
  return {
    rule: `a finite number of at least ${bound}`,
    accepts: isNumber,
    holds: (value: number) => Number.isFinite(value) && value >= bound,
  };
}

/** A number in [low, high]. */
export function between(low: number, high: number): Constraint {
  return {
    rule: `a number from ${low} to ${high}`,
    accepts: isNumber,
    holds: (value: number) => value >= low && value <= high,
  };
}

/** A number in [low, high). */
export function halfOpen(low: number, high: number): Constraint {
  return {
    rule: `a number in [${low}, ${high})`,
    accepts: isNumber,
    holds: (value: number) => value >= low && value < high,
  };
}

/** One of these names. */
export function oneOf(names: readonly string[]): Constraint {
  return {
    rule: `one of ${names.map((name) => `'${name}'`).join(', ')}`,
    accepts: (value) => typeof value === 'string',
    holds: (value: string) => names.includes(value),
    names,
  };
}

/** The constraint, or undefined. */
export function optional(constraint: Constraint): Constraint {
  return { ...constraint, optional: true };
}

/** Throws unless the value satisfies the constraint. `code` is the code for a value out of range. */
export function check(
  name: string,
  value: unknown,
  constraint: Constraint,
  code: 'ERR_BLASNET_ARG_VALUE' | 'ERR_BLASNET_UNKNOWN_NAME' = 'ERR_BLASNET_ARG_VALUE',
): void {
  if (value === undefined && constraint.optional) return;
  if (!constraint.accepts(value)) throw argumentError('ERR_BLASNET_ARG_TYPE', name, constraint.rule, value);
  if (constraint.holds?.(value as never) !== false) return;
  const hint = typeof value === 'string' ? guessOf(value, constraint.names ?? []) : '';
  throw argumentError(code, name, constraint.rule, value, hint);
}

/**
 * Checks that `options` is an object, that each of its options is in the table, and that each value satisfies its
 * constraint. `name` is the object's name in errors, such as `layers[1]`; if it is empty, errors name only the option.
 */
export function checkOptions(
  name: string,
  options: unknown,
  constraints: Readonly<Record<string, Constraint>>,
): void {
  checkObject(name || 'options', options);
  checkNames(name, options, Object.keys(constraints));
  for (const [key, constraint] of Object.entries(constraints)) {
    const value = options[key];
    check(name === '' ? key : `${name}.${key}`, value, constraint, codeFor(value));
  }
}

/** Throws unless the value is a plain options object (arrays and null are not). */
export function checkObject(name: string, value: unknown): asserts value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw argumentError('ERR_BLASNET_ARG_TYPE', name, 'an object', value);
  }
}

/** Throws for the first key of `options` that is not a known name. */
export function checkNames(name: string, options: object, known: readonly string[]): void {
  for (const key of Object.keys(options)) {
    if (!known.includes(key)) {
      const where = name === '' ? '' : ` in ${name}`;
      throw blasnetError(
        'ERR_BLASNET_UNKNOWN_OPTION',
        `Unknown option "${key}"${where}${didYouMean(key, known)}`,
      );
    }
  }
}

/** `; did you mean "learningRate"?` when a known name is close, otherwise the list of known names. */
export function didYouMean(name: string, known: readonly string[]): string {
  const best = closest(name, known, Math.max(2, Math.floor(normalize(name).length / 3)));
  return best === undefined ? `; known: ${known.join(', ')}` : `; did you mean "${best}"?`;
}

/** `; did you mean "valLoss"?` when a known name differs by a letter or is another library's name, otherwise nothing. */
export function guessOf(name: string, known: readonly string[]): string {
  const best = closest(name, known, 1);
  return best === undefined ? '' : `; did you mean "${best}"?`;
}

// What Keras, PyTorch, scikit-learn and brain.js call the things that have another name here.
const otherNames: Readonly<Record<string, string>> = {
  ...{ acc: 'accuracy', valacc: 'valAccuracy', auc: 'rocAuc', valauc: 'valRocAuc' },
  ...{
    averageprecision: 'prAuc',
    mse: 'meanSquaredError',
    mae: 'meanAbsoluteError',
    l1loss: 'meanAbsoluteError',
  },
  ...{ rmse: 'rootMeanSquaredError', bce: 'binaryCrossEntropy', bceloss: 'binaryCrossEntropy' },
  ...{ crossentropy: 'categoricalCrossEntropy', kldiv: 'klDivergence', smoothl1: 'huber' },
  ...{ units: 'outputDim', neurons: 'outputDim', outputsize: 'outputDim', outfeatures: 'outputDim' },
  ...{
    inputsize: 'inputDim',
    inputshape: 'inputDim',
    infeatures: 'inputDim',
    kernelinitializer: 'initializer',
  },
  ...{
    lr: 'learningRate',
    iterations: 'epochs',
    maxiter: 'epochs',
    verbose: 'progress',
    randomstate: 'seed',
  },
  ...{ glorotuniform: 'glorotUniform', xavieruniform: 'glorotUniform', kaimingnormal: 'heNormal' },
  ...{ minlr: 'minimum', alpha: 'negativeSlope' },
};

function closest(name: string, known: readonly string[], mostEdits: number): string | undefined {
  const normal = normalize(name);
  const other = Object.hasOwn(otherNames, normal) ? otherNames[normal] : undefined;
  if (other !== undefined && known.includes(other)) return other;
  let best: string | undefined;
  let bestDistance = mostEdits + 1;
  for (const candidate of known) {
    const distance = editDistance(normal, normalize(candidate));
    if (distance < bestDistance) {
      bestDistance = distance;
      best = candidate;
    }
  }
  return best;
}

// A string out of range is an unknown name.
function codeFor(value: unknown): 'ERR_BLASNET_ARG_VALUE' | 'ERR_BLASNET_UNKNOWN_NAME' {
  return typeof value === 'string' ? 'ERR_BLASNET_UNKNOWN_NAME' : 'ERR_BLASNET_ARG_VALUE';
}

function isNumber(value: unknown): boolean {
  return typeof value === 'number';
}

// learning_rate, LearningRate and learning-rate all mean learningRate.
function normalize(name: string): string {
  return name
    .toLowerCase()
    .replace(/[_\-\s]/g, '')
    .slice(0, 64);
}

// Levenshtein's distance, one row at a time; two neighbours that changed places are one edit, too.
function editDistance(a: string, b: string): number {
  let before: number[] = [];
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const substitution = (row[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1);
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      const swap = swapped ? (before[j - 2] as number) + 1 : substitution;
      next.push(Math.min(substitution, swap, (row[j] as number) + 1, (next[j - 1] as number) + 1));
    }
    before = row;
    row = next;
  }
  return row[b.length] as number;
}
