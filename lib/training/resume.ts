import type { Architecture } from '../architecture';
import { argumentError, type BlasnetError, blasnetError } from '../errors';
import { fileError } from '../formats/file-error';
import type { Json } from '../formats/json';
import type { TrainingContent } from '../formats/model';
import type { Tensor } from '../formats/safetensors';
import { allocate, type Dtype, type FloatArray } from '../matrix';
import { nativeOptimizer } from '../native-optimizer';
import type { Optimizer } from '../optimizers';
import { parameterCount, statisticShapes } from '../parameters';
import type { GeneratorState, RandomState } from '../random';
import { checkPlateauState } from '../schedules/plateau';
import { boolean, type Constraint, check, checkOptions, integerBetween, integerFrom } from '../validate';
import type { EpochReport } from './history';
import type { Snapshot, TrainingTask } from './loop';
import type { CompletedFitOptions } from './options';
import type { RunPosition, Trainer } from './run';

// What a training was run with, as far as its results depend on it. A checkpoint goes on with the same alone.
function settingsOf(
  {
    batchSize,
    accumulate,
    shuffle,
    heldRows,
    stratify,
    clipValue,
    clipNorm,
    loss,
    optimizer,
  }: CompletedFitOptions,
  rows: number,
) {
  return { rows, batchSize, accumulate, shuffle, heldRows, stratify, clipValue, clipNorm, loss, optimizer };
}

/** All that a training needs to go on, for a checkpoint: see `decodeTraining`. */
export function encodeTraining(task: TrainingTask, networkRandom: RandomState): TrainingContent {
  const { run, best, reports } = task;
  const { options, random, trainer, position, samples, split } = run;
  const generator = random.getState();
  const tensors: Tensor[] = [
    floatTensor('optimizer', trainer.state),
    wordTensor('generator', generator.key),
    ...(split === undefined ? [] : [wordTensor('split', split)]),
    ...(best === undefined
      ? []
      : [floatTensor('bestParameters', best.parameters), floatTensor('bestStatistics', best.statistics)]),
  ];
  const state = {
    ...position,
    plateau: { ...position.plateau },
    steps: trainer.steps,
    batches: trainer.batches,
    key: [...trainer.key],
    earlyStopping: options.earlyStopping === undefined ? null : { ...options.earlyStopping.state },
    generator: { position: generator.position, spareNormal: generator.spareNormal },
    networkGenerator: null as Json,
    settings: settingsOf(options, samples.X.rows),
    // JSON has no NaN, which a metric may be.
    reports: reports.map((report) =>
      Object.fromEntries(
        Object.entries(report).map(([name, value]) => [name, Number.isFinite(value) ? value : null]),
      ),
    ),
  };
  if (networkRandom !== random) {
    const { key, ...rest } = networkRandom.getState();
    tensors.push(wordTensor('networkGenerator', key));
    state.networkGenerator = rest;
  }
  return { state: state as unknown as Json, tensors };
}

/** What `encodeTraining` wrote. */
export interface TrainingState {
  readonly position: RunPosition;
  readonly split: Uint32Array | undefined;
  readonly reports: readonly EpochReport[];
  readonly best: Snapshot | undefined;
  readonly trainer: Omit<Trainer, 'optimizer' | 'native'>;
  readonly earlyStopping: { best: number | null; bestEpoch: number; wait: number } | null;
  readonly generator: GeneratorState;
  /** The network's own, where the training had one by the option `seed`. */
  readonly networkGenerator: GeneratorState | undefined;
  readonly settings: Readonly<Record<string, unknown>>;
}

const anything: Constraint = { rule: 'anything', accepts: () => true };
const nullable = (constraint: Constraint): Constraint => ({
  ...constraint,
  rule: `${constraint.rule} or null`,
  accepts: (value) => value === null || constraint.accepts(value),
  holds: (value: unknown) => value === null || constraint.holds?.(value as never) !== false,
});
const finiteNumber: Constraint = {
  rule: 'a finite number',
  accepts: (value) => typeof value === 'number',
  holds: (value: number) => Number.isFinite(value),
};
const generatorConstraints = { position: integerBetween(0, 624), spareNormal: nullable(finiteNumber) };
const count = integerFrom(0);
const stateConstraints = {
  epoch: count,
  plateau: anything,
  converged: boolean,
  steps: count,
  batches: count,
  key: anything,
  earlyStopping: anything,
  generator: anything,
  networkGenerator: anything,
  settings: anything,
  reports: anything,
};
const earlyStoppingConstraints = { best: nullable(finiteNumber), bestEpoch: count, wait: count };

/**
 * The training in a checkpoint, for a network of this architecture, checked.
 *
 * @throws Error ERR_BLASNET_FILE
 */
export function decodeTraining(
  content: TrainingContent,
  file: string,
  architecture: Architecture,
  dtype: Dtype,
): TrainingState {
  try {
    return readTraining(content, file, architecture, dtype);
  } catch (cause) {
    const { code, message } = cause as Partial<BlasnetError>;
    if (code === undefined || code === 'ERR_BLASNET_FILE') throw cause;
    throw blasnetError('ERR_BLASNET_FILE', `In blasnet.training of "${file}": ${message}`, { cause });
  }
}

function readTraining(
  { state, tensors }: TrainingContent,
  file: string,
  architecture: Architecture,
  dtype: Dtype,
): TrainingState {
  checkOptions('training', state, stateConstraints);
  const fields = state as unknown as Record<keyof typeof stateConstraints, unknown>;
  const { epoch, converged, steps, batches, settings } = fields as {
    epoch: number;
    converged: boolean;
    steps: number;
    batches: number;
    settings: Readonly<Record<string, unknown>>;
  };
  checkOptions(
    'training.settings',
    settings,
    Object.fromEntries(settingNames.map((name) => [name, anything])),
  );
  check('training.settings.rows', settings.rows, integerFrom(1));
  const rows = settings.rows as number;
  const parameters = parameterCount(architecture);
  const statistics = statisticShapes(architecture).reduce((sum, shape) => sum + shape.rows, 0);
  const find = tensorFinder(tensors, file);
  const best = find.has('bestParameters')
    ? {
        parameters: find.floats('bestParameters', parameters, dtype),
        statistics: find.floats('bestStatistics', statistics, dtype),
      }
    : undefined;
  const key = fields.key as [number, number];
  check('training.key', key, {
    rule: 'two words',
    accepts: (value) => Array.isArray(value) && value.length === 2,
  });
  for (const [i, word] of key.entries()) check(`training.key[${i}]`, word, integerBetween(0, 2 ** 32 - 1));
  return {
    position: { epoch, converged, plateau: checkPlateauState('training.plateau', fields.plateau) },
    split: find.has('split') ? permutation(find.words('split', rows), file) : undefined,
    reports: readReports(fields.reports, epoch),
    best,
    trainer: { state: find.floats('optimizer', undefined, dtype), key, steps, batches },
    earlyStopping: readEarlyStopping(fields.earlyStopping),
    generator: readGenerator('training.generator', fields.generator, find.words('generator', 624)),
    networkGenerator:
      fields.networkGenerator === null
        ? undefined
        : readGenerator(
            'training.networkGenerator',
            fields.networkGenerator,
            find.words('networkGenerator', 624),
          ),
    settings,
  };
}

const settingNames = [
  'rows',
  'batchSize',
  'accumulate',
  'shuffle',
  'heldRows',
  'stratify',
  'clipValue',
  'clipNorm',
  'loss',
  'optimizer',
] as const satisfies readonly (keyof ReturnType<typeof settingsOf>)[];

/**
 * A trainer that goes on from a checkpoint, once the options are seen to be the same.
 *
 * @throws RangeError ERR_BLASNET_ARG_VALUE for an option that differs; Error ERR_BLASNET_FILE
 */
export function resumeTrainer(
  state: TrainingState,
  options: CompletedFitOptions,
  architecture: Architecture,
  rows: number,
  file: string,
): Trainer {
  const settings: Readonly<Record<string, unknown>> = settingsOf(options, rows);
  for (const name of settingNames) {
    const [before, now] = [JSON.stringify(state.settings[name]), JSON.stringify(settings[name])];
    if (before === now) continue;
    const argument = name === 'rows' ? 'the rows of X' : name === 'heldRows' ? 'validationSplit' : name;
    throw blasnetError(
      'ERR_BLASNET_ARG_VALUE',
      `Expected ${argument} to be as in the checkpoint "${file}", ${before}, got ${now}`,
    );
  }
  const optimizer: Optimizer = options.optimizer;
  const native = nativeOptimizer(optimizer);
  const size = native.stateSize(parameterCount(architecture));
  if (state.trainer.state.length !== size) {
    const rule = `of ${size} elements, as ${optimizer.name} needs`;
    throw fileError(file, 'tensor "training.optimizer"', rule, String(state.trainer.state.length));
  }
  if ((state.earlyStopping === null) !== (options.earlyStopping === undefined)) {
    const rule =
      state.earlyStopping === null ? 'left out, as in the checkpoint' : 'given, as in the checkpoint';
    throw argumentError('ERR_BLASNET_ARG_VALUE', 'earlyStopping', rule, options.earlyStopping);
  }
  if (state.position.epoch > options.epochs) {
    const rule = `at least ${state.position.epoch}, the epochs that the checkpoint has done`;
    throw argumentError('ERR_BLASNET_ARG_VALUE', 'epochs', rule, options.epochs);
  }
  return { ...state.trainer, optimizer, native };
}

function readReports(value: unknown, epochs: number): EpochReport[] {
  const rule = 'an array of the epochs before';
  check('training.reports', value, { rule, accepts: Array.isArray });
  const list = value as unknown[];
  if (list.length > epochs) throw argumentError('ERR_BLASNET_ARG_VALUE', 'training.reports', rule, value);
  return list.map((report, i) => {
    const name = `training.reports[${i}]`;
    check(name, report, { rule: 'an object', accepts: (item) => typeof item === 'object' && item !== null });
    const entries = Object.entries(report as object).map(([series, number]) => {
      check(`${name}.${series}`, number, nullable(finiteNumber));
      return [series, number ?? Number.NaN] as const;
    });
    return Object.freeze(Object.fromEntries(entries)) as unknown as EpochReport;
  });
}

function readEarlyStopping(value: unknown): TrainingState['earlyStopping'] {
  if (value === null) return null;
  checkOptions('training.earlyStopping', value, earlyStoppingConstraints);
  return value as unknown as TrainingState['earlyStopping'];
}

function readGenerator(name: string, value: unknown, key: Uint32Array): GeneratorState {
  checkOptions(name, value, generatorConstraints);
  return { ...(value as unknown as Omit<GeneratorState, 'key'>), key };
}

function permutation(order: Uint32Array, file: string): Uint32Array {
  const seen = new Uint8Array(order.length);
  for (const row of order) {
    if (row >= order.length || seen[row] === 1) {
      throw fileError(file, 'tensor "training.split"', 'every row once', String(row));
    }
    seen[row] = 1;
  }
  return order;
}

// Tensors by name, each copied into memory of its own.
function tensorFinder(tensors: readonly Tensor[], file: string) {
  const found = new Map(tensors.map((tensor) => [tensor.name, tensor]));
  const get = (name: string, dtype: string, length: number | undefined): Tensor => {
    const tensor = found.get(name);
    const place = `tensor "training.${name}"`;
    if (tensor === undefined) throw fileError(file, place, 'there', 'none');
    if (tensor.dtype !== dtype) throw fileError(file, `dtype of ${place}`, dtype, tensor.dtype);
    if (length !== undefined && tensor.data.length !== length) {
      throw fileError(file, place, `of ${length} elements`, String(tensor.data.length));
    }
    return tensor;
  };
  return {
    has: (name: string) => found.has(name),
    floats(name: string, length: number | undefined, dtype: Dtype): FloatArray {
      const { data } = get(name, dtype === 'float64' ? 'F64' : 'F32', length);
      const copy = allocate(data.length, dtype);
      copy.set(data as FloatArray);
      return copy;
    },
    words: (name: string, length: number) => Uint32Array.from(get(name, 'U32', length).data as Uint32Array),
  };
}

function floatTensor(name: string, data: FloatArray): Tensor {
  const dtype = data instanceof Float64Array ? 'F64' : 'F32';
  return { name, dtype, shape: [data.length], data: data.slice() };
}

function wordTensor(name: string, data: Uint32Array): Tensor {
  return { name, dtype: 'U32', shape: [data.length], data: data.slice() };
}
