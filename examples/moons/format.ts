import type { Run } from './results';

const grouped = new Intl.NumberFormat('en');

export function count(value: number): string {
  return grouped.format(Math.round(value));
}

export function cost(value: number): string {
  return value.toFixed(4);
}

export function percent(share: number): string {
  return `${(100 * share).toFixed(1)}%`;
}

export function seconds(value: number): string {
  return value.toFixed(2);
}

/** The epochs and seconds of a run of the race. */
export function runCells(run: Run): [epochs: string, seconds: string] {
  return run.epochs === null ? ['not reached', '–'] : [count(run.epochs), seconds(run.seconds)];
}

export function epochs(value: number): string {
  return `${count(value)} ${value === 1 ? 'epoch' : 'epochs'}`;
}
