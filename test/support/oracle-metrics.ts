// Metrics in plain loops over the rows, in their order, so that the sums have the same bits as ours.

/** Labels and predictions, both (rows, cols), and the weight of each row. */
export interface Table {
  readonly rows: number;
  readonly cols: number;
  readonly y: ArrayLike<number>;
  readonly p: ArrayLike<number>;
  readonly w: ArrayLike<number>;
  /** How far logLoss keeps probabilities away from 0 and 1. */
  readonly epsilon: number;
  /** Whether several columns are separate labels. */
  readonly multiLabel?: boolean;
  readonly average?: 'macro' | 'micro' | 'weighted';
  readonly k?: number;
}

const at = (data: ArrayLike<number>, i: number) => data[i] as number;
const ratio = (part: number, whole: number) => (whole === 0 ? 0 : part / whole);
const areClasses = ({ cols, multiLabel }: Table) => cols > 1 && multiLabel !== true;

function argmax(data: ArrayLike<number>, cols: number, row: number): number {
  let best = 0;
  for (let c = 1; c < cols; c++) if (at(data, row * cols + c) > at(data, row * cols + best)) best = c;
  return best;
}

function meanOverRows({ rows, w }: Table, valueAt: (row: number) => number): number {
  let [sum, total] = [0, 0];
  for (let row = 0; row < rows; row++) {
    sum += at(w, row) * valueAt(row);
    total += at(w, row);
  }
  return sum / total;
}

function overColumns(table: Table, measure: (column: Table) => number): number {
  const { rows, cols } = table;
  let sum = 0;
  for (let c = 0; c < cols; c++) {
    const pick = (data: ArrayLike<number>) => Array.from({ length: rows }, (_, r) => at(data, r * cols + c));
    sum += measure({ ...table, cols: 1, y: pick(table.y), p: pick(table.p) });
  }
  return sum / cols;
}

const square = (x: number) => x * x;
const squaredError = (column: Table) =>
  meanOverRows(column, (row) => square(at(column.y, row) - at(column.p, row)));

function r2(column: Table): number {
  const { rows, y, p, w } = column;
  if (rows < 2) return Number.NaN;
  const mean = meanOverRows(column, (row) => at(y, row));
  let [residual, spread, constant] = [0, 0, true];
  for (let row = 0; row < rows; row++) {
    residual += at(w, row) * square(at(y, row) - at(p, row));
    spread += at(w, row) * square(at(y, row) - mean);
    constant &&= y[row] === y[0];
  }
  if (residual === 0) return 1;
  return constant || spread === 0 ? 0 : 1 - residual / spread;
}

/** The weights of the positives and negatives at or above each distinct prediction, from the largest down. */
function thresholds({ rows, y, p, w }: Table): [number, number][] {
  const groups = new Map<number, [number, number]>();
  for (let row = 0; row < rows; row++) {
    if (at(w, row) === 0) continue;
    const group = groups.get(at(p, row)) ?? [0, 0];
    group[at(y, row) > 0.5 ? 0 : 1] += at(w, row);
    groups.set(at(p, row), group);
  }
  let [positives, negatives] = [0, 0];
  return [...groups]
    .sort(([a], [b]) => b - a)
    .map(([, [more, less]]) => {
      positives += more;
      negatives += less;
      return [positives, negatives];
    });
}

function areaUnderRoc(column: Table): number {
  let [area, positives, negatives] = [0, 0, 0];
  for (const [more, less] of thresholds(column)) {
    area += ((less - negatives) * (more + positives)) / 2;
    [positives, negatives] = [more, less];
  }
  return area / (positives * negatives);
}

function averagePrecision(column: Table): number {
  let [sum, found] = [0, 0];
  const all = thresholds(column);
  for (const [positives, negatives] of all) {
    sum += (positives - found) * (positives / (positives + negatives));
    found = positives;
  }
  if (all.length === 0) return Number.NaN;
  return found === 0 ? 0 : sum / found;
}

function logLossOf(table: Table, row: number): number {
  const { cols, y, p, epsilon } = table;
  const clipped = (i: number) => Math.min(Math.max(at(p, i), epsilon), 1 - epsilon);
  let [loss, total] = [0, 0];
  for (let i = row * cols; i < (row + 1) * cols; i++) total += clipped(i);
  for (let i = row * cols; i < (row + 1) * cols; i++) {
    if (areClasses(table)) loss -= at(y, i) * Math.log(clipped(i) / total);
    else loss -= at(y, i) * Math.log(clipped(i)) + (1 - at(y, i)) * Math.log(1 - clipped(i));
  }
  return loss;
}

/** Whether a row is decided for a column: its class, or its yes. */
function decisions(table: Table, row: number): { actual: boolean; predicted: boolean }[] {
  const { cols, y, p } = table;
  return Array.from({ length: cols }, (_, c) => {
    if (!areClasses(table))
      return { actual: at(y, row * cols + c) > 0.5, predicted: at(p, row * cols + c) > 0.5 };
    return { actual: argmax(y, cols, row) === c, predicted: argmax(p, cols, row) === c };
  });
}

type Count = { hits: number; predicted: number; actual: number; occurs: boolean };

function averaged(table: Table, measure: (count: Count) => number): number {
  const { rows, cols, w, average = 'macro' } = table;
  const counts = Array.from({ length: cols }, (): Count => {
    return { hits: 0, predicted: 0, actual: 0, occurs: !areClasses(table) };
  });
  for (let row = 0; row < rows; row++) {
    for (const [c, { actual, predicted }] of decisions(table, row).entries()) {
      const count = counts[c] as Count;
      if (actual) count.actual += at(w, row);
      if (predicted) count.predicted += at(w, row);
      if (actual && predicted) count.hits += at(w, row);
      count.occurs ||= actual || predicted;
    }
  }
  const present = counts.filter(({ occurs }) => occurs);
  if (average === 'micro') {
    const sumOf = (key: 'hits' | 'predicted' | 'actual') =>
      present.reduce((sum, count) => sum + count[key], 0);
    return measure({
      hits: sumOf('hits'),
      predicted: sumOf('predicted'),
      actual: sumOf('actual'),
      occurs: true,
    });
  }
  let [sum, total] = [0, 0];
  for (const count of present) {
    const weight = average === 'weighted' ? count.actual : 1;
    sum += weight * measure(count);
    total += weight;
  }
  return ratio(sum, total);
}

function isTopKHit({ cols, y, p, k = 2 }: Table, row: number): boolean {
  const label = argmax(y, cols, row);
  const own = at(p, row * cols + label);
  const before = Array.from({ length: cols }, (_, c) => c).filter((c) => {
    const other = at(p, row * cols + c);
    return other > own || (other === own && c > label);
  });
  return before.length < k;
}

/** The confusion matrix, row by row. */
export function confusions({ rows, cols, y, p, w }: Table): number[][] {
  const classes = cols === 1 ? 2 : cols;
  const classOf = (data: ArrayLike<number>, row: number) =>
    cols === 1 ? Number(at(data, row) > 0.5) : argmax(data, cols, row);
  const matrix = Array.from({ length: classes }, () => new Array<number>(classes).fill(0));
  for (let row = 0; row < rows; row++) {
    const counts = matrix[classOf(y, row)] as number[];
    counts[classOf(p, row)] = at(counts, classOf(p, row)) + at(w, row);
  }
  return matrix;
}

export const metricOracle: Readonly<Record<string, (table: Table) => number>> = {
  accuracy: (table) =>
    meanOverRows(table, (row) =>
      Number(decisions(table, row).every(({ actual, predicted }) => actual === predicted)),
    ),
  topKAccuracy: (table) => meanOverRows(table, (row) => Number(isTopKHit(table, row))),
  precision: (table) => averaged(table, ({ hits, predicted }) => ratio(hits, predicted)),
  recall: (table) => averaged(table, ({ hits, actual }) => ratio(hits, actual)),
  f1: (table) => averaged(table, ({ hits, predicted, actual }) => ratio(2 * hits, predicted + actual)),
  rocAuc: (table) => overColumns(table, areaUnderRoc),
  prAuc: (table) => overColumns(table, averagePrecision),
  logLoss: (table) => meanOverRows(table, (row) => logLossOf(table, row)),
  brier: (table) =>
    meanOverRows(table, (row) => {
      let sum = 0;
      for (let i = row * table.cols; i < (row + 1) * table.cols; i++)
        sum += square(at(table.p, i) - at(table.y, i));
      return sum;
    }),
  meanSquaredError: (table) => overColumns(table, squaredError),
  rootMeanSquaredError: (table) => overColumns(table, (column) => Math.sqrt(squaredError(column))),
  meanAbsoluteError: (table) =>
    overColumns(table, (column) =>
      meanOverRows(column, (row) => Math.abs(at(column.y, row) - at(column.p, row))),
    ),
  r2: (table) => overColumns(table, r2),
};
