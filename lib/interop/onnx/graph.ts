// The graph of a model: which node makes which value, and the constants. Nodes that change nothing are looked through.

import type { FloatArray } from '../../base/matrix';
import { fileError, quote } from '../../formats/file-error';
import { productOf } from '../../formats/safetensors';
import { elementTypes } from './graph-writer';
import type { Attribute, Node, OnnxModel, Tensor } from './model';

/** The names of types that cannot be read, by their numbers in onnx.proto. */
const otherTypes: Readonly<Record<number, string>> = {
  ...{ 2: 'uint8', 3: 'int8', 4: 'uint16', 5: 'int16', 10: 'float16', 12: 'uint32', 13: 'uint64' },
  ...{
    14: 'complex64',
    15: 'complex128',
    16: 'bfloat16',
    17: 'float8',
    18: 'float8',
    19: 'float8',
    20: 'float8',
  },
  ...{ 21: 'uint4', 22: 'int4', 23: 'float4' },
};

const int32 = 6;

/** A constant with its numbers. */
export interface Constant {
  readonly name: string;
  readonly dims: readonly number[];
  readonly data: FloatArray;
  /** Whether `data` has rows and columns changed. */
  readonly transposed: boolean;
}

interface Stored {
  readonly tensor: Tensor;
  readonly transposed: boolean;
}

function isIdentity({ domain, type, inputs, outputs }: Node): boolean {
  return domain === '' && type === 'Identity' && inputs.length === 1 && outputs.length === 1;
}

export class Graph {
  readonly model: OnnxModel;
  readonly #producers = new Map<string, Node>();
  /** How many nodes lie between a value and the inputs, at most. */
  readonly #depths = new Map<string, number>();
  /** What `Identity` gives, and what it is of. */
  readonly #aliases = new Map<string, string>();
  readonly #constants = new Map<string, Stored | undefined>();
  // So that what uses a constant twice has one array.
  readonly #arrays = new Map<Tensor, FloatArray>();

  /** @throws Error ERR_BLASNET_FILE for values that nothing makes, or that are made twice, and for circles */
  constructor(model: OnnxModel) {
    this.model = model;
    for (const node of model.nodes) {
      for (const output of node.outputs) {
        if (output === '') continue;
        if (this.#producers.has(output) || model.tensors.has(output)) {
          throw this.wrong(
            node,
            'the only one that makes its output',
            `another one that makes ${quote(output)}`,
          );
        }
        this.#producers.set(output, node);
      }
    }
    this.#order();
  }

  get file(): string {
    return this.model.file;
  }

  /** The error for a node. */
  wrong(node: Node, rule: string, got: string | number): Error {
    return fileError(this.file, node.place, rule, got);
  }

  // Kahn's algorithm: a node has its turn when all that it takes is made.
  #order(): void {
    const { nodes, tensors, inputs } = this.model;
    const given = new Set([...tensors.keys(), ...inputs.map(({ name }) => name)]);
    for (const name of given) this.#depths.set(name, 0);
    const users = new Map<string, Node[]>();
    const waiting = new Map<Node, number>();
    let ready: Node[] = [];
    for (const node of nodes) {
      const needed = [...new Set(node.inputs)].filter((name) => name !== '' && !given.has(name));
      for (const name of needed) {
        if (!this.#producers.has(name)) {
          throw this.wrong(
            node,
            'a node whose inputs exist',
            `the input ${quote(name)}, which nothing makes`,
          );
        }
        const others = users.get(name);
        if (others === undefined) users.set(name, [node]);
        else others.push(node);
      }
      waiting.set(node, needed.length);
      if (needed.length === 0) ready.push(node);
    }
    let done = 0;
    while (ready.length > 0) {
      const next: Node[] = [];
      for (const node of ready) {
        done++;
        if (isIdentity(node))
          this.#aliases.set(node.outputs[0] as string, this.behind(node.inputs[0] as string));
        const depth = node.inputs.reduce((most, name) => Math.max(most, this.depthOf(name)), 0) + 1;
        for (const output of node.outputs) {
          this.#depths.set(output, depth);
          for (const user of users.get(output) ?? []) {
            const left = (waiting.get(user) as number) - 1;
            waiting.set(user, left);
            if (left === 0) next.push(user);
          }
        }
      }
      ready = next;
    }
    if (done === nodes.length) return;
    const node = nodes.find((each) => (waiting.get(each) as number) > 0) as Node;
    throw this.wrong(node, 'in a graph without circles', 'a node that needs its own result');
  }

  depthOf(value: string): number {
    return this.#depths.get(value) ?? 0;
  }

  /** The node that makes a value, behind nodes that change nothing. */
  producer(value: string): Node | undefined {
    return this.#producers.get(this.behind(value));
  }

  /** The value behind `Identity`: names of values are compared by it. */
  behind(value: string): string {
    return this.#aliases.get(value) ?? value;
  }

  /** Whether a value is a constant of the file. */
  isConstant(value: string): boolean {
    return this.#tensorOf(value) !== undefined;
  }

  /** How many elements a constant has, as its sizes say; NaN if the value is no constant. */
  sizeOf(value: string): number {
    const found = this.#tensorOf(value);
    return found === undefined ? Number.NaN : productOf(found.tensor.dims);
  }

  /** A constant of numbers; undefined if the value is no constant. @throws Error ERR_BLASNET_FILE for one of another type */
  constant(value: string): Constant | undefined {
    const found = this.#tensorOf(value);
    if (found === undefined) return undefined;
    const { tensor, transposed } = found;
    const dims = transposed ? [...tensor.dims].reverse() : tensor.dims;
    return { name: tensor.name, dims, data: this.#numbers(tensor), transposed };
  }

  /** A constant of texts, or of whole numbers; undefined if the value is no constant. */
  names(value: string): readonly (string | number)[] | undefined {
    const found = this.#tensorOf(value)?.tensor;
    if (found === undefined) return undefined;
    if (found.type === elementTypes.string) return (found.values ?? []) as readonly string[];
    return Array.from(this.#numbers(found));
  }

  // Also behind nodes that only turn it or change its type.
  #tensorOf(value: string): Stored | undefined {
    const way: string[] = [];
    let name = value;
    while (!this.#constants.has(name)) {
      way.push(name);
      const next = this.#step(name);
      if (typeof next !== 'string') {
        this.#constants.set(name, next);
        break;
      }
      name = next;
    }
    // A long way is gone once.
    let found = this.#constants.get(name);
    for (const each of way.reverse()) {
      const turns = each !== name && this.#producers.get(each)?.type === 'Transpose';
      if (turns && found !== undefined) found = { ...found, transposed: !found.transposed };
      this.#constants.set(each, found);
    }
    return found;
  }

  /** The constant of a name, or the value that it is made of. */
  #step(name: string): Stored | string | undefined {
    const tensor = this.model.tensors.get(name);
    if (tensor !== undefined) return { tensor, transposed: false };
    const node = this.#producers.get(name);
    if (node === undefined || node.domain !== '') return undefined;
    if (node.type === 'Constant') {
      const constant = constantNode(node);
      return constant && { tensor: constant, transposed: false };
    }
    return ['Identity', 'Cast', 'Transpose'].includes(node.type) ? node.inputs[0] : undefined;
  }

  #numbers(tensor: Tensor): FloatArray {
    const known = this.#arrays.get(tensor);
    if (known !== undefined) return known;
    const made = this.#read(tensor);
    this.#arrays.set(tensor, made);
    return made;
  }

  #read(tensor: Tensor): FloatArray {
    const { name, type, dims, raw, values } = tensor;
    const place = name === '' ? 'a constant' : `initializer ${quote(name)}`;
    const count = productOf(dims);
    const isInteger = type === elementTypes.int64 || type === int32 || type === elementTypes.bool;
    if (type !== elementTypes.float32 && type !== elementTypes.float64 && !isInteger) {
      const got = otherTypes[type] ?? (type === elementTypes.string ? 'string' : `type ${type}`);
      const hint =
        '; this library computes in these types, so export the model before it is quantised or halved';
      throw fileError(this.file, `the type of ${place}`, 'float32 or float64', `${got}${hint}`);
    }
    const size = type === elementTypes.bool ? 1 : type === elementTypes.float32 || type === int32 ? 4 : 8;
    const length = raw === undefined ? (values ?? []).length : raw.length / size;
    if (length !== count) {
      throw fileError(this.file, `the elements of ${place}`, `${count}, by its sizes`, length);
    }
    if (raw === undefined) {
      return type === elementTypes.float32
        ? Float32Array.from(values as readonly number[])
        : Float64Array.from(values as readonly number[]);
    }
    const bytes = raw.byteOffset % size === 0 ? raw : raw.slice();
    const [buffer, start] = [bytes.buffer, bytes.byteOffset];
    if (type === elementTypes.float32) return new Float32Array(buffer, start, count);
    if (type === elementTypes.float64) return new Float64Array(buffer, start, count);
    if (type === int32) return Float64Array.from(new Int32Array(buffer, start, count));
    if (type === elementTypes.bool) return Float64Array.from(bytes);
    return Float64Array.from(new BigInt64Array(buffer, start, count), Number);
  }
}

function constantNode({ attributes }: Node): Tensor | undefined {
  const whole = attributes.get('value');
  if (typeof whole === 'object' && 'dims' in whole) return whole;
  const [[key, value] = []] = [...attributes].filter(([name]) => name.startsWith('value_'));
  if (key === undefined || value === undefined || typeof value === 'string') return undefined;
  const list = typeof value === 'number' ? [value] : (value as readonly number[] | readonly string[]);
  const isText = typeof list[0] === 'string';
  const type = isText
    ? elementTypes.string
    : key.startsWith('value_int')
      ? elementTypes.int64
      : elementTypes.float32;
  const dims = typeof value === 'number' ? [] : [list.length];
  return { name: '', type, dims, raw: undefined, values: list, external: undefined };
}

/** What attributes are if they are left out. */
const defaults: Readonly<Record<string, Readonly<Record<string, number | string>>>> = {
  BatchNormalization: { epsilon: 1e-5, momentum: 0.9, training_mode: 0 },
  Dropout: { ratio: 0.5 },
  Elu: { alpha: 1 },
  Flatten: { axis: 1 },
  Gather: { axis: 0 },
  Gelu: { approximate: 'none' },
  Gemm: { alpha: 1, beta: 1, transA: 0, transB: 0 },
  HardSigmoid: { alpha: 0.2, beta: 0.5 },
  LayerNormalization: { axis: -1, epsilon: 1e-5 },
  LeakyRelu: { alpha: 0.01 },
  LogSoftmax: { axis: -1 },
  Selu: { alpha: 1.6732632423543772, gamma: 1.0507009873554805 },
  Softmax: { axis: -1 },
};

/** An attribute of a node, or what it is if it is left out. */
export function attributeOf(node: Node, name: string): Attribute {
  const value = node.attributes.get(name) ?? defaults[node.type]?.[name];
  // Rows are samples: the second axis is the last one, except where values are put side by side.
  return name === 'axis' && value === 1 && node.type !== 'Concat' ? -1 : value;
}

/** A float of 32 bits as the shortest decimal number that it stands for: 0.2 instead of 0.20000000298. */
export function decimalOf(value: number): number {
  for (let digits = 1; digits < 10; digits++) {
    const decimal = Number(value.toPrecision(digits));
    if (Math.fround(decimal) === Math.fround(value)) return decimal;
  }
  return value;
}
