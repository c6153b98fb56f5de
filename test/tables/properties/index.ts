import { csv } from './csv';
import { equal } from './equal';
import type { Property } from './inputs';
import { json } from './json';

/** The properties of each reader. */
export const readers: Readonly<Record<string, Readonly<Record<string, Property>>>> = {
  CSV: csv,
  JSON: json,
  'every reader': equal,
};
