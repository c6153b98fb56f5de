// What a training of a Classifier and of a Regressor differ in, and what a training gives.

import type { AsyncOptions, Work } from '../addon/work';
import type { Json } from '../formats/json';
import type { Network } from '../network/network';
import type { NetworkOptions } from '../network/network-options';
import type { InputsLike } from '../samples/inputs';
import type { Schema } from '../tables/schema';
import type { Table } from '../tables/table';
import type { History } from '../training/history';
import type { FitOptions } from '../training/options';
import type { TargetValues } from './labels';
import type { RowNetwork } from './row-network';

/** Gets the model before the first epoch of its training. */
export type Begun<Model> = (model: Model) => void;

/** What a training is about: which targets, and how their columns are read. */
export interface Task {
  /** Whether the targets are classes. */
  readonly classes: boolean;
  /** Reads the target columns. Learns from them what there is to learn, such as classes. */
  readonly learn: (table: Table) => Work<TargetValues>;
  /** Learns more from the targets of the rows that train. @default nothing */
  readonly settle?: (values: TargetValues) => Work<TargetValues>;
  /** Reads the target columns of further rows. */
  readonly read: (learned: TargetValues) => (table: Table) => Work<TargetValues>;
  /** What the model's file says about the targets. */
  readonly describe: (learned: TargetValues) => Json;
  /** Options that the network gets. */
  readonly network: (learned: TargetValues) => NetworkOptions;
  /** Options that fit gets. */
  readonly fit: (learned: TargetValues) => Partial<FitOptions>;
  /** What a network says about rows that it did not learn from. */
  readonly observe: (network: Network, held: HeldSamples, how: AsyncOptions) => Promise<unknown>;
  /** Judges what networks of one kind said about the rows that each did not learn from. */
  readonly judge: (observed: readonly unknown[], how: AsyncOptions) => Promise<Judgement>;
}

/** Rows that a training did not learn from. */
export interface HeldSamples {
  readonly X: InputsLike;
  readonly values: TargetValues;
  readonly weights: Float64Array | undefined;
}

/** How good networks are with rows that they did not learn from, and what these rows tell. */
export interface Judgement {
  /** The mean loss; of classes, after calibration. */
  readonly loss: number;
  /** The temperatures that calibrate the networks, if they are to be calibrated: one, or one for each of several labels. */
  readonly temperatures?: readonly number[];
}

/** A trained network and what was learned beside it. */
export interface Trained {
  readonly rows: RowNetwork;
  readonly schema: Schema;
  readonly values: TargetValues;
  readonly history: History | undefined;
}
