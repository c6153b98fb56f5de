import { csv } from './csv';
import type { Property } from './inputs';

/** The properties of each reader. */
export const readers: Readonly<Record<string, Readonly<Record<string, Property>>>> = { csv };
