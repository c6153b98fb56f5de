// Rows of customers: first those of two cities and two classes, later others.

import { RandomState } from '../../../lib';
import { Table } from '../../../lib/tabular';

export interface Customer {
  readonly x: number | null;
  readonly t: Date;
  readonly city: string | null;
  readonly member: boolean;
  readonly y: string;
}

/** @param cities one of which each row has @param shift moves the mean of x @param third whether there is a third class */
export function customers(
  count: number,
  seed: number,
  { cities = ['Paris', 'Rome'], shift = 0, third = false } = {},
): Customer[] {
  const random = new RandomState(seed);
  return Array.from({ length: count }, () => {
    const x = random.normal(shift, 1);
    const city = cities[Math.floor(random.random() * cities.length)] as string;
    const member = random.random() < 0.5;
    const score = x + (city === 'Rome' ? 1 : city === 'Oslo' ? -2 : 0) + random.normal(0, 0.3);
    const y = third && score > 1.5 ? 'huge' : score > 0 ? 'high' : 'low';
    return {
      x: random.random() < 0.05 ? null : x,
      t: new Date(1.7e12 + Math.floor(random.random() * 1e10)),
      city: random.random() < 0.05 ? null : city,
      member,
      y,
    };
  });
}

export const early = Table.from(customers(500, 1));
export const late = Table.from(
  customers(400, 2, { cities: ['Paris', 'Rome', 'Oslo'], shift: 1, third: true }),
);
