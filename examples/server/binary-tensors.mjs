// The extension "binary_tensor_data" of the Open Inference Protocol: tensors as bytes after the JSON, little-endian, row by
// row. Triton's clients send them unless they are told not to. Its specification is that of KServe:
// https://kserve.github.io/website/docs/concepts/architecture/data-plane/v2-protocol/binary-tensor-data-extension

import { isObject, refused } from './tensors.mjs';

/** The header with the size of the JSON in front of the bytes. */
export const sizeHeader = 'inference-header-content-length';

/** The bytes of an element, and how to read it. */
const readers = {
  BOOL: [1, (bytes, at) => bytes[at] !== 0],
  UINT8: [1, (bytes, at) => bytes.readUInt8(at)],
  UINT16: [2, (bytes, at) => bytes.readUInt16LE(at)],
  UINT32: [4, (bytes, at) => bytes.readUInt32LE(at)],
  UINT64: [8, (bytes, at) => Number(bytes.readBigUInt64LE(at))],
  INT8: [1, (bytes, at) => bytes.readInt8(at)],
  INT16: [2, (bytes, at) => bytes.readInt16LE(at)],
  INT32: [4, (bytes, at) => bytes.readInt32LE(at)],
  INT64: [8, (bytes, at) => Number(bytes.readBigInt64LE(at))],
  FP16: [2, (bytes, at) => known(halfOf(bytes.readUInt16LE(at)))],
  FP32: [4, (bytes, at) => known(bytes.readFloatLE(at))],
  FP64: [8, (bytes, at) => known(bytes.readDoubleLE(at))],
};

/**
 * The body of a request, with the bytes behind its JSON as the data of its tensors.
 *
 * @param {unknown} body   what the JSON says
 * @param {Buffer} bytes   what stands behind it
 */
export function withBytes(body, bytes) {
  if (!isObject(body) || !Array.isArray(body.inputs)) return body;
  let start = 0;
  const inputs = body.inputs.map((tensor) => {
    const size = tensor?.parameters?.binary_data_size;
    if (size === undefined) return tensor;
    if (!Number.isSafeInteger(size) || size < 0 || start + size > bytes.length) {
      throw refused(`Expected ${size} bytes for "${tensor.name}", got ${bytes.length - start}`);
    }
    start += size;
    return { ...tensor, data: elementsOf(tensor, bytes.subarray(start - size, start)) };
  });
  if (start < bytes.length) throw refused(`Expected ${start} bytes behind the JSON, got ${bytes.length}`);
  return { ...body, inputs };
}

function elementsOf({ name, datatype }, bytes) {
  if (datatype === 'BYTES') return textsOf(name, bytes);
  if (!Object.hasOwn(readers, datatype)) {
    throw refused(`Expected the datatype of "${name}" to be one of the protocol's`);
  }
  const [size, read] = readers[datatype];
  if (bytes.length % size !== 0) {
    throw refused(`Expected the bytes of "${name}" to be a multiple of ${size}, got ${bytes.length}`);
  }
  return Array.from({ length: bytes.length / size }, (_, i) => read(bytes, i * size));
}

/** Texts, each behind its length in 4 bytes. */
function textsOf(name, bytes) {
  const texts = [];
  for (let at = 0; at < bytes.length; ) {
    const end = at + 4 <= bytes.length ? at + 4 + bytes.readUInt32LE(at) : Number.POSITIVE_INFINITY;
    if (end > bytes.length) throw refused(`Expected the bytes of "${name}" to be texts behind their lengths`);
    texts.push(bytes.toString('utf8', at + 4, end));
    at = end;
  }
  return texts;
}

/** Bytes have no null: NaN says that a value is not known. */
function known(value) {
  return Number.isNaN(value) ? null : value;
}

/** A number of 16 bits: 1 of the sign, 5 of the exponent, 10 of the fraction. */
function halfOf(bits) {
  const sign = bits >> 15 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = (bits & 1023) / 1024;
  if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return sign * (exponent === 0 ? fraction * 2 ** -14 : (1 + fraction) * 2 ** (exponent - 15));
}

/**
 * An answer some of whose tensors follow its JSON as bytes.
 *
 * @param {{ outputs: readonly { name: string, datatype: string, data: readonly unknown[] }[] }} answer
 * @param {ReadonlySet<string>} names   of these tensors
 * @returns {{ json: Buffer, bytes: Buffer }}
 */
export function toBytes(answer, names) {
  const parts = [];
  const outputs = answer.outputs.map(({ data, ...tensor }) => {
    if (!names.has(tensor.name)) return { ...tensor, data };
    const bytes = Buffer.concat(data.map(writers[tensor.datatype]));
    parts.push(bytes);
    return { ...tensor, parameters: { binary_data_size: bytes.length } };
  });
  return { json: Buffer.from(JSON.stringify({ ...answer, outputs })), bytes: Buffer.concat(parts) };
}

/** How to write the datatypes of answers. */
const writers = {
  BOOL: (value) => Buffer.from([Number(value)]),
  INT64: (value) => filled(8, (bytes) => bytes.writeBigInt64LE(BigInt(value))),
  FP64: (value) => filled(8, (bytes) => bytes.writeDoubleLE(value)),
  BYTES: (value) => {
    const text = Buffer.from(value);
    return Buffer.concat([filled(4, (bytes) => bytes.writeUInt32LE(text.length)), text]);
  },
};

function filled(size, write) {
  const bytes = Buffer.alloc(size);
  write(bytes);
  return bytes;
}
