// HDF5 beyond what Keras writes: the reader says what it does not read.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { type Hdf5Group, openHdf5 } from '../../lib/interop/hdf5/group';

function open(name: string): Hdf5Group {
  return openHdf5(readFileSync(join(__dirname, '../fixtures/interop', name)), 'file');
}

function memberOf(name: string, member: string): Hdf5Group {
  return open(name).member(member) as Hdf5Group;
}

test('single values, texts of any letters and what is missing are read', () => {
  const file = open('hdf5-earliest.h5');
  expect(file.member('single')?.array()).toEqual({ shape: [], data: Float32Array.of(2.5) });
  expect(file.texts('texts')).toEqual(['one', 'zwölf']);
  expect(file.texts('other')).toBeUndefined();
  expect(file.member('other')).toBeUndefined();
  expect(file.array()).toBeUndefined();
});

test.each<[string, () => unknown, string]>([
  [
    'an attribute of numbers',
    () => open('hdf5-earliest.h5').texts('number'),
    'Expected attribute number of "/" of "file" to be texts, got floating-point numbers of 8 bytes',
  ],
  [
    'big-endian numbers',
    () => memberOf('hdf5-earliest.h5', 'big-endian').array(),
    'Expected the elements of "/big-endian" of "file" to be float32 or float64, little-endian, got floating-point numbers of 4 bytes',
  ],
  [
    'half numbers',
    () => memberOf('hdf5-earliest.h5', 'half').array(),
    'got floating-point numbers of 2 bytes',
  ],
  ['integers', () => memberOf('hdf5-earliest.h5', 'integer').array(), 'got integers of 4 bytes'],
  [
    'chunks',
    () => memberOf('hdf5-earliest.h5', 'chunks').array(),
    'Expected the elements of "/chunks" of "file" to be in one piece, got chunks',
  ],
  [
    'compressed numbers',
    () => memberOf('hdf5-earliest.h5', 'compressed').array(),
    'Expected "/compressed" of "file" to be stored as it is, got compressed or filtered data',
  ],
  [
    'an array that was never written',
    () => memberOf('hdf5-earliest.h5', 'empty').array(),
    'Expected the elements of "/empty" of "file" to be in the file, got none',
  ],
  [
    'many members',
    () => memberOf('hdf5-latest.h5', 'many'),
    `Expected the members of "/many" of "file" to be stored as h5py does with libver='earliest', got a fractal heap`,
  ],
  [
    'many attributes',
    () => memberOf('hdf5-latest.h5', 'attributes').texts('1'),
    'Expected the attributes of "/attributes" of "file" to be stored as h5py does',
  ],
  [
    'a link to another file',
    () => memberOf('hdf5-latest.h5', 'elsewhere'),
    'Expected "other" of "/elsewhere" of "file" to be in the file itself, got a link of kind 64',
  ],
  [
    'a link to a path',
    () => memberOf('hdf5-latest.h5', 'alias'),
    'Expected "other" of "/alias" of "file" to be in the file itself, got a link of kind 1',
  ],
])('%s: refused by name', (_, read, message) => {
  expect(read).toThrow(expect.objectContaining({ code: 'ERR_BLASNET_FILE' }));
  expect(read).toThrow(message);
});
