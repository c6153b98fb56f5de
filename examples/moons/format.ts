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
