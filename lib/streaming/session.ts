import { howOf } from '../addon/work';
import { Matrix, sharedZeros } from '../base/matrix';
import type { Dtype } from '../base/number-kinds';
import type { PlanQueue } from '../engine/plan-queue';
import { RandomState } from '../random/random-state';
import { fitLoss } from '../samples/labels';
import type { LabelledSamples } from '../samples/samples';
import type { SampleChunk, Source } from '../samples/source';
import { checkTargetLoss } from '../samples/targets';
import type { CompletedFitOptions } from '../training/completed-options';
import { fitAsync, loopOver } from '../training/drive';
import { EpochRunner } from '../training/epoch-runner';
import { type Fingerprint, type OverrideName, settingsOf } from '../training/fingerprint';
import type { EpochReport, History } from '../training/history';
import { checkNoClasses, type FitOptions } from '../training/options';
import { beginningOf, encodeTraining, type TrainingState } from '../training/resume';
import { TrainingSession } from '../training/session';
import { checkShared } from '../training/shared-rules';
import type { SourceFitOptions } from '../training/source-options';
import type { TrainedNetwork } from '../training/trained-network';
import { SourceFeed, sourceName } from './feed';
import { checkSourceOptions, completeSourceOptions, windowRowsOf } from './options';
import { checkSource, Run } from './run';
import { storedSource } from './stored-source';
import { noRows } from './windows';

/** The parts of a network that a training from a source uses. */
export interface SourceNetwork extends TrainedNetwork {
  readonly queue: PlanQueue;
}

/** Trains a network from a source: see `Network.fit`. */
export async function fitSource(network: SourceNetwork, source: unknown, options: unknown): Promise<History> {
  const { session, feed } = await sourceSession(network, source, options);
  try {
    return await fitAsync(session, network.queue);
  } finally {
    await feed.end();
  }
}

/** Like `fitSource`, epoch by epoch: see `Network.epochs`. */
export async function* sourceEpochs(
  network: SourceNetwork,
  source: unknown,
  options: unknown,
): AsyncGenerator<EpochReport, void, undefined> {
  const { session, feed } = await sourceSession(network, source, options);
  try {
    yield* loopOver(session, network.queue);
  } finally {
    await feed.end();
  }
}

/** Continues a training from a source: see `Network.resume`. */
export async function resumeSource(
  network: SourceNetwork,
  source: unknown,
  options: unknown,
  found: { readonly state: TrainingState; readonly path: string },
  override: readonly OverrideName[],
): Promise<History> {
  const { session, feed } = await sourceSession(network, source, options, { ...found, override });
  try {
    return await fitAsync(session, network.queue);
  } finally {
    await feed.end();
  }
}

interface Prepared {
  readonly session: TrainingSession;
  readonly feed: SourceFeed;
}

interface Checkpoint {
  readonly state: TrainingState;
  readonly path: string;
  readonly override: readonly OverrideName[];
}

async function sourceSession(
  network: SourceNetwork,
  source: unknown,
  options: unknown,
  checkpoint?: Checkpoint,
): Promise<Prepared> {
  checkSource('source', source);
  checkSourceOptions(options);
  network.queue.checkFree('fit');
  const run = new Run(sourceName, source as Source<SampleChunk>, options.signal);
  try {
    const first = await run.peek();
    if (first === undefined) throw noRows(sourceName);
    return prepared(network, run, first, source as Source<SampleChunk>, options, checkpoint);
  } catch (error) {
    await run.end();
    throw error;
  }
}

function prepared(
  network: SourceNetwork,
  run: Run<SampleChunk>,
  first: SampleChunk,
  source: Source<SampleChunk>,
  options: SourceFitOptions,
  checkpoint: Checkpoint | undefined,
): Prepared {
  const { kind } = network;
  const { labels, preprocessing, targetScaler, architecture } = kind;
  const loss = fitLoss(architecture, options.loss, first?.Y, labels !== undefined);
  checkTargetLoss(kind, loss.name);
  const completed = completeSourceOptions(options, architecture, loss);
  const learning = [preprocessing, labels, targetScaler].filter((part) => part?.fitted === false);
  checkShared(
    { ...completed, heldRows: options.validationSplit ?? 0 },
    { validationData: options.validationData !== undefined, learns: learning.length > 0 },
  );
  if (targetScaler !== undefined) checkNoClasses(options as FitOptions);
  const stored =
    checkpoint === undefined ? undefined : storedSource(checkpoint.state.source, checkpoint.path);
  const fingerprint = () => sourceFingerprint(options, completed, feed.windowRows, feed.state.rows);
  const beginning =
    checkpoint &&
    beginningOf(
      checkpoint.state,
      completed,
      architecture,
      {
        ...sourceFingerprint(
          options,
          completed,
          windowRowsOf(options, completed, architecture, kind.dtype),
          checkpoint.state.fingerprint.rows,
        ),
      },
      checkpoint.path,
      checkpoint.override,
    );
  const random = randomOf(network, completed.seed, checkpoint?.state);
  if (beginning !== undefined) {
    if (completed.earlyStopping !== undefined && beginning.earlyStopping !== null)
      completed.earlyStopping.state = beginning.earlyStopping;
    network.optimizer.state = beginning.optimizer;
  }
  const runner = new EpochRunner(architecture, nothing(kind.dtype), completed, random, network.optimizer);
  runner.onRefusal = () => {
    for (const part of learning) part?.forget();
    if (kind.undecided === true) network.unbuild();
  };
  const feed = new SourceFeed({
    ...{ network, runner, source, options, run, how: howOf(options) },
    ...(stored && { state: stored.state }),
  });
  const session = new TrainingSession(
    runner,
    network,
    undefined,
    (training, metadata) => {
      const { rows, splitKey } = feed.state;
      const place = {
        part: { ...runner.part },
        rows: rows ?? null,
        splitKey: splitKey ? [...splitKey] : null,
      };
      return network.encode(encodeTraining(training, network.random, fingerprint(), place), metadata);
    },
    feed,
  );
  if (beginning !== undefined) {
    const { position, reports, best } = beginning;
    session.restore(position, undefined, reports, best, stored?.part);
  }
  return { session, feed };
}

// With the option `seed`, the training had its own generator, and the network's stayed as it was.
function randomOf(
  network: SourceNetwork,
  seed: number | undefined,
  state: TrainingState | undefined,
): RandomState {
  if (state === undefined) return seed === undefined ? network.random : new RandomState(seed);
  const own = state.networkGenerator !== undefined;
  if (own) network.random.setState(state.networkGenerator);
  const random = own ? new RandomState(0) : network.random;
  random.setState(state.generator);
  return random;
}

// The numbers in the chunks, their weights included, are not compared: that would need a pass.
function sourceFingerprint(
  { validationSplit, validationData, classWeight }: SourceFitOptions,
  options: CompletedFitOptions,
  windowRows: number,
  rows: number | undefined,
): Fingerprint {
  const validated = validationData !== undefined || validationSplit !== undefined;
  const digests = { classWeight: classWeight === undefined ? null : JSON.stringify(classWeight) };
  const settings = settingsOf(options, rows ?? 1, validated, digests, windowRows);
  return { ...settings, heldRows: validationSplit ?? 0 };
}

// The samples before the first window.
function nothing(dtype: Dtype): LabelledSamples {
  const X = sharedZeros(0, 0, dtype);
  return { X: new Matrix(X.data, 0, 0), codes: null, Y: { data: X.data, rows: 0, cols: 0 } };
}
