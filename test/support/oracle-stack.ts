// Layers with all their options - normalisation, dropout, noise, penalties, frozen parameters - as plain loops over
// rows of samples. The caller gives the random numbers.

import { type Layer, layerBackward, layerForward, type Tensors } from './oracle';
import { type Activation, activate, activateBackward } from './oracle-activations';
import { isFromLogits, type Loss, type LossOptions, lossFormula } from './oracle-losses';
import { at, build, type Dense, type Grid, transpose, zip } from './oracle-matrices';
import { answers, byMember, expand, expandBackward, membersLoss, rowsFrom } from './oracle-members';
import { embedNumbers, type NumericLayer, numericGradients } from './oracle-numeric';

export interface StackLayer extends Layer {
  /** The activation's parameter. */
  readonly alpha?: number;
  readonly normalization?: 'batch' | 'layer';
  /** @default 1e-5 */
  readonly epsilon?: number;
  /** The weight of a batch's moments in the running moments. @default 0.1 */
  readonly momentum?: number;
  readonly dropout?: number;
  readonly noise?: number;
  readonly trainable?: boolean;
  readonly l1?: number;
  readonly l2?: number;
  readonly maxNorm?: number;
  /** The number of the layer, from 1, whose input, before its noise, is added to the outputs. */
  readonly skip?: number;
  /** Multiplies the inputs, after the noise, by s. */
  readonly inputScale?: boolean;
  /** Z + a (g(Z) - Z) in place of g(Z). */
  readonly activationMix?: boolean;
  /** Embeds the first columns of X, in the first layer. */
  readonly numeric?: NumericLayer;
  /** The number of members, in the first layer. */
  readonly members?: number;
  /** Tables of the first layer. Their rows follow the numbers in its inputs. */
  readonly embeddings?: readonly { readonly categories: number; readonly outputs: number }[];
}

export interface PassOptions {
  /** (m, embeddings): which row of each table a sample picks; -1 picks the last. */
  readonly codes?: Dense;
  /** mean1, variance1, ... (out, 1): running moments */
  readonly statistics?: Tensors;
  /** Batches are normalised by their own moments, except in frozen layers. */
  readonly learning?: boolean;
  /** Factors of layer l's outputs, and noise added to its inputs: mask1, noise1, ... (m, units) */
  readonly random?: Tensors;
}

/** The values of a layer. Its sums are W input + b; Z is the activation's argument. */
interface Values {
  /** Before the noise. */
  readonly given: Dense;
  /** After the noise, before the scale. */
  readonly unscaled: Dense;
  readonly input: Dense;
  readonly normalized: Grid | undefined;
  /** (m, out): the factors of the distances from the mean */
  readonly inverse: Grid | undefined;
  readonly moments: Moments | undefined;
  readonly Z: Dense;
  readonly A: Dense;
}

interface Moments {
  readonly mean: number[];
  /** The sum of squares divided by the count. */
  readonly variance: number[];
}

const usesBatchMoments = ({ normalization, trainable = true }: StackLayer, { learning }: PassOptions) =>
  normalization === 'batch' && trainable && learning === true;

export function columnMoments(A: Dense): Moments {
  const columns = Array.from({ length: A.cols }, (_, c) =>
    Array.from({ length: A.rows }, (__, r) => at(A, r, c)),
  );
  const average = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const mean = columns.map(average);
  const variance = columns.map((column, c) => average(column.map((x) => (x - (mean[c] as number)) ** 2)));
  return { mean, variance };
}

/** (x - mean) / sqrt(variance + epsilon), by moments of each column. */
function standardize(A: Dense, { mean, variance }: Moments, epsilon: number) {
  const inverse = build(A.rows, A.cols, (_, c) => 1 / Math.sqrt((variance[c] as number) + epsilon));
  const normalized = build(A.rows, A.cols, (r, c) => (at(A, r, c) - (mean[c] as number)) * at(inverse, r, c));
  return { normalized, inverse };
}

function normalize(layer: StackLayer, sums: Dense, l: number, options: PassOptions) {
  const { normalization, epsilon = 1e-5 } = layer;
  if (normalization === 'layer') {
    const { normalized, inverse } = standardize(transpose(sums), columnMoments(transpose(sums)), epsilon);
    return { normalized: transpose(normalized), inverse: transpose(inverse), moments: undefined };
  }
  const own = usesBatchMoments(layer, options);
  const running = (name: string) => Array.from(options.statistics?.[`${name}${l}`]?.data ?? []);
  const moments = own ? columnMoments(sums) : { mean: running('mean'), variance: running('variance') };
  return { ...standardize(sums, moments, epsilon), moments: own ? moments : undefined };
}

/** The row of table e, from 0, that sample r picks. */
function pickedRow(layer: StackLayer, codes: Dense, r: number, e: number): number {
  const code = at(codes, r, e);
  return code === -1 ? (layer.embeddings?.[e]?.categories as number) : code;
}

/** Each feature that comes from a table, in their order: the table, and the column of it. */
function embeddedColumns({ embeddings = [] }: StackLayer): { e: number; c: number }[] {
  return embeddings.flatMap(({ outputs }, e) => Array.from({ length: outputs }, (_, c) => ({ e, c })));
}

/** X, with its embedded columns, followed by the rows of the tables. */
function features(layer: StackLayer, params: Tensors, given: Dense, codes: Dense | undefined): Dense {
  const X = embedNumbers(layer.numeric, params, given);
  const columns = embeddedColumns(layer);
  if (columns.length === 0 || codes === undefined) return X;
  return build(X.rows, X.cols + columns.length, (r, col) => {
    if (col < X.cols) return at(X, r, col);
    const { e, c } = columns[col - X.cols] as (typeof columns)[number];
    return at(params[`E${e + 1}`] as Dense, pickedRow(layer, codes, r, e), c);
  });
}

/** Multiplies column c of A by element c of a column of factors. */
function scaleColumns(A: Dense, factors: Dense): Grid {
  return build(A.rows, A.cols, (r, c) => at(A, r, c) * at(factors, c, 0));
}

/** The sum of each column, as a column. */
function columnSums(A: Dense): Grid {
  return build(A.cols, 1, (c) =>
    Array.from({ length: A.rows }, (_, r) => at(A, r, c)).reduce((a, b) => a + b, 0),
  );
}

/** One layer's sums. The last layer has a head for each member: its own rows of W and b. */
function headSums(input: Dense, W: Dense, b: Dense, heads: number): Dense {
  const out = W.rows / heads;
  return byMember(input, heads, (block, j) => {
    return layerForward(block, rowsFrom(W, j * out, out), rowsFrom(b, j * out, out), 'linear').Z;
  });
}

function headsBackward(delta: Dense, W: Dense, input: Dense, heads: number) {
  const [m, out] = [input.rows / heads, W.rows / heads];
  const parts = Array.from({ length: heads }, (_, j) =>
    layerBackward(rowsFrom(delta, j * m, m), rowsFrom(W, j * out, out), rowsFrom(input, j * m, m)),
  );
  const joined = (name: 'dW' | 'db' | 'dAPrev'): Grid => {
    const grids = parts.map((part) => part[name]);
    const { cols } = grids[0] as Grid;
    return {
      data: grids.flatMap(({ data }) => data),
      rows: grids.reduce((n, { rows }) => n + rows, 0),
      cols,
    };
  };
  return { dW: joined('dW'), db: joined('db'), dAPrev: joined('dAPrev') };
}

/** Returns the values of all layers, and the outputs: with members, the mean of theirs. */
export function stackForward(
  architecture: readonly StackLayer[],
  params: Tensors,
  X: Dense,
  options: PassOptions = {},
): { values: Values[]; yHat: Dense } {
  const values: Values[] = [];
  const { members = 1 } = architecture[0] as StackLayer;
  let input = features(architecture[0] as StackLayer, params, X, options.codes);
  if (params.R1 !== undefined) input = expand(input, params.R1);
  architecture.forEach((layer, index) => {
    const l = index + 1;
    const given = input;
    const noise = options.random?.[`noise${l}`];
    if (noise !== undefined) input = zip(input, noise, (a, n) => a + n);
    const unscaled = input;
    if (layer.inputScale) input = scaleColumns(unscaled, params[`s${l}`] as Dense);
    const heads = l === architecture.length ? members : 1;
    const sums = headSums(input, params[`W${l}`] as Dense, params[`b${l}`] as Dense, heads);
    let Z: Dense = sums;
    let found: Partial<ReturnType<typeof normalize>> = {};
    if (layer.normalization !== undefined) {
      const of = normalize(layer, sums, l, options);
      const [gamma, beta] = [params[`gamma${l}`] as Dense, params[`beta${l}`] as Dense];
      Z = build(sums.rows, sums.cols, (r, c) => at(gamma, c, 0) * at(of.normalized, r, c) + at(beta, c, 0));
      found = of;
    }
    let A: Dense = activate(layer.activation, Z, 'rows', layer.alpha);
    if (layer.activationMix) {
      const shares = params[`a${l}`] as Dense;
      A = zip(
        Z,
        scaleColumns(
          zip(A, Z, (g, z) => g - z),
          shares,
        ),
        (z, change) => z + change,
      );
    }
    const { normalized, inverse, moments } = found;
    values.push({ given, unscaled, input, normalized, inverse, moments, Z, A });
    const mask = options.random?.[`mask${l}`];
    input = mask === undefined ? A : zip(A, mask, (a, share) => a * share);
    if (layer.skip !== undefined) {
      input = zip(input, values[layer.skip - 1]?.given as Dense, (a, b) => a + b);
    }
  });
  return { values, yHat: answers(input, members, architecture.at(-1)?.activation as string) };
}

/** Turns the gradient by Z into the gradient by the sums. */
function normalizeBackward(
  d: Dense,
  { normalized, inverse, moments }: Values,
  layer: StackLayer,
  gamma: Dense,
) {
  const scaled = build(d.rows, d.cols, (r, c) => at(d, r, c) * at(gamma, c, 0));
  const [xHat, factor] = [normalized as Dense, inverse as Dense];
  if (layer.normalization === 'batch' && moments === undefined) return zip(scaled, factor, (g, f) => g * f);
  // Puts the values that share moments into columns: a sample's for layer normalisation, a unit's otherwise.
  const turn = (A: Dense) => (layer.normalization === 'layer' ? transpose(A) : A);
  const [g, x, f] = [turn(scaled), turn(xHat), turn(factor)];
  const { mean } = columnMoments(g);
  const { mean: product } = columnMoments(zip(g, x, (a, b) => a * b));
  return turn(
    build(g.rows, g.cols, (r, c) => {
      return (at(g, r, c) - (mean[c] as number) - at(x, r, c) * (product[c] as number)) * at(f, r, c);
    }),
  ) as Grid;
}

/** l1 sum |w| + l2 sum w^2, over the trainable layers. */
export function penalty(architecture: readonly StackLayer[], params: Tensors): number {
  return architecture.reduce((sum, { l1 = 0, l2 = 0, trainable = true }, index) => {
    const weights = Array.from(params[`W${index + 1}`]?.data as ArrayLike<number>);
    return trainable ? sum + weights.reduce((all, w) => all + l1 * Math.abs(w) + l2 * w * w, 0) : sum;
  }, 0);
}

/** The loss with its penalties, all gradients { dW1, db1, dgamma1, dbeta1, ... }, and the batch's moments. */
export function stackGradients(
  architecture: readonly StackLayer[],
  params: Tensors,
  X: Dense,
  Y: Dense,
  loss: Loss,
  { lossOptions = {}, ...options }: PassOptions & { readonly lossOptions?: LossOptions } = {},
) {
  const { values, yHat } = stackForward(architecture, params, X, options);
  const formula = lossFormula(loss, lossOptions);
  const { Z: logits, A: activations } = values.at(-1) as Values;
  const { members = 1 } = architecture[0] as StackLayer;
  const outputs = isFromLogits(loss) ? logits : activations;
  const found = membersLoss(formula, loss, outputs, yHat, members, Y);
  const grads: Record<string, Grid> = {};
  let delta: Dense = found.gradient;
  // For each layer, the gradient by its inputs that comes through the skips of later layers.
  const skipped: (Dense | undefined)[] = [];
  const sum = (a: Dense | undefined, b: Dense) => (a === undefined ? b : zip(a, b, (x, y) => x + y));
  for (let l = architecture.length; l >= 1; l--) {
    const layer = architecture[l - 1] as StackLayer;
    const here = values[l - 1] as Values;
    if (layer.skip !== undefined) skipped[layer.skip - 1] = sum(skipped[layer.skip - 1], delta);
    const mask = options.random?.[`mask${l}`];
    if (mask !== undefined) delta = zip(delta, mask, (g, share) => g * share);
    const activationBackward = (d: Dense) =>
      activateBackward(layer.activation as Activation, d, here.Z, 'rows', layer.alpha);
    if (layer.activationMix) {
      const shares = params[`a${l}`] as Dense;
      const change = zip(activate(layer.activation, here.Z, 'rows', layer.alpha), here.Z, (g, z) => g - z);
      grads[`da${l}`] = columnSums(zip(delta, change, (g, c) => g * c));
      const through = activationBackward(scaleColumns(delta, shares));
      delta = zip(
        zip(delta, scaleColumns(delta, shares), (g, part) => g - part),
        through,
        (x, y) => x + y,
      );
    } else if (!(isFromLogits(loss) && l === architecture.length)) {
      delta = activationBackward(delta);
    }
    if (layer.normalization !== undefined) {
      grads[`dgamma${l}`] = columnSums(zip(delta, here.normalized as Dense, (g, x) => g * x));
      grads[`dbeta${l}`] = columnSums(delta);
      delta = normalizeBackward(delta, here, layer, params[`gamma${l}`] as Dense);
    }
    const W = params[`W${l}`] as Dense;
    const { dW, db, dAPrev } = headsBackward(delta, W, here.input, l === architecture.length ? members : 1);
    let dInput: Dense = dAPrev;
    if (layer.inputScale) {
      grads[`ds${l}`] = columnSums(zip(dAPrev, here.unscaled, (g, x) => g * x));
      dInput = scaleColumns(dAPrev, params[`s${l}`] as Dense);
    }
    const { l1 = 0, l2 = 0 } = layer;
    grads[`dW${l}`] = zip(dW, W, (g, w) => g + l1 * Math.sign(w) + 2 * l2 * w);
    grads[`db${l}`] = db;
    if (layer.trainable === false) {
      for (const name of ['W', 'b', 'gamma', 'beta', 's', 'a']) {
        const grad = grads[`d${name}${l}`];
        if (grad !== undefined) grads[`d${name}${l}`] = build(grad.rows, grad.cols, () => 0);
      }
    }
    delta = sum(skipped[l - 1], dInput);
  }
  const first = architecture[0] as StackLayer;
  const numbers = embedNumbers(first.numeric, params, X).cols;
  if (params.R1 !== undefined) {
    const { dX, dR } = expandBackward(delta, features(first, params, X, options.codes), params.R1);
    grads.dR1 = first.trainable === false ? build(dR.rows, dR.cols, () => 0) : dR;
    delta = dX;
  }
  Object.assign(grads, tableGradients(first, params, delta, numbers, options.codes));
  Object.assign(grads, numericGradients(first.numeric, params, X, delta, first.trainable === false));
  const penalties = penalty(architecture, params);
  return {
    loss: found.value + penalties,
    /** Of the members' mean. */
    answerLoss: found.ofAnswers + penalties,
    grads,
    yHat,
    moments: values.map(({ moments }) => moments),
  };
}

/** dE1, dE2, ...: each row sums the gradients of the samples that picked it; zeros if the first layer is frozen. */
function tableGradients(
  layer: StackLayer,
  params: Tensors,
  delta: Dense,
  numbers: number,
  codes: Dense | undefined,
): Record<string, Grid> {
  const grads: Record<string, Grid> = {};
  layer.embeddings?.forEach((_, e) => {
    const { rows, cols } = params[`E${e + 1}`] as Dense;
    grads[`dE${e + 1}`] = build(rows, cols, () => 0);
  });
  if (layer.trainable === false || codes === undefined) return grads;
  embeddedColumns(layer).forEach(({ e, c }, i) => {
    const table = grads[`dE${e + 1}`] as Grid;
    for (let r = 0; r < delta.rows; r++) {
      const place = pickedRow(layer, codes, r, e) * table.cols + c;
      table.data[place] = (table.data[place] as number) + at(delta, r, numbers + i);
    }
  });
  return grads;
}

/** Running moments after a batch of m samples, which mix in the batch's mean and its unbiased variance. One sample
 * leaves them as they are. */
export function updatedStatistics(
  architecture: readonly StackLayer[],
  statistics: Tensors,
  moments: readonly (Moments | undefined)[],
  m: number,
): Record<string, Grid> {
  const updated: Record<string, Grid> = {};
  for (const [name, old] of Object.entries(statistics)) {
    const [, kind = '', l = ''] = /^(\D+)(\d+)$/.exec(name) ?? [];
    const { momentum = 0.1 } = architecture[Number(l) - 1] as StackLayer;
    const found = moments[Number(l) - 1]?.[kind as keyof Moments];
    const unbiased = kind === 'variance' ? m / (m - 1) : 1;
    updated[name] = build(old.rows, 1, (r) => {
      const before = at(old, r, 0);
      return found === undefined || m === 1
        ? before
        : before + momentum * ((found[r] as number) * unbiased - before);
    });
  }
  return updated;
}
