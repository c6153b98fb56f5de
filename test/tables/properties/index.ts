import { gzip, idx, npy, npz } from './binary';
import { csv } from './csv';
import { equal } from './equal';
import type { Property } from './inputs';
import { json } from './json';
import { from, schemas } from './values';

/** The properties of each reader. */
export const readers: Readonly<Record<string, Readonly<Record<string, Property>>>> = {
  CSV: csv,
  JSON: json,
  NPY: npy,
  NPZ: npz,
  IDX: idx,
  gzip,
  'Table.from': from,
  'Schema.fromJSON': schemas,
  'every reader': equal,
};
