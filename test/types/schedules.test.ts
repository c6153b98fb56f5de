// The public types of schedules.
// This file must compile, except the lines under @ts-expect-error: `npm run check:types`, which test/house.test.ts
// runs, fails if a line is wrong or if one of those lines compiles.

import { expectTypeOf, test } from 'vitest';
import { type Schedule, type ScheduleFunction, schedules } from '../../lib/index';

/** Compiled and never run. */
function compiled(_: () => unknown): void {}

test('schedules are typed by their options', () => {
  expectTypeOf(schedules.cosine).returns.toEqualTypeOf<Schedule>();
  expectTypeOf<ScheduleFunction>().toExtend<Schedule>();
  compiled(() => {
    schedules.warmUp(500, schedules.cosine({ restartEvery: 10, per: 'epoch' }), { from: 0 });
    schedules.reduceOnPlateau({ monitor: 'valF1', patience: 3 });
    const halved: Schedule = ({ epoch, epochs }, base) => (epoch < epochs / 2 ? base : base / 2);
    // @ts-expect-error: every is needed
    schedules.step({ factor: 0.1 });
    // @ts-expect-error: PyTorch's name for it
    schedules.exponential({ gamma: 0.9 });
    // @ts-expect-error: a unit that does not exist
    schedules.cosine({ per: 'batch' });
    // @ts-expect-error: a schedule is made, not named
    const named: Schedule = 'cosine';
    // @ts-expect-error: a rate is a number
    const text: Schedule = () => 'low';
    return [halved, named, text];
  });
});
