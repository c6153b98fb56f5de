// A record passes named numbers to native code as an array. Native code declares each record's fields and exports their
// names and order (native/binding/records.h, native/kernels/*.h). No other file of lib/ knows an order.

import { type NumericRecords, native } from './binding';

/** A value for every field of a record. A boolean becomes 1 or 0. */
export type RecordValues<Field extends string> = Readonly<Record<Field, number | boolean>>;

/** Packs a record's numbers in native code's order. Throws for a field that is missing or unknown. */
export function packRecord<Name extends keyof NumericRecords>(
  name: Name,
  values: RecordValues<NumericRecords[Name]>,
): Float64Array {
  return packFields(name, native.records[name], values);
}

/** Packs a record with the fields of another list, such as an optimiser's options. */
export function packFields(
  name: string,
  fields: readonly string[],
  values: Readonly<Record<string, number | boolean>>,
): Float64Array {
  const numbers = new Float64Array(fields.length);
  for (let place = 0; place < fields.length; place++) {
    const field = fields[place] as string;
    const value = values[field];
    if (value === undefined) {
      throw new Error(`the record "${name}" has a field "${field}", which has no value`);
    }
    numbers[place] = Number(value);
  }
  if (Object.keys(values).length === fields.length) return numbers;
  const unknown = Object.keys(values).filter((field) => !fields.includes(field));
  throw new Error(`the record "${name}" has no field "${unknown.join('" and no "')}"`);
}

/** The index of each field in a record's array, for code that reads the record often. */
export function recordPlaces<Name extends keyof NumericRecords>(
  name: Name,
): Readonly<Record<NumericRecords[Name], number>> {
  const places = native.records[name].map((field, place) => [field, place] as const);
  return Object.fromEntries(places) as Record<NumericRecords[Name], number>;
}
