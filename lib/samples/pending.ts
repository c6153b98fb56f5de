import { begun, inOrder, type Work, workHere } from '../addon/work';
import type { NumberArray } from '../base/matrix';

/** Work to be done before samples are used, once. */
export interface Pending {
  readonly work: Work<void>;
  /** The caller's arrays that it reads. They must stay in place. */
  readonly arrays: readonly NumberArray[];
}

/** Does work at once if it is brief. What is left is pending. */
export function unlessBrief(work: Work<void>, arrays: readonly NumberArray[] = []): Pending | undefined {
  const left = begun(work);
  return left && { work: left, arrays };
}

/** The pending work of all, in this order. */
export function joined(parts: readonly (Pending | undefined)[]): { readonly pending?: Pending } {
  const pending = parts.filter((part) => part !== undefined);
  const [first] = pending;
  if (first === undefined) return {};
  if (pending.length === 1) return { pending: first };
  const work = inOrder(pending.map((part) => part.work));
  return { pending: { work, arrays: pending.flatMap(({ arrays }) => arrays) } };
}

/** Does the pending work on the calling thread. */
export function fillHere({ pending }: { readonly pending?: Pending }): void {
  if (pending !== undefined) workHere(pending.work);
}
