/** What the training hands to the page: plain data, inlined as JSON. */
export interface Results {
  readonly train: readonly Point[];
  readonly test: readonly Point[];
  readonly view: View;
  readonly grid: Grid;
  readonly models: readonly ModelResult[];
  readonly race: Race;
  /** Where it ran: versions and processor, for the page's foot. */
  readonly machine: string;
}

/** x, y and the class, 0 or 1. */
export type Point = readonly [x: number, y: number, label: number];

/** The part of the plane that the boundaries are drawn on. */
export interface View {
  readonly x: readonly [number, number];
  readonly y: readonly [number, number];
}

/** The boundaries are drawn from the values at the centres of width * height cells; row 0 lies at y1. */
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

/** As fields.ts makes and reads it. */
export interface PackedFields {
  /** What one step of each frame is worth. */
  readonly scales: readonly number[];
  readonly packed: string;
}

export interface Summary {
  readonly epochs: number;
  /** The cost of the last epoch, taken before its updates, as in the article. */
  readonly cost: number;
  readonly trainAccuracy: number;
  readonly testAccuracy: number;
  /** Training alone; evaluating and drawing the frames are not in it. */
  readonly seconds: number;
}

/** The network after `epoch` epochs. */
export interface Frame {
  readonly epoch: number;
  /** On the training set. */
  readonly cost: number;
  readonly trainAccuracy: number;
  /** The test points it puts on the wrong side, as indexes into `test`. */
  readonly wrong: readonly number[];
}

/** Which optimiser is first as good as gradient descent is at its end. */
export interface Race {
  readonly goal: Goal;
  readonly racers: readonly Racer[];
}

/** What so many epochs of gradient descent from the article's start reach on the training set. */
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
  /** Up to the goal; null: it was not reached in as many as gradient descent had. */
  readonly epochs: number | null;
  /** Training alone. */
  readonly seconds: number;
  /** The cost on the training set after some of the epochs, 0 and the last among them. */
  readonly curve: readonly (readonly [epoch: number, cost: number])[];
}
