import type { Work } from '../addon/work';
import { type Json, mostParts } from '../formats/json';
import { JsonReader } from '../formats/json-reader';

/** Parses JSON of another program, from the bytes of a file or of a part of it. @throws Error ERR_BLASNET_FILE */
export function* jsonOf(bytes: Uint8Array, place: string, file: string): Work<Json> {
  const reader = new JsonReader(bytes, 0, bytes.length, file, mostParts);
  const value = yield* reader.value(place);
  reader.end(place);
  return value;
}

/** The names of classes, as the writers of this folder put them into files; undefined for any other value. */
export function classesIn(value: unknown): readonly (string | number)[] | undefined {
  if (!Array.isArray(value) || value.length === 0) return undefined;
  const [first] = value as readonly unknown[];
  const isNames = typeof first === 'string' || typeof first === 'number';
  return isNames && value.every((name) => typeof name === typeof first) ? value : undefined;
}
