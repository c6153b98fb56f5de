// The contents of a file of ONNX: https://github.com/onnx/onnx/blob/main/onnx/onnx.proto has the numbers of its fields.

import { normalize } from 'node:path';
import type { WorkOptions } from '../../addon/work';
import { fileError, quote } from '../../formats/file-error';
import { joined } from '../files';
import type { ImportSource } from '../format';
import { elementTypes } from './graph-writer';
import { type Field, FieldReader, type FileState, fieldsOf } from './protobuf-reader';

export interface OnnxModel {
  readonly file: string;
  /** The program that wrote it. */
  readonly producer: string;
  readonly nodes: readonly Node[];
  readonly tensors: ReadonlyMap<string, Tensor>;
  readonly inputs: readonly ValueInfo[];
  readonly outputs: readonly ValueInfo[];
}

export interface Node {
  readonly type: string;
  readonly domain: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: ReadonlyMap<string, Attribute>;
  /** How errors call it: node 3 "fc1/Gemm" (Gemm). */
  readonly place: string;
}

/** A number, a text, numbers, texts or a tensor; a graph has none of them. */
export type Attribute = number | string | readonly number[] | readonly string[] | Tensor | undefined;

/** A constant. Its elements are read when they are needed. */
export interface Tensor {
  readonly name: string;
  /** The number of its type of elements. */
  readonly type: number;
  readonly dims: readonly number[];
  /** Its bytes; undefined if the elements are in `values`. */
  readonly raw: Uint8Array<ArrayBuffer> | undefined;
  readonly values: readonly number[] | readonly string[] | undefined;
  readonly external: External | undefined;
}

interface External {
  readonly location: string;
  readonly offset: number;
  readonly length: number | undefined;
}

export interface ValueInfo {
  readonly name: string;
  /** The number of its type of elements; undefined for a sequence or a map. */
  readonly type: number | undefined;
  /** A size that is not known is 0. Undefined if the file does not say them. */
  readonly dims: readonly number[] | undefined;
}

const largeBytes = 2 ** 18;
const mostShared = 2 ** 27;

/**
 * Reads a model.
 * @throws Error ERR_BLASNET_FILE with file, place and rule
 */
export async function readModel(source: ImportSource, options: WorkOptions): Promise<OnnxModel> {
  const { file, bytes } = source;
  const model = new ModelReader({ file, bytes, fields: 0 }).model();
  const tensors = new Map<string, Tensor>();
  const files = new Map<string, OtherFile>();
  for (const tensor of model.tensors.values()) {
    tensors.set(tensor.name, await aligned(await withData(tensor, source, files), options));
  }
  return { ...model, tensors };
}

// Large arrays of numbers begin at a multiple of their size. They are copied on another thread.
async function aligned(tensor: Tensor, options: WorkOptions): Promise<Tensor> {
  const { raw } = tensor;
  if (raw === undefined || raw.byteOffset % 8 === 0 || raw.length < largeBytes) return tensor;
  return { ...tensor, raw: await joined([raw], options) };
}

/** A file beside the model. */
interface OtherFile {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** How many of its bytes may still be used. Some may be shared, but all again and again would fill the memory. */
  left: number;
}

function otherFile(bytes: Uint8Array<ArrayBuffer>): OtherFile {
  return { bytes, left: bytes.length + mostShared };
}

async function withData(
  tensor: Tensor,
  source: ImportSource,
  files: Map<string, OtherFile>,
): Promise<Tensor> {
  if (tensor.external === undefined) return tensor;
  const { location, offset, length } = tensor.external;
  const plain = normalize(location);
  const other = files.get(plain) ?? otherFile(await source.neighbour(location));
  files.set(plain, other);
  const { bytes } = other;
  const end = length === undefined ? bytes.length : offset + length;
  const place = `the bytes of initializer ${quote(tensor.name)}`;
  if (end <= bytes.length && offset <= end) {
    other.left -= end - offset;
    if (other.left >= 0) return { ...tensor, raw: bytes.subarray(offset, end) };
    throw fileError(source.file, place, `its own in ${quote(location)}`, 'bytes that others have, too');
  }
  throw fileError(
    source.file,
    place,
    `within the ${bytes.length} bytes of ${quote(location)}`,
    `${offset} to ${end}`,
  );
}

class ModelReader {
  readonly #state: FileState;

  constructor(state: FileState) {
    this.#state = state;
  }

  model(): OnnxModel {
    const { file, bytes } = this.#state;
    const read = new FieldReader(this.#state, 'the model');
    let producer = '';
    let graph: Omit<OnnxModel, 'file' | 'producer'> | undefined;
    for (const field of fieldsOf(this.#state, 0, bytes.length, 'the model')) {
      if (field.number === 2) producer = read.text(field);
      if (field.number === 7) graph = this.#graph(read.message(field));
    }
    if (graph === undefined) throw fileError(file, 'the content', 'a model of ONNX with a graph', 'none');
    return { file, producer, ...graph };
  }

  #graph({ from, to }: { from: number; to: number }): Omit<OnnxModel, 'file' | 'producer'> {
    const read = new FieldReader(this.#state, 'the graph');
    const nodes: Node[] = [];
    const tensors = new Map<string, Tensor>();
    const [inputs, outputs]: [ValueInfo[], ValueInfo[]] = [[], []];
    for (const field of fieldsOf(this.#state, from, to, 'the graph')) {
      if (field.number === 1) nodes.push(this.#node(read.message(field), nodes.length + 1));
      if (field.number === 5) {
        const tensor = this.#tensor(read.message(field), `initializer ${tensors.size + 1}`);
        tensors.set(tensor.name, tensor);
      }
      if (field.number === 11) inputs.push(this.#value(read.message(field), `input ${inputs.length + 1}`));
      if (field.number === 12) outputs.push(this.#value(read.message(field), `output ${outputs.length + 1}`));
      if (field.number === 15) {
        throw fileError(
          this.#state.file,
          'the graph',
          'without sparse initializers',
          'some; store them as dense ones',
        );
      }
    }
    return { nodes, tensors, inputs, outputs };
  }

  #node({ from, to }: { from: number; to: number }, number: number): Node {
    const what = `node ${number}`;
    const read = new FieldReader(this.#state, what);
    const [inputs, outputs]: [string[], string[]] = [[], []];
    const attributes = new Map<string, Attribute>();
    let [name, type, domain] = ['', '', ''];
    for (const field of fieldsOf(this.#state, from, to, what)) {
      if (field.number === 1) inputs.push(read.text(field));
      if (field.number === 2) outputs.push(read.text(field));
      if (field.number === 3) name = read.text(field);
      if (field.number === 4) type = read.text(field);
      if (field.number === 5) attributes.set(...this.#attribute(read.message(field), what));
      if (field.number === 7) domain = read.text(field);
    }
    const own = domain === 'ai.onnx' ? '' : domain;
    const title = own === '' ? type : `${own}.${type}`;
    const place = `${what} ${quote(name)} (${quote(title).slice(1, -1)})`;
    return { type, domain: own, inputs, outputs, attributes, place };
  }

  #attribute({ from, to }: { from: number; to: number }, owner: string): [string, Attribute] {
    const what = `an attribute of ${owner}`;
    const read = new FieldReader(this.#state, what);
    let name = '';
    let value: Attribute;
    const [numbers, texts]: [number[], string[]] = [[], []];
    for (const field of fieldsOf(this.#state, from, to, what)) {
      if (field.number === 1) name = read.text(field);
      if (field.number === 2) value = read.float(field);
      if (field.number === 3) value = read.integer(field);
      if (field.number === 4) value = read.text(field);
      if (field.number === 5) value = this.#tensor(read.message(field), what);
      if (field.number === 7) append(numbers, read.floats(field, 32));
      if (field.number === 8) append(numbers, read.integers(field));
      if (field.number === 9) texts.push(read.text(field));
    }
    return [name, value ?? (texts.length > 0 ? texts : numbers.length > 0 ? numbers : undefined)];
  }

  #tensor({ from, to }: { from: number; to: number }, what: string): Tensor {
    const read = new FieldReader(this.#state, what);
    const dims: number[] = [];
    let [name, type] = ['', 0];
    let raw: Uint8Array<ArrayBuffer> | undefined;
    const [numbers, texts]: [number[], string[]] = [[], []];
    const entries = new Map<string, string>();
    let outside = false;
    for (const field of fieldsOf(this.#state, from, to, what)) {
      if (field.number === 1) append(dims, read.integers(field));
      if (field.number === 2) type = read.integer(field);
      if (field.number === 4) append(numbers, read.floats(field, 32));
      if (field.number === 5 || field.number === 7) append(numbers, read.integers(field));
      if (field.number === 6) texts.push(read.text(field));
      if (field.number === 8) name = read.text(field);
      if (field.number === 9) {
        const { from: start, to: end } = read.message(field);
        raw = this.#state.bytes.subarray(start, end);
      }
      if (field.number === 10) append(numbers, read.floats(field, 64));
      if (field.number === 13) entries.set(...this.#entry(read.message(field), what));
      if (field.number === 14) outside = read.integer(field) === 1;
    }
    const place = name === '' ? what : `initializer ${quote(name)}`;
    const bad = dims.find((size) => size < 0);
    if (bad !== undefined) throw fileError(this.#state.file, `a size of ${place}`, 'at least 0', bad);
    const external = outside ? this.#external(entries, place) : undefined;
    const values = raw !== undefined || outside ? undefined : type === elementTypes.string ? texts : numbers;
    return { name, type, dims, raw, values, external };
  }

  #entry({ from, to }: { from: number; to: number }, what: string): [string, string] {
    const read = new FieldReader(this.#state, what);
    let [key, value] = ['', ''];
    for (const field of fieldsOf(this.#state, from, to, what)) {
      if (field.number === 1) key = read.text(field);
      if (field.number === 2) value = read.text(field);
    }
    return [key, value];
  }

  #external(entries: ReadonlyMap<string, string>, place: string): External {
    const number = (key: string) => {
      const text = entries.get(key);
      if (text === undefined) return undefined;
      const value = Number(text);
      if (/^\d+$/.test(text) && Number.isSafeInteger(value)) return value;
      throw fileError(
        this.#state.file,
        `${key} of the data of ${place}`,
        'an integer of at least 0',
        quote(text),
      );
    };
    const location = entries.get('location');
    if (location === undefined) {
      throw fileError(this.#state.file, `the data of ${place}`, 'in a file that is named', 'no location');
    }
    return { location, offset: number('offset') ?? 0, length: number('length') };
  }

  #value({ from, to }: { from: number; to: number }, what: string): ValueInfo {
    const read = new FieldReader(this.#state, what);
    let name = '';
    let type: number | undefined;
    let dims: readonly number[] | undefined;
    for (const field of fieldsOf(this.#state, from, to, what)) {
      if (field.number === 1) name = read.text(field);
      if (field.number !== 2) continue;
      for (const inner of this.#fields(read.message(field), what)) {
        if (inner.number !== 1) continue;
        for (const part of this.#fields(read.message(inner), what)) {
          if (part.number === 1) type = read.integer(part);
          if (part.number === 2) dims = this.#shape(read.message(part), what);
        }
      }
    }
    return { name, type, dims };
  }

  #shape(message: { from: number; to: number }, what: string): readonly number[] {
    const read = new FieldReader(this.#state, what);
    const dims: number[] = [];
    for (const field of this.#fields(message, what)) {
      if (field.number !== 1) continue;
      let size = 0;
      for (const part of this.#fields(read.message(field), what)) {
        if (part.number === 1) size = Math.max(0, read.integer(part));
      }
      dims.push(size);
    }
    return dims;
  }

  #fields({ from, to }: { from: number; to: number }, what: string): Generator<Field> {
    return fieldsOf(this.#state, from, to, what);
  }
}

// A call with many arguments would exceed the stack.
function append(to: number[], numbers: readonly number[]): void {
  for (const number of numbers) to.push(number);
}
