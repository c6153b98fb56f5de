// Files in the safetensors format in plain loops, and what PyTorch computes with them: the oracle for its exports.

import { activated, batchNormalized, layerNormalized, linear, type Rows } from './plain-modules';

export interface PlainTensor {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly data: Uint8Array;
}

export interface PlainFile {
  readonly metadata: Readonly<Record<string, string>>;
  readonly tensors: Readonly<Record<string, PlainTensor>>;
}

export function readTensors(bytes: Uint8Array): PlainFile {
  const file = Buffer.from(bytes);
  const start = 8 + Number(file.readBigUInt64LE(0));
  const { __metadata__: metadata = {}, ...infos } = JSON.parse(file.toString('utf8', 8, start));
  const tensors: Record<string, PlainTensor> = {};
  for (const [name, { dtype, shape, data_offsets: offsets }] of Object.entries<Info>(infos)) {
    tensors[name] = {
      dtype,
      shape,
      data: new Uint8Array(file.subarray(start + offsets[0], start + offsets[1])),
    };
  }
  return { metadata, tensors };
}

interface Info {
  dtype: string;
  shape: number[];
  data_offsets: [number, number];
}

/** A file of these tensors, as another program writes it. */
export function tensorsFile({ metadata, tensors }: PlainFile): Uint8Array {
  let end = 0;
  const infos: Record<string, unknown> = { __metadata__: metadata };
  for (const [name, { dtype, shape, data }] of Object.entries(tensors)) {
    infos[name] = { dtype, shape, data_offsets: [end, end + data.length] };
    end += data.length;
  }
  const header = Buffer.from(JSON.stringify(infos));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(header.length));
  return Buffer.concat([length, header, ...Object.values(tensors).map(({ data }) => data)]);
}

/** A tensor of float64. */
export function tensor(shape: readonly number[], ...values: number[]): PlainTensor {
  return { dtype: 'F64', shape, data: new Uint8Array(Float64Array.from(values).buffer) };
}

function numbersIn({ dtype, data }: PlainTensor): Float32Array | Float64Array {
  return dtype === 'F32' ? new Float32Array(data.buffer) : new Float64Array(data.buffer);
}

const activations: Readonly<Record<string, string>> = {
  Sigmoid: 'sigmoid',
  ReLU: 'relu',
  Tanh: 'tanh',
  Softmax: 'softmax',
  LeakyReLU: 'leakyRelu',
  ELU: 'elu',
  SELU: 'selu',
  SiLU: 'silu',
  Softplus: 'softplus',
  Softsign: 'softsign',
  Hardsigmoid: 'hardSigmoid',
  Mish: 'mish',
  LogSoftmax: 'logSoftmax',
};

/** What Sequential of the modules in the metadata computes in its mode for predictions. */
export function sequential({ metadata, tensors }: PlainFile, X: Rows): number[][] {
  let rows = X.map((row) => [...row]);
  for (const [i, text] of (JSON.parse(metadata.modules as string) as string[]).entries()) {
    const [, kind = '', options = ''] = /^(\w+)\((.*)\)$/.exec(text) ?? [];
    const option = (name: string) => Number(new RegExp(`${name}=([\\d.e-]+)`).exec(options)?.[1]);
    const of = (name: string) => numbersIn(tensors[`${i}.${name}`] as PlainTensor);
    const names = ['weight', 'bias', 'running_mean', 'running_var'];
    if (kind === 'Linear') rows = linear(rows, of('weight'), of('bias'));
    else if (kind === 'BatchNorm1d') rows = batchNormalized(rows, names.map(of), option('eps'));
    else if (kind === 'LayerNorm') rows = layerNormalized(rows, [of('weight'), of('bias')], option('eps'));
    else if (kind === 'GELU') rows = activated(rows, options.includes('tanh') ? 'geluTanh' : 'gelu');
    else if (kind === 'LeakyReLU') rows = activated(rows, 'leakyRelu', option('negative_slope'));
    else if (kind === 'ELU') rows = activated(rows, 'elu', option('alpha'));
    else if (kind !== 'Dropout') rows = activated(rows, activations[kind] as string);
  }
  return rows;
}
