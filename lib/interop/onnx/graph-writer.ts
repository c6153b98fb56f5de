// Writes a graph of ONNX (https://onnx.ai/onnx/repo-docs/IR.html). The numbers of fields are those of its file onnx.proto.

import type { Dtype, FloatArray } from '../../base/matrix';
import type { Attributes, Ops } from './operators';
import { gathered, Message } from './protobuf-writer';

/** The types of elements, with their numbers in onnx.proto. */
export const elementTypes = { float32: 1, int64: 7, string: 8, bool: 9, float64: 11 } as const;

export type ElementType = keyof typeof elementTypes;

/** The name of a value in the graph. */
export type Value = string;

const attributeTypes = { float: 1, int: 2, string: 3, floats: 6, ints: 7, strings: 8 } as const;

/** The version of the format that each version of the operators came with. */
const irVersions: Readonly<Record<number, number>> = {
  ...{
    13: 7,
    14: 7,
    15: 8,
    16: 8,
    17: 8,
    18: 8,
    19: 9,
    20: 9,
    21: 10,
    22: 10,
    23: 11,
    24: 12,
    25: 13,
    26: 13,
  },
};

/** The versions of the operators that can be written. */
export const opsets = { least: 13, usual: 18, most: 26 } as const;

const mlDomain = 'ai.onnx.ml';

/** A graph that is being written, operator by operator. */
export class GraphWriter implements Ops<Value> {
  readonly opset: number;
  readonly dtype: Dtype;
  readonly #nodes: Message[] = [];
  readonly #initializers: Message[] = [];
  readonly #inputs: Message[] = [];
  readonly #outputs: Message[] = [];
  readonly #taken = new Set<string>();
  /** By name: the number that the last value of this name has behind it. */
  readonly #numbers = new Map<string, number>();
  // Constants by their content, so that each number is in the file once.
  readonly #constants = new Map<string, Value>();
  #usesMl = false;

  /** @param dtype of the numbers that `number` makes */
  constructor(opset: number, dtype: Dtype) {
    this.opset = opset;
    this.dtype = dtype;
  }

  /** The names of the next nodes begin with this, such as layer_1. */
  prefix = '';

  /** Adds an input of the graph: (rows, cols). Its name must be free. */
  input(name: string, type: ElementType, cols: number): Value {
    this.#taken.add(name);
    this.#inputs.push(valueInfo(name, type, [cols]));
    return name;
  }

  /** Reserves the name of an output, so that no other value gets it. */
  reserve(name: string): void {
    this.#taken.add(name);
  }

  /** Makes a value an output of the graph: (rows, cols), or (rows) without cols. The name must be reserved. */
  output(value: Value, name: string, type: ElementType, cols?: number): void {
    this.#nodes.push(nodeMessage('Identity', [value], [name], name, {}, ''));
    this.#outputs.push(valueInfo(name, type, cols === undefined ? [] : [cols]));
  }

  readonly op = (type: string, inputs: readonly Value[], attributes: Attributes = {}): Value =>
    this.#node(type, inputs, attributes)[0] as Value;

  /** An operator with several results. */
  several(type: string, inputs: readonly Value[], attributes: Attributes, count: number): readonly Value[] {
    return this.#node(type, inputs, attributes, '', count);
  }

  /** An operator of the domain ai.onnx.ml, which knows strings. */
  ml(type: string, inputs: readonly Value[], attributes: Attributes): Value {
    this.#usesMl = true;
    return this.#node(type, inputs, attributes, mlDomain)[0] as Value;
  }

  readonly number = (value: number): Value => this.numbers('number', [value], [], this.dtype);

  readonly integers = (values: readonly number[]): Value =>
    this.numbers('integers', values, [values.length], 'int64');

  /** A constant of few numbers, equal ones once. An empty shape is that of a single number. */
  numbers(
    name: string,
    values: readonly number[],
    shape: readonly number[] = [values.length],
    type: Dtype | 'int64' = this.dtype,
  ): Value {
    const key = `${type} ${shape} ${values.map((value) => (Object.is(value, -0) ? '-0' : value))}`;
    const known = this.#constants.get(key);
    if (known !== undefined) return known;
    const data =
      type === 'int64'
        ? BigInt64Array.from(values, BigInt)
        : type === 'float32'
          ? Float32Array.from(values)
          : Float64Array.from(values);
    const made = this.#initializer(name, type, shape, bytesOf(data));
    this.#constants.set(key, made);
    return made;
  }

  /** A parameter of the network, which is not copied. */
  tensor(name: string, data: FloatArray, shape: readonly number[]): Value {
    const type = data instanceof Float64Array ? 'float64' : 'float32';
    return this.#initializer(name, type, shape, bytesOf(data));
  }

  /** A constant of strings. */
  strings(name: string, values: readonly string[]): Value {
    const message = new Message().integer(1, values.length).integer(2, elementTypes.string);
    for (const value of values) message.text(6, value);
    const own = this.#free(name);
    this.#initializers.push(message.text(8, own));
    return own;
  }

  /** The bytes of the file, in parts. */
  file(version: string, metadata: Readonly<Record<string, string>>): readonly Uint8Array[] {
    const graph = new Message();
    for (const node of this.#nodes) graph.message(1, node);
    graph.text(2, 'network');
    for (const initializer of this.#initializers) graph.message(5, initializer);
    for (const input of this.#inputs) graph.message(11, input);
    for (const output of this.#outputs) graph.message(12, output);
    const model = new Message()
      .integer(1, irVersions[this.opset] as number)
      .text(2, 'blasnet')
      .text(3, version)
      .message(7, graph)
      .message(8, new Message().text(1, '').integer(2, this.opset));
    if (this.#usesMl) model.message(8, new Message().text(1, mlDomain).integer(2, 3));
    for (const [key, value] of Object.entries(metadata)) {
      model.message(14, new Message().text(1, key).text(2, value));
    }
    return gathered(model.parts);
  }

  #node(type: string, inputs: readonly Value[], attributes: Attributes, domain = '', count = 1): Value[] {
    const name = this.#free(this.prefix === '' ? type : `${this.prefix}/${type}`);
    const outputs = [name, ...Array.from({ length: count - 1 }, () => this.#free(name))];
    this.#nodes.push(nodeMessage(type, inputs, outputs, name, attributes, domain));
    return outputs;
  }

  #initializer(name: string, type: ElementType, shape: readonly number[], bytes: Uint8Array): Value {
    const message = new Message();
    for (const size of shape) message.integer(1, size);
    const own = this.#free(name);
    this.#initializers.push(message.integer(2, elementTypes[type]).text(8, own).bytes(9, [bytes]));
    return own;
  }

  #free(name: string): Value {
    let free = name;
    while (this.#taken.has(free)) {
      const number = (this.#numbers.get(name) ?? 1) + 1;
      this.#numbers.set(name, number);
      free = `${name}_${number}`;
    }
    this.#taken.add(free);
    return free;
  }
}

function nodeMessage(
  type: string,
  inputs: readonly Value[],
  outputs: readonly Value[],
  name: string,
  attributes: Attributes,
  domain: string,
): Message {
  const message = new Message();
  for (const input of inputs) message.text(1, input);
  for (const output of outputs) message.text(2, output);
  message.text(3, name).text(4, type);
  for (const [key, value] of Object.entries(attributes)) message.message(5, attribute(key, value));
  return domain === '' ? message : message.text(7, domain);
}

function attribute(name: string, value: Attributes[string]): Message {
  const message = new Message().text(1, name);
  if (typeof value === 'number') return message.float(2, value).integer(20, attributeTypes.float);
  if (typeof value === 'bigint') return message.integer(3, value).integer(20, attributeTypes.int);
  if (typeof value === 'string') return message.text(4, value).integer(20, attributeTypes.string);
  const [first] = value;
  for (const each of value) {
    if (typeof each === 'number') message.float(7, each);
    else if (typeof each === 'bigint') message.integer(8, each);
    else message.text(9, each);
  }
  const kind = typeof first === 'number' ? 'floats' : typeof first === 'bigint' ? 'ints' : 'strings';
  return message.integer(20, attributeTypes[kind]);
}

function valueInfo(name: string, type: ElementType, sizes: readonly number[]): Message {
  const shape = new Message().message(1, new Message().text(2, 'rows'));
  for (const size of sizes) shape.message(1, new Message().integer(1, size));
  const tensor = new Message().integer(1, elementTypes[type]).message(2, shape);
  return new Message().text(1, name).message(2, new Message().message(1, tensor));
}

function bytesOf({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}
