import { describe, expectTypeOf, it } from 'vitest';
import {
  type AsyncOptions,
  type FileBytes,
  type FilePath,
  type FitCheckpointOptions,
  type History,
  type LoadBestOptions,
  Network,
  type NetworkLoadOptions,
  type Resumed,
  type ResumeOptions,
} from '../../lib';

describe('the types of files', () => {
  it('give networks, and the history of a training that went on', () => {
    expectTypeOf(Network.load).toEqualTypeOf<
      (path: FilePath, options?: NetworkLoadOptions & AsyncOptions) => Promise<Network>
    >();
    expectTypeOf(Network.loadSync).toEqualTypeOf<(path: FilePath, options?: NetworkLoadOptions) => Network>();
    expectTypeOf<Network['save']>().toEqualTypeOf<
      (path: FilePath, options?: AsyncOptions) => Promise<void>
    >();
    expectTypeOf<Network['saveSync']>().toEqualTypeOf<(path: FilePath) => void>();
    expectTypeOf(Network.fromBytes).toEqualTypeOf<
      (bytes: FileBytes, options?: NetworkLoadOptions & AsyncOptions) => Promise<Network>
    >();
    expectTypeOf<Buffer>().toExtend<FileBytes>();
    expectTypeOf(Network.loadBest).toEqualTypeOf<
      (folder: FilePath, options?: LoadBestOptions & AsyncOptions) => Promise<Network>
    >();
    expectTypeOf(Network.loadBestSync).returns.toEqualTypeOf<Network>();
    expectTypeOf<Network['clone']>().toEqualTypeOf<() => Network>();
    expectTypeOf<Network['toBytes']>().returns.resolves.toEqualTypeOf<Uint8Array<ArrayBuffer>>();
    expectTypeOf<Resumed>().toEqualTypeOf<{ readonly network: Network; readonly history: History }>();
  });

  it('refuse a value that is no path, and options that do not exist', () => {
    expectTypeOf<FilePath>().toEqualTypeOf<string | URL>();
    expectTypeOf(Network.load).parameter(0).not.toExtend<Uint8Array>();
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
