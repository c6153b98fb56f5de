// The bins of a column by a decision tree on a target, in plain loops: each split is found by trying all.

/** A row: the column's number, and the target's: a class, or numbers. */
export interface TreeRow {
  readonly x: number;
  readonly target: number | readonly number[];
}

/** How far the rows are from being equal in their target: rows times Gini's impurity, or the sum of squared errors. */
function impurity(rows: readonly TreeRow[]): number {
  if (typeof rows[0]?.target === 'number') {
    const counts = new Map<unknown, number>();
    for (const { target } of rows) counts.set(target, (counts.get(target) ?? 0) + 1);
    return rows.length - [...counts.values()].reduce((sum, count) => sum + count ** 2 / rows.length, 0);
  }
  const targets = rows.map(({ target }) => target as readonly number[]);
  return (targets[0] as readonly number[])
    .map((_, t) => {
      const mean = targets.reduce((sum, each) => sum + (each[t] as number), 0) / rows.length;
      return targets.reduce((sum, each) => sum + ((each[t] as number) - mean) ** 2, 0);
    })
    .reduce((sum, each) => sum + each, 0);
}

/** Numbers of mean 0 and variance 1, target by target. */
function standardized(rows: readonly TreeRow[]): TreeRow[] {
  if (typeof rows[0]?.target === 'number') return [...rows];
  const all = rows.map(({ target }) => target as readonly number[]);
  const scales = (all[0] as readonly number[]).map((_, t) => {
    const mean = all.reduce((sum, each) => sum + (each[t] as number), 0) / all.length;
    const variance = all.reduce((sum, each) => sum + ((each[t] as number) - mean) ** 2, 0) / all.length;
    return { mean, deviation: Math.sqrt(variance) || 1 };
  });
  return rows.map(({ x, target }) => ({
    x,
    target: scales.map(({ mean, deviation }, t) => (((target as number[])[t] as number) - mean) / deviation),
  }));
}

/** The edges of at most `bins` bins of at least `least` rows. Of equally good splits it takes the lowest one. */
export function treeEdges(given: readonly TreeRow[], bins: number, least: number): number[] {
  if (given.length === 0) return [];
  const sorted = standardized(given).sort((a, b) => a.x - b.x);
  const leaves = [sorted];
  const edges = new Set([sorted[0]?.x as number]);
  while (leaves.length < bins) {
    let best: { gain: number; leaf: TreeRow[]; at: number } | undefined;
    for (const leaf of leaves) {
      const whole = impurity(leaf);
      if (whole <= 1e-12) continue;
      for (let at = least; at <= leaf.length - least; at++) {
        if (leaf[at - 1]?.x === leaf[at]?.x) continue;
        const gain = whole - impurity(leaf.slice(0, at)) - impurity(leaf.slice(at));
        // Rounding is no gain.
        const better = best === undefined || gain > best.gain + 1e-9;
        const earlier =
          best !== undefined &&
          gain > best.gain - 1e-9 &&
          (leaf[0]?.x as number) < (best.leaf[0]?.x as number);
        if (better || earlier) best = { gain, leaf, at };
      }
    }
    if (best === undefined) break;
    const { leaf, at } = best;
    leaves.splice(leaves.indexOf(leaf), 1, leaf.slice(0, at), leaf.slice(at));
    edges.add(((leaf[at - 1]?.x as number) + (leaf[at]?.x as number)) / 2);
  }
  edges.add(sorted.at(-1)?.x as number);
  return [...edges].sort((a, b) => a - b);
}
