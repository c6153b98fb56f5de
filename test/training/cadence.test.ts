import { describe, expect, it } from 'vitest';
import { Cadence } from '../../lib/training/cadence';
import { itRejects } from '../support/bad-input';

describe('Cadence', () => {
  const dueEpochs = (cadence: Cadence, first: number, last: number, now: (epoch: number) => number) =>
    Array.from({ length: last - first + 1 }, (_, i) => first + i).filter((epoch) =>
      cadence.due(epoch, now(epoch)),
    );

  it('is due every epoch when not told otherwise', () => {
    expect(dueEpochs(new Cadence({}, 0), 1, 3, () => 0)).toEqual([1, 2, 3]);
  });

  it('is due every so many epochs, wherever the training began', () => {
    const never = () => 0;
    expect(dueEpochs(new Cadence({ everyEpochs: 3 }, 0), 1, 10, never)).toEqual([3, 6, 9]);
    expect(dueEpochs(new Cadence({ everyEpochs: 3 }, 0), 5, 10, never)).toEqual([6, 9]);
  });

  it('is due when so many seconds have passed since it was last', () => {
    // An epoch takes 0.4 s, from 1000 ms on: 2.0 s and more are over after epochs 5, 10, 15.
    const cadence = new Cadence({ everySeconds: 2 }, 1000);
    expect(dueEpochs(cadence, 1, 15, (epoch) => 1000 + 400 * epoch)).toEqual([5, 10, 15]);
  });

  it('counts the seconds from the last event that was due', () => {
    const cadence = new Cadence({ everyEpochs: 4, everySeconds: 3 }, 0);
    // At 1 s an epoch: 3 (seconds), 4 (epochs), 7 (seconds since 4), 8, 11, 12.
    expect(dueEpochs(cadence, 1, 12, (epoch) => 1000 * epoch)).toEqual([3, 4, 7, 8, 11, 12]);
  });

  itRejects([
    {
      what: 'no epochs at all',
      call: () => new Cadence({ everyEpochs: 0 }, 0),
      error: RangeError,
      code: 'ERR_BLASNET_ARG_VALUE',
      message: 'Expected everyEpochs to be a positive integer, got 0 (number)',
    },
    {
      what: 'no time at all',
      call: () => new Cadence({ everySeconds: 0 }, 0),
      error: RangeError,
      code: 'ERR_BLASNET_ARG_VALUE',
      message: 'Expected everySeconds to be a positive finite number, got 0 (number)',
    },
    {
      what: 'a time in a string',
      call: () => new Cadence({ everySeconds: '10' as never }, 0),
      error: TypeError,
      code: 'ERR_BLASNET_ARG_TYPE',
      message: 'Expected everySeconds to be a positive finite number, got "10" (string)',
    },
    {
      what: 'another unit',
      call: () => new Cadence({ everyMinutes: 1 } as never, 0),
      error: TypeError,
      code: 'ERR_BLASNET_UNKNOWN_OPTION',
      message: 'Unknown option "everyMinutes"; known: everyEpochs, everySeconds',
    },
  ]);
});
