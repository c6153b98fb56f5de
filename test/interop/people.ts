// Records with texts, gaps, truth values and times.

import { RandomState } from '../../lib/index';

export interface Person {
  readonly age: number | null;
  readonly income: number | null;
  readonly job: string | null;
  readonly city: string | null;
  readonly flag: boolean | null;
  readonly since: Date | null;
  readonly member: string | null;
  readonly score: number;
  readonly rating: string;
  readonly amount: number;
}

/** Random records. What they tell about rating and amount can be learned in part. */
export function people(count: number, seed: number): Person[] {
  const random = new RandomState(seed);
  const gap = <T>(value: T) => (random.uniform() < 0.1 ? null : value);
  const pick = <T>(values: readonly T[]) => values[Math.floor(random.uniform() * values.length)] as T;
  const cities = Array.from({ length: 15 }, (_, i) => `city ${i}`);
  return Array.from({ length: count }, () => {
    const age = random.normal(40, 10);
    const job = pick(['cook', 'nurse', 'pilot', 'smith', 'ünicode']);
    const tells = age + (job === 'cook' ? 5 : 0) + random.normal();
    return {
      age: gap(age),
      income: gap(Math.exp(random.normal(8, 1))),
      job: gap(job),
      city: gap(pick(cities)),
      flag: gap(random.uniform() < 0.5),
      since: gap(new Date(1.5e12 + 1e11 * random.uniform())),
      member: gap(pick(['m', 'f'])),
      score: random.uniform(),
      rating: tells > 45 ? 'high' : tells > 35 ? 'middle' : 'low',
      amount: 2 * age + random.normal(),
    };
  });
}
