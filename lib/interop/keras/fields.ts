import type { BlasnetError } from '../../base/errors';
import { fileError, quote } from '../../formats/file-error';

/**
 * The fields of an object of Keras's JSON. A field may be spelled as Keras does (batch_shape) or as TensorFlow.js does
 * (batchShape).
 */
export class Fields {
  /** Where the object is, such as `layer "dense"`. */
  readonly place: string;
  readonly #file: string;
  readonly #object: Readonly<Record<string, unknown>>;

  /** @throws Error ERR_BLASNET_FILE if the value is no object */
  constructor(value: unknown, place: string, file: string) {
    this.place = place;
    this.#file = file;
    if (!isObject(value)) throw fileError(file, place, 'an object', worded(value));
    this.#object = value;
  }

  /** The value of a field; undefined also for null. */
  get(name: string): unknown {
    const camel = name.replace(/_([a-z\d])/g, (_, letter: string) => letter.toUpperCase());
    for (const key of [name, camel]) {
      if (Object.hasOwn(this.#object, key)) return this.#object[key] ?? undefined;
    }
    return undefined;
  }

  text(name: string): string {
    const value = this.get(name);
    if (typeof value === 'string' && value.length <= 1000) return value;
    throw this.error(name, 'a text', value);
  }

  flag(name: string, otherwise: boolean): boolean {
    const value = this.get(name) ?? otherwise;
    if (typeof value === 'boolean') return value;
    throw this.error(name, 'true or false', value);
  }

  number(name: string, otherwise?: number): number {
    const value = plain(this.get(name)) ?? otherwise;
    if (typeof value === 'number') return value;
    throw this.error(name, 'a number', value);
  }

  /** A list; undefined if there is none. */
  list(name: string): readonly unknown[] | undefined {
    const value = this.get(name);
    if (value === undefined || Array.isArray(value)) return value;
    throw this.error(name, 'a list', value);
  }

  /** The object of a field. */
  fields(name: string): Fields {
    return new Fields(this.get(name), `${name} of ${this.place}`, this.#file);
  }

  /** Refuses a field that changes what a layer computes, if it has another value than this one. */
  only(name: string, value: unknown, hint = ''): void {
    const found = this.get(name);
    if (found === undefined || found === value) return;
    throw this.error(name, `${worded(value)}${hint}`, found);
  }

  error(name: string, rule: string, got: unknown): BlasnetError {
    return fileError(this.#file, `${name} of ${this.place}`, rule, worded(got));
  }
}

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

// Numbers of NumPy are objects in some files: { class_name: '__numpy__', config: { value: 0.1 } }, { type, value }.
function plain(value: unknown): unknown {
  if (!isObject(value)) return value;
  if (value.value !== undefined) return value.value;
  return isObject(value.config) ? value.config.value : value;
}

function worded(value: unknown): string {
  if (value === undefined) return 'none';
  if (typeof value === 'string') return quote(value);
  const text = JSON.stringify(value);
  return text.length > 200 ? `${text.slice(0, 197)}...` : text;
}
