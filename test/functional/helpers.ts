import type { Matrix } from '../../lib/base/matrix';

/** Samples in columns, as in the article: X (inputs x m), Y (outputs x m). */
export function columns({ X, Y }: { X: Matrix; Y: Matrix }): { X: Matrix; Y: Matrix } {
  return { X: X.transpose(), Y: Y.transpose() };
}
