import { firstNotFinite } from '../addon/arrays';
import { firstMisplaced } from '../addon/rows';
import type { Work } from '../addon/work';
import { argumentError, type BlasnetError, blasnetError } from '../base/errors';
import type { Dtype, FloatArray } from '../base/matrix';
import {
  anything,
  boolean,
  type Constraint,
  check,
  checkObject,
  checkOptions,
  finite,
  integerBetween,
  integerFrom,
  positiveInteger,
} from '../base/validate';
import { fileError, quote } from '../formats/file-error';
import type { Json } from '../formats/json';
import type { TrainingContent } from '../formats/model';
import type { Tensor } from '../formats/safetensors';
import type { Architecture } from '../layers/architecture';
import { parameterCount, statisticShapes } from '../layers/parameters';
import { nativeOptimizer } from '../optimizers/make';
import type { GeneratorState, RandomState } from '../random/random-state';
import { checkPlateauState, initialPlateau } from '../schedules/plateau';
import type { CompletedFitOptions } from './completed-options';
import type { RunPosition } from './epoch-runner';
import { checkFingerprint, type Fingerprint, type OverrideName } from './fingerprint';
import type { EpochReport } from './history';
import type { OptimizerState } from './optimizer-state';
import type { Snapshot, TrainingSession } from './session';

/**
 * Everything that a training needs to continue, for a checkpoint. `decodeTraining` reads it. Tensors are not copied: the
 * training waits until the checkpoint is written.
 */
export function encodeTraining(
  session: TrainingSession,
  networkRandom: RandomState,
  fingerprint: Fingerprint,
  source: Json = null,
): TrainingContent {
  const { runner, best, reports } = session;
  const { options, random, optimizerState, position, split } = runner;
  const generator = random.getState();
  const tensors: Tensor[] = [
    floatTensor('optimizer', optimizerState.state),
    wordTensor('generator', generator.key),
    historyTensor(reports, fingerprint.series),
    ...(split === undefined ? [] : [wordTensor('split', split)]),
    ...(best === undefined
      ? []
      : [floatTensor('bestParameters', best.parameters), floatTensor('bestStatistics', best.statistics)]),
  ];
  const state = {
    ...position,
    plateau: { ...position.plateau },
    steps: optimizerState.steps,
    batches: optimizerState.batches,
    key: [...optimizerState.key],
    earlyStopping: options.earlyStopping === undefined ? null : { ...options.earlyStopping.state },
    generator: { position: generator.position, spareNormal: generator.spareNormal },
    networkGenerator: null as Json,
    settings: fingerprint,
    source,
  };
  if (networkRandom !== random) {
    const { key, ...rest } = networkRandom.getState();
    tensors.push(wordTensor('networkGenerator', key));
    state.networkGenerator = rest;
  }
  return { state: state as unknown as Json, tensors };
}

/** A training's state, as `encodeTraining` wrote it. */
export interface TrainingState {
  readonly position: RunPosition;
  readonly split: Uint32Array | undefined;
  readonly reports: readonly EpochReport[];
  readonly best: Snapshot | undefined;
  readonly optimizerState: Omit<OptimizerState, 'optimizer' | 'native'>;
  readonly earlyStopping: { best: number | null; bestEpoch: number; wait: number } | null;
  readonly generator: GeneratorState;
  /** The network's generator, if the option `seed` gave the training another one. */
  readonly networkGenerator: GeneratorState | undefined;
  readonly fingerprint: Fingerprint;
  /** Where a training from a source stands in it; null for one with samples in memory. */
  readonly source: unknown;
}

const finiteOrNull: Constraint = {
  rule: 'a finite number or null',
  accepts: (value) => value === null || finite.accepts(value),
  holds: (value: number | null) => value === null || Number.isFinite(value),
};
const count = integerFrom(0);
const word = integerBetween(0, 2 ** 32 - 1);
const generatorConstraints = { position: integerBetween(0, 624), spareNormal: finiteOrNull };
const stateConstraints = {
  epoch: count,
  plateau: anything,
  converged: boolean,
  steps: count,
  batches: count,
  key: {
    rule: 'an array of two 32-bit integers',
    accepts: (value: unknown) => Array.isArray(value) && value.length === 2,
  },
  earlyStopping: anything,
  generator: anything,
  networkGenerator: anything,
  settings: anything,
  source: anything,
};
const earlyStoppingConstraints = { best: finiteOrNull, bestEpoch: count, wait: count };

/**
 * Reads the training in a checkpoint of a network with this architecture, and checks it.
 *
 * @throws Error ERR_BLASNET_FILE
 */
export function* decodeTraining(
  content: TrainingContent,
  file: string,
  architecture: Architecture,
  dtype: Dtype,
): Work<TrainingState> {
  try {
    return yield* readTraining(content, file, architecture, dtype);
  } catch (cause) {
    const { code, message } = cause as Partial<BlasnetError>;
    if (code === undefined || code === 'ERR_BLASNET_FILE') throw cause;
    throw blasnetError('ERR_BLASNET_FILE', `In blasnet.training of ${quote(file)}: ${message}`, { cause });
  }
}

function* readTraining(
  { state, tensors }: TrainingContent,
  file: string,
  architecture: Architecture,
  dtype: Dtype,
): Work<TrainingState> {
  checkOptions('training', state, stateConstraints);
  const fields = state as unknown as {
    readonly epoch: number;
    readonly converged: boolean;
    readonly steps: number;
    readonly batches: number;
    readonly key: readonly [number, number];
  } & Record<'plateau' | 'earlyStopping' | 'generator' | 'networkGenerator' | 'settings' | 'source', unknown>;
  const { epoch, converged, steps, batches, key } = fields;
  for (const [i, item] of key.entries()) check(`training.key[${i}]`, item, word);
  const fingerprint = readFingerprint(fields.settings);
  const find = tensorFinder(tensors, file);
  const generator = (name: 'generator' | 'networkGenerator') =>
    readGenerator(`training.${name}`, fields[name], find.words(name, 624));
  const parameters = parameterCount(architecture);
  const statistics = statisticShapes(architecture).reduce((sum, { rows }) => sum + rows, 0);
  const found: TrainingState = {
    position: { epoch, converged, plateau: checkPlateauState('training.plateau', fields.plateau) },
    split: find.has('split') ? yield* permutation(find.words('split', fingerprint.rows), file) : undefined,
    reports: readReports(
      find.floats('history', epoch * fingerprint.series.length, 'float64'),
      fingerprint.series,
    ),
    best: find.has('bestParameters')
      ? {
          parameters: yield* allFinite(
            'bestParameters',
            find.floats('bestParameters', parameters, dtype),
            file,
          ),
          statistics: yield* allFinite(
            'bestStatistics',
            find.floats('bestStatistics', statistics, dtype),
            file,
          ),
        }
      : undefined,
    optimizerState: { state: find.floats('optimizer', undefined, dtype), key, steps, batches },
    earlyStopping: readEarlyStopping(fields.earlyStopping),
    generator: generator('generator'),
    networkGenerator: fields.networkGenerator === null ? undefined : generator('networkGenerator'),
    fingerprint,
    source: fields.source ?? null,
  };
  find.end();
  return found;
}

/** How a resumed training begins. */
export interface Beginning
  extends Pick<TrainingState, 'position' | 'split' | 'reports' | 'best' | 'earlyStopping'> {
  /** Undefined if the optimiser starts anew. */
  readonly optimizer: OptimizerState | undefined;
}

/**
 * Compares the options, apart from weights, with those of the checkpoint, and returns how the training begins. What
 * belongs to an option that was changed on purpose starts anew.
 *
 * @param settings of the training that goes on
 * @throws RangeError ERR_BLASNET_ARG_VALUE for an option that differs; Error ERR_BLASNET_FILE
 */
export function beginningOf(
  state: TrainingState,
  options: CompletedFitOptions,
  architecture: Architecture,
  settings: Fingerprint,
  file: string,
  override: readonly OverrideName[],
): Beginning {
  const changed = checkFingerprint(state.fingerprint, settings, file, override);
  const { epoch } = state.position;
  if (epoch > options.epochs) {
    const rule = `at least ${epoch}, the epochs that the checkpoint ${quote(file)} has done`;
    throw argumentError('ERR_BLASNET_ARG_VALUE', 'epochs', rule, options.epochs);
  }
  const resplit =
    splitNames.some((name) => changed.has(name)) || (changed.has('shuffle') && options.split === 'inOrder');
  if (!resplit) checkPresence('tensor "training.split"', state.split, options.heldRows > 0, file);
  // The weights are compared later.
  const newTask =
    resplit ||
    taskNames.some((name) => changed.has(name)) ||
    weightNames.some((name) => override.includes(name));
  if (!changed.has('earlyStopping')) {
    const place = 'earlyStopping of the training';
    checkPresence(place, state.earlyStopping ?? undefined, options.earlyStopping, file);
    const best = options.earlyStopping?.restoreBest === true && state.earlyStopping?.best !== null;
    checkPresence('tensor "training.bestParameters"', state.best, best, file);
  }
  const { plateau, converged } = state.position;
  const position: RunPosition = {
    epoch,
    converged: converged && changed.size === 0,
    plateau: changed.has('schedule')
      ? initialPlateau
      : newTask
        ? { ...plateau, best: null, wait: 0 }
        : plateau,
  };
  return {
    position,
    split: resplit ? undefined : state.split,
    reports:
      changed.has('series') || changed.has('schedule')
        ? withSeries(state.reports, settings.series)
        : state.reports,
    best: newTask ? undefined : state.best,
    earlyStopping: newTask ? null : state.earlyStopping,
    optimizer: changed.has('optimizer') ? undefined : optimizerOf(state, options, architecture, file),
  };
}

// A change of these draws the split anew.
const splitNames = ['rows', 'validationSplit', 'stratify'] as const;
// After a change of these, the numbers of the series cannot be compared with those before.
const taskNames = ['loss', 'earlyStopping', 'series'] as const;
const weightNames = ['sampleWeight', 'classWeight'] as const;

/** The reports with these series, NaN where they have none. */
function withSeries(reports: readonly EpochReport[], series: readonly string[]): EpochReport[] {
  return reports.map((report) => {
    const numbers = series.map((name) => [name, report[name] ?? Number.NaN]);
    return Object.freeze({ epoch: report.epoch, ...Object.fromEntries(numbers) }) as EpochReport;
  });
}

function optimizerOf(
  { optimizerState }: TrainingState,
  { optimizer }: CompletedFitOptions,
  architecture: Architecture,
  file: string,
): OptimizerState {
  const native = nativeOptimizer(optimizer);
  const size = native.stateSize(parameterCount(architecture));
  if (optimizerState.state.length !== size) {
    const rule = `of ${size} elements, as ${optimizer.name} needs`;
    throw fileError(file, 'tensor "training.optimizer"', rule, optimizerState.state.length);
  }
  return { ...optimizerState, optimizer, native };
}

function checkPresence(place: string, value: unknown, needed: unknown, file: string): void {
  const [there, expected] = [value !== undefined, needed !== undefined && needed !== false];
  if (there === expected) return;
  const [rule, got] = expected
    ? ['there, as the settings say', 'none']
    : ['absent, as the settings say', 'one'];
  throw fileError(file, place, rule, got);
}

// Checks only the fields that decoding uses. beginningOf compares the others.
function readFingerprint(value: unknown): Fingerprint {
  checkObject('training.settings', value);
  const { rows, series } = value;
  check('training.settings.rows', rows, positiveInteger);
  const names: Constraint = {
    rule: 'an array of names',
    accepts: (list) => Array.isArray(list) && list.every((name) => typeof name === 'string'),
  };
  check('training.settings.series', series, names);
  return value as Fingerprint;
}

// history (epochs, series)  ->  a report for each epoch
function readReports(history: FloatArray, series: readonly string[]): EpochReport[] {
  return Array.from({ length: history.length / series.length }, (_, i) => {
    const numbers = series.map((name, j) => [name, history[i * series.length + j] as number] as const);
    return Object.freeze({ epoch: i + 1, ...Object.fromEntries(numbers) }) as unknown as EpochReport;
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

function* permutation(order: Uint32Array, file: string): Work<Uint32Array> {
  const index = yield* firstMisplaced(order);
  if (index === -1) return order;
  throw fileError(file, 'tensor "training.split"', 'a permutation of the rows', order[index] as number);
}

function* allFinite(name: string, data: FloatArray, file: string): Work<FloatArray> {
  const index = yield* firstNotFinite(data);
  if (index === -1) return data;
  const place = `element ${index} of tensor "training.${name}"`;
  throw fileError(file, place, 'a finite number', data[index] as number);
}

// Finds tensors by name.
function tensorFinder(tensors: readonly Tensor[], file: string) {
  const left = new Map(tensors.map((tensor) => [tensor.name, tensor]));
  const take = (name: string, dtype: string, length: number | undefined): Tensor => {
    const tensor = left.get(name);
    const place = `tensor "training.${name}"`;
    if (tensor === undefined) throw fileError(file, place, 'there', 'none');
    if (tensor.dtype !== dtype) throw fileError(file, `dtype of ${place}`, dtype, tensor.dtype);
    if (length !== undefined && tensor.data.length !== length) {
      throw fileError(file, place, `of ${length} elements`, tensor.data.length);
    }
    left.delete(name);
    return tensor;
  };
  return {
    has: (name: string) => left.has(name),
    floats(name: string, length: number | undefined, dtype: Dtype): FloatArray {
      return take(name, dtype === 'float64' ? 'F64' : 'F32', length).data as FloatArray;
    },
    words: (name: string, length: number) => take(name, 'U32', length).data as Uint32Array,
    /** Throws if a tensor is left. */
    end() {
      const [extra] = left.keys();
      if (extra === undefined) return;
      const got = `${quote(`training.${extra}`)} as well`;
      throw fileError(file, 'the tensors', 'those of a training', got);
    },
  };
}

function floatTensor(name: string, data: FloatArray): Tensor {
  const dtype = data instanceof Float64Array ? 'F64' : 'F32';
  return { name, dtype, shape: [data.length], data };
}

function wordTensor(name: string, data: Uint32Array): Tensor {
  return { name, dtype: 'U32', shape: [data.length], data };
}

// Not as JSON, which has no -0 and no NaN. (A metric may be NaN.)
function historyTensor(reports: readonly EpochReport[], series: readonly string[]): Tensor {
  const data = Float64Array.from(reports.flatMap((report) => series.map((name) => report[name] as number)));
  return { name: 'history', dtype: 'F64', shape: [reports.length, series.length], data };
}
