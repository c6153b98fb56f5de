import { type AsyncOptions, workAnywhere } from '../addon/work';
import { inputDimOf, outputLayerOf } from '../layers/architecture';
import { checkColumns } from '../samples/inputs';
import { isSource, type SampleChunk, type Source } from '../samples/source';
import { balancedWeights, weigher } from '../samples/weights';
import { unitOf } from '../schedules/rate';
import { ownersOf } from '../training/distribution';
import type { Workplace } from '../training/effects';
import type { EpochRunner } from '../training/epoch-runner';
import type { Feed } from '../training/feed';
import type { SourceFitOptions } from '../training/source-options';
import type { TrainedNetwork } from '../training/trained-network';
import type { Window } from '../training/window';
import { heldAtRandom, newSplitKey, rowsBefore, type SplitKey } from './held-rows';
import { type Counted, learnLabels, learnRows } from './learn';
import { windowRowsOf } from './options';
import { type Conversion, changedRows, Pieces, type Wanted } from './pieces';
import { Run } from './run';
import { SourceValidation } from './validation';
import { noRows, type WindowMemory, Windows, windowMemory } from './windows';

/** What a resumed training goes on from, and a checkpoint keeps. */
export interface FeedState {
  /** The rows that train in an epoch; undefined before the first epoch's end, unless they were counted. */
  readonly rows: number | undefined;
  readonly splitKey: SplitKey | undefined;
}

export interface FeedParts {
  readonly network: TrainedNetwork;
  readonly runner: EpochRunner;
  readonly source: Source<SampleChunk>;
  readonly options: SourceFitOptions;
  readonly how: AsyncOptions;
  /** A pass through the source that has begun. */
  readonly run: Run<SampleChunk>;
  readonly state?: FeedState;
}

export const sourceName = 'the source';

/** Reads a source for a training: window by window, epoch by epoch. */
export class SourceFeed implements Feed {
  readonly #parts: FeedParts;
  /** Set in `begin`. */
  windowRows = 0;
  #memory: WindowMemory | undefined;
  // The rows that train in an epoch.
  #rows: number | undefined;
  #splitKey: SplitKey | undefined;
  #held: Wanted | undefined;
  #classWeight: unknown;
  #run: Run<SampleChunk> | undefined;
  #windows: Windows | undefined;
  // The next window.
  #coming: Promise<Window | undefined> | undefined;
  #validation: SourceValidation | undefined;

  constructor(parts: FeedParts) {
    this.#parts = parts;
    this.#run = parts.run;
    this.#rows = parts.state?.rows;
    this.#splitKey = parts.state?.splitKey;
    this.#classWeight = parts.options.classWeight;
  }

  get state(): FeedState {
    return { rows: this.#rows, splitKey: this.#splitKey };
  }

  get validate(): Feed['validate'] {
    const { validationData, validationSplit } = this.#parts.options;
    if (validationData === undefined && validationSplit === undefined) return undefined;
    return (at) => (this.#validation as SourceValidation).evaluate(at);
  }

  async begin(at: Workplace): Promise<void> {
    await this.#learn();
    const { network, runner, options, how, source } = this.#parts;
    const { kind } = network;
    const { validationData, validationSplit } = options;
    this.windowRows = windowRowsOf(options, runner.options, kind.architecture, kind.dtype);
    const { dropLast, batchSize } = runner.options;
    const owners = this.#owners;
    this.#memory = windowMemory(this.windowRows / owners, dropLast ? batchSize / owners : 1);
    this.#coming = this.#fill();
    // The first rows are checked before anything changes.
    await this.#coming;
    if (validationData === undefined && validationSplit === undefined) return;
    const conversion = this.#conversion();
    const { outputDim } = outputLayerOf(kind.architecture);
    this.#validation = new SourceValidation({
      ...(validationData === undefined
        ? { name: sourceName, source, wanted: this.#held, conversion }
        : {
            ...{ name: 'validationData', source: asSource(validationData), wanted: undefined },
            conversion: {
              ...conversion,
              weigher: (sampleWeight: unknown) => weigher(outputDim, sampleWeight, undefined, 'ofPart'),
            },
          }),
      windowRows: this.windowRows,
      network,
      runner,
      how,
    });
    await this.#validation.begin(at);
  }

  async next(): Promise<void> {
    this.#coming ??= this.#fill();
    const window = await this.#coming;
    const { runner } = this.#parts;
    if (window === undefined) throw noRows(sourceName);
    this.#checkRows(window);
    await this.#agree(window);
    if (window.last) {
      this.#coming = undefined;
      await this.#run?.end();
      this.#run = undefined;
    } else {
      this.#coming = (this.#windows as Windows).next();
      // It is awaited when the window is used up.
      this.#coming.catch(() => {});
    }
    const owners = this.#owners;
    const { first, rows } = window;
    runner.enter(
      owners === 1 ? window : { ...window, first: first * owners, rows: rows * owners },
      this.#rows,
    );
  }

  // How many ranks have a source of their own. Then each has its share of every window.
  get #owners(): number {
    return ownersOf(this.#parts.runner.options.shared);
  }

  // Ranks that read other rows would train with a mixture, and those that end early would leave the others waiting.
  async #agree({ samples, first, last }: Window): Promise<void> {
    const { shared } = this.#parts.runner.options;
    if (shared?.group.launched !== true) return;
    const { X, codes, Y, weights } = samples;
    const from = `of the source from row ${first} of epoch ${this.#parts.runner.position.epoch + 1} on`;
    const arrays = [X.data, codes, Y.data, weights].filter((array) => array != null);
    await shared.group.compare(
      {
        [`the number of rows in the window ${from}`]: X.rows,
        [`whether it is the last window ${from}`]: last,
      },
      shared.ownRows ? {} : { [`the rows ${from}`]: arrays },
    );
  }

  async end(): Promise<void> {
    await this.#run?.end();
    await this.#validation?.end();
    // No native call may still read what the caller gets back.
    await this.#coming?.catch(() => {});
    this.#coming = undefined;
  }

  // An epoch's first window.
  async #fill(): Promise<Window | undefined> {
    const { runner, how } = this.#parts;
    const { kind } = this.#parts.network;
    const run = this.#pass();
    this.#run = run;
    const { dropLast, batchSize, loss, shuffle } = runner.options;
    const { epoch } = runner.position;
    const owners = this.#owners;
    const before = runner.part.rows / owners;
    const windowRows = this.windowRows / owners;
    const moves = shuffle && epoch > 0 && before === 0 && (this.#rows as number) > windowRows;
    const pieces = new Pieces(run, this.#conversion(), not(this.#held));
    this.#windows = new Windows(
      pieces,
      this.#memory as WindowMemory,
      {
        rows: windowRows,
        firstRows: moves ? this.#drawnRows() / owners : windowRows,
        least: dropLast ? batchSize / owners : 1,
      },
      { architecture: kind.architecture, loss },
      how,
    );
    await this.#windows.skip(before);
    return this.#windows.next();
  }

  // Whole steps, at most a window; of all ranks.
  #drawnRows(): number {
    const { random, options } = this.#parts.runner;
    const step = options.batchSize * options.accumulate;
    return step * (1 + Math.floor(random.random() * (this.windowRows / step)));
  }

  #checkRows({ first, samples, last }: Window): void {
    const rows = first + samples.X.rows;
    const expected = this.#rows;
    const epoch = this.#parts.runner.position.epoch + 1;
    if (expected === undefined) {
      if (last) this.#rows = rows;
      return;
    }
    if (rows > expected) throw changedRows(sourceName, expected, 'more', epoch);
    if (last && rows < expected) throw changedRows(sourceName, expected, String(rows), epoch);
  }

  #conversion(): Conversion {
    const { network, runner, how } = this.#parts;
    const { kind } = network;
    const { outputDim } = outputLayerOf(kind.architecture);
    const classWeight = this.#classWeight;
    return {
      kind,
      loss: runner.options.loss.name,
      weigher: (sampleWeight) => weigher(outputDim, sampleWeight, classWeight, 'ofPart'),
      how,
    };
  }

  async #learn(): Promise<void> {
    const { network, runner, options, how } = this.#parts;
    const { kind } = network;
    const { labels, preprocessing, targetScaler } = kind;
    const { loss, schedule, weightDecaySchedule, dropoutSchedule } = runner.options;
    const { validationSplit, classWeight } = options;
    if (labels?.fitted === false) await learnLabels(this.#pass(), labels, how);
    const lesson = { kind, loss, classWeight, how };
    let counted: Counted | undefined;
    if (validationSplit !== undefined && options.shuffle === false) {
      counted = await learnRows(this.#pass(), lesson, false);
      const trained = rowsBefore(validationSplit, counted.rows);
      counted = { ...counted, wanted: trained };
      this.#held = (place) => place >= trained;
    } else if (validationSplit !== undefined) {
      runner.keepGenerator();
      this.#splitKey ??= newSplitKey(runner.random);
      this.#held = heldAtRandom(validationSplit, this.#splitKey);
    }
    const learns = preprocessing?.fitted === false || targetScaler?.fitted === false;
    const schedules = [schedule, weightDecaySchedule, dropoutSchedule];
    const counts = classWeight === 'balanced' || schedules.some((one) => unitOf(one) !== 'never');
    if (learns || (counts && counted === undefined)) {
      counted = await learnRows(this.#pass(), lesson, learns, not(this.#held));
    }
    if (counted !== undefined) this.#counted(counted);
    if (kind.undecided === true) {
      await workAnywhere(network.build(preprocessing?.outputColumns as number), how);
      runner.architecture = network.kind.architecture;
    } else if (learns && preprocessing !== undefined) {
      checkColumns(preprocessing.outputColumns, inputDimOf(kind.architecture));
    }
  }

  // A way through the source from its beginning: the first one has begun already.
  #pass(): Run<SampleChunk> {
    const run = this.#run ?? new Run<SampleChunk>(sourceName, this.#parts.source, this.#parts.how.signal);
    this.#run = undefined;
    return run;
  }

  #counted({ wanted, classes }: Counted): void {
    const { runner, options } = this.#parts;
    const expected = this.#rows;
    if (expected !== undefined && expected !== wanted) {
      throw changedRows(sourceName, expected, String(wanted), runner.position.epoch + 1);
    }
    this.#rows = wanted;
    if (options.classWeight === 'balanced') this.#classWeight = [...balancedWeights(classes)];
  }
}

function not(held: Wanted | undefined): Wanted | undefined {
  return held && ((place) => !held(place));
}

function asSource(data: NonNullable<SourceFitOptions['validationData']>): Source<SampleChunk> {
  return isSource(data) ? (data as Source<SampleChunk>) : [data as SampleChunk];
}
