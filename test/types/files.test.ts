import { describe, expectTypeOf, it } from 'vitest';
import {
  type AsyncOptions,
  type FitCheckpointOptions,
  type History,
  type LoadOptions,
  Network,
  type Resumed,
  type ResumeOptions,
} from '../../lib';

describe('the types of files', () => {
  it('give networks, and the history of a training that went on', () => {
    expectTypeOf(Network.load).toEqualTypeOf<
      (path: string, options?: LoadOptions & AsyncOptions) => Promise<Network>
    >();
    expectTypeOf(Network.loadSync).toEqualTypeOf<(path: string, options?: LoadOptions) => Network>();
    expectTypeOf<Network['save']>().toEqualTypeOf<(path: string, options?: AsyncOptions) => Promise<void>>();
    expectTypeOf<Network['saveSync']>().toEqualTypeOf<(path: string) => void>();
    expectTypeOf<Resumed>().toEqualTypeOf<{ readonly network: Network; readonly history: History }>();
  });

  it('refuse a value that is no path, and options that do not exist', () => {
    expectTypeOf(Network.load).parameter(0).not.toExtend<URL>();
    // @ts-expect-error no epochs
    const none: ResumeOptions = {};
    const best = { monitor: 'loss', mode: 'min' } as const;
    const all: ResumeOptions = {
      epochs: 1,
      skipDamaged: true,
      steps: [],
      checkpoint: { directory: 'x', keepLast: 2, best },
    };
    // @ts-expect-error no directory
    const nowhere: FitCheckpointOptions = { everyEpochs: 2 };
    // @ts-expect-error a mode is a name
    const wrong: FitCheckpointOptions = { directory: 'x', best: { monitor: 'loss', mode: Math.min } };
    expectTypeOf([none, all, nowhere, wrong]).toBeArray();
  });
});
