// A standalone module: what a network computes as JavaScript that needs no library.

import { Buffer } from 'node:buffer'; // the global may be missing in a test environment
import { howOf, type Work, workAnywhere } from '../addon/work';
import type { Json } from '../formats/json';
import type { Chain } from './chain';
import {
  type ExportedFile,
  type Feature,
  type Format,
  features,
  type Rule,
  type WriteOptions,
} from './format';
import { modelTable } from './model-table';
import { bagModule, modelModule } from './standalone/model-module';
import type { Standalone } from './standalone/module';
import { networkModule } from './standalone/network-module';

const actInTraining: readonly Feature[] = ['noise', 'dropout'];

async function write(chain: Chain, options: WriteOptions): Promise<readonly ExportedFile[]> {
  const { table } = chain;
  return filesOf(
    table === undefined ? networkModule(chain) : modelModule({ chain, table: modelTable(table) }),
    options,
  );
}

async function writeBag(chains: readonly Chain[], options: WriteOptions): Promise<readonly ExportedFile[]> {
  return filesOf(
    bagModule(chains.map((chain) => ({ chain, table: modelTable(chain.table as Json) }))),
    options,
  );
}

async function filesOf(
  work: Work<Standalone>,
  { name, ...options }: WriteOptions,
): Promise<readonly ExportedFile[]> {
  const { module, types } = await workAnywhere(work, howOf(options));
  return [{ parts: module }, { name: `${name}.d.mts`, parts: [Buffer.from(types)], spare: true }];
}

/** Everything that a network has, in either dtype. */
export const standalone: Format = {
  name: 'module',
  title: 'ES module',
  extensions: ['.mjs'],
  // It is written alone.
  looksLike: () => false,
  out: {
    rules: Object.fromEntries(
      features.map((feature): [Feature, Rule] => [
        feature,
        actInTraining.includes(feature) ? 'training' : true,
      ]),
    ) as Record<Feature, Rule>,
    dtypes: ['float64', 'float32'],
    options: {},
    write,
    writeBag,
  },
};
