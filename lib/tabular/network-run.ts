// The training of a network with some rows of X and Y, for a trial or a fold.

import { type AsyncOptions, pinnedWork } from '../addon/work';
import type { SplitData } from '../datasets/split';
import type { Indices } from '../datasets/stratify';
import type { Metrics } from '../metrics/metric';
import type { Network } from '../network/network';
import type { InputsLike } from '../samples/inputs';
import type { LabelsLike } from '../samples/labels';
import type { Callbacks } from '../training/callbacks';
import type { FitOptions } from '../training/options';
import type { RunTask } from './fold-run';
import type { TaskHow } from './parallel';
import type { DrawnOptions } from './space';

export type Samples = { readonly X: InputsLike; readonly Y: LabelsLike };

/** What a training takes: rows of X and Y by their numbers, or samples. */
export type Part = Indices | { readonly train: Samples; readonly test: Samples };

/** A trial's options of fit, and what they were made of. */
export interface Settings {
  readonly drawn: DrawnOptions;
  readonly fit: FitOptions;
}

/** A network, trained with some rows of X and Y. */
export class NetworkRun implements RunTask<Network> {
  readonly #make: (drawn: DrawnOptions) => Promise<Network>;
  readonly #data: SplitData;
  readonly #part: Part;
  readonly #settings: Settings;
  readonly #metrics: Metrics;
  #test: Samples | undefined;

  constructor(
    make: (drawn: DrawnOptions) => Promise<Network>,
    data: SplitData,
    part: Part,
    settings: Settings,
    metrics: Metrics,
  ) {
    this.#make = make;
    this.#data = data;
    this.#part = part;
    this.#settings = settings;
    this.#metrics = metrics;
  }

  get callbacks(): FitOptions['callbacks'] {
    return this.#settings.fit.callbacks;
  }

  /** The samples that it tests with. They are there when the training has begun. */
  get test(): Samples {
    return this.#test as Samples;
  }

  async train(how: TaskHow, callbacks: Callbacks | undefined, begun: (network: Network) => void) {
    const part = this.#part;
    const { X, Y } = 'test' in part ? part.train : await this.#take(part.trainIndex, how);
    this.#test = 'test' in part ? part.test : await this.#take(part.testIndex, how);
    const { drawn, fit } = this.#settings;
    const network = await this.#make(drawn);
    begun(network);
    const history = await network.fit(X, Y, { ...fit, ...how, ...(callbacks && { callbacks }) });
    return { model: network, epochs: history.loss.length };
  }

  evaluate(network: Network, how: TaskHow): Promise<object> {
    const { X, Y } = this.#test as Samples;
    const { loss } = this.#settings.fit;
    return network.evaluate(X, Y, { metrics: this.#metrics, ...(loss !== undefined && { loss }), ...how });
  }

  async #take(index: Uint32Array, how: AsyncOptions): Promise<Samples> {
    return (await pinnedWork(this.#data.take(index), this.#data.arrays, how)) as unknown as Samples;
  }
}
