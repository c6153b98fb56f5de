/** The results of the training, for the page: plain data, inlined as JSON. */
export interface Results {
  readonly train: readonly Point[];
  readonly test: readonly Point[];
  readonly view: View;
  readonly grid: Grid;
  readonly models: readonly ModelResult[];
  readonly race: Race;
  /** Versions and processor, for the foot of the page. */
  readonly machine: string;
}

/** x, y and the class, 0 or 1. */
export type Point = readonly [x: number, y: number, label: number];

/** The part of the plane that the boundaries are drawn on. */
export interface View {
  readonly x: readonly [number, number];
  readonly y: readonly [number, number];
}

/** The page draws the boundaries from the values at the centres of width * height cells; row 0 is at y1. */
export interface Grid {
  readonly x1: number;
  readonly x2: number;
  readonly y1: number;
  readonly y2: number;
  readonly width: number;
  readonly height: number;
}

export interface ModelResult {
  readonly name: string;
  readonly description: string;
  readonly summary: Summary;
  /** The first is the untrained network, the last the trained one. */
  readonly frames: readonly Frame[];
  /** The logits of every frame on the grid. */
  readonly fields: PackedFields;
}

/** The format of fields.ts. */
export interface PackedFields {
  /** The logit of one step, for each frame. */
  readonly scales: readonly number[];
  readonly packed: string;
}

export interface Summary {
  readonly epochs: number;
  /** The cost of the last epoch, computed before its updates, as in the article. */
  readonly cost: number;
  readonly trainAccuracy: number;
  readonly testAccuracy: number;
  /** The time of the training, without the evaluation and drawing of frames. */
  readonly seconds: number;
}

/** The network after `epoch` epochs. */
export interface Frame {
  readonly epoch: number;
  /** On the training set. */
  readonly cost: number;
  readonly trainAccuracy: number;
  /** The test points that the network puts on the wrong side, as indexes into `test`. */
  readonly wrong: readonly number[];
}

/** The epochs that each optimiser needs to be as good as gradient descent at its end. */
export interface Race {
  readonly goal: Goal;
  readonly racers: readonly Racer[];
}

/** The result on the training set of gradient descent from the article's weights, after this number of epochs. */
export interface Goal {
  readonly epochs: number;
  readonly cost: number;
  readonly trainAccuracy: number;
}

/** An optimiser, from the article's initial parameters and from He's. */
export interface Racer {
  readonly name: string;
  readonly article: Run;
  readonly he: Run;
}

export interface Run {
  /** Up to the goal; null if gradient descent's number of epochs was not enough. */
  readonly epochs: number | null;
  /** The time of the training only. */
  readonly seconds: number;
  /** The cost on the training set after some of the epochs, which include 0 and the last. */
  readonly curve: readonly (readonly [epoch: number, cost: number])[];
}
