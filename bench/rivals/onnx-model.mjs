// A dense network as an ONNX model file: https://github.com/onnx/onnx/blob/main/onnx/onnx.proto. A ModelProto of Gemm and
// activation nodes needs only a few fields. Their numbers are those of that file.

const elementTypes = { float32: 1, float64: 11 };
const operators = { relu: 'Relu', sigmoid: 'Sigmoid', tanh: 'Tanh', softmax: 'Softmax' };

/**
 * @param {{ inputDim: number, outputDim: number, activation: string }[]} layers
 * @param {{ W: Float32Array | Float64Array, b: Float32Array | Float64Array }[]} parameters
 * @param {'float32' | 'float64'} dtype
 * @returns {Uint8Array} input X (rows, inputs), output Y (rows, outputs)
 */
export function onnxModel(layers, parameters, dtype) {
  const type = elementTypes[dtype];
  const nodes = [];
  const initializers = [];
  let previous = 'X';
  for (const [i, { inputDim, outputDim, activation }] of layers.entries()) {
    const { W, b } = parameters[i];
    initializers.push(tensor(`W${i}`, type, [outputDim, inputDim], W), tensor(`b${i}`, type, [outputDim], b));
    const output = i === layers.length - 1 ? 'Y' : `A${i}`;
    const sum = activation === 'linear' ? output : `Z${i}`;
    nodes.push(node('Gemm', [previous, `W${i}`, `b${i}`], sum, integerAttribute('transB', 1)));
    if (activation !== 'linear') nodes.push(node(operators[activation], [sum], output));
    previous = output;
  }
  const graph = message(
    ...nodes.map((bytes) => field(1, bytes)),
    text(2, 'dense'),
    ...initializers.map((bytes) => field(5, bytes)),
    field(11, value('X', type, layers[0].inputDim)),
    field(12, value('Y', type, layers.at(-1).outputDim)),
  );
  const operatorSet = message(text(1, ''), integer(2, 13));
  return message(integer(1, 8), field(7, graph), field(8, operatorSet));
}

function node(operator, inputs, output, ...attributes) {
  return message(
    ...inputs.map((name) => text(1, name)),
    text(2, output),
    text(4, operator),
    ...attributes.map((bytes) => field(5, bytes)),
  );
}

function integerAttribute(name, number) {
  const kindInteger = 2;
  return message(text(1, name), integer(3, number), integer(20, kindInteger));
}

function tensor(name, type, dimensions, data) {
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  return message(
    ...dimensions.map((size) => integer(1, size)),
    integer(2, type),
    text(8, name),
    field(9, bytes),
  );
}

// A matrix of any number of rows.
function value(name, type, columns) {
  const shape = message(field(1, message(text(2, 'rows'))), field(1, message(integer(1, columns))));
  return message(text(1, name), field(2, message(field(1, message(integer(1, type), field(2, shape))))));
}

// Protocol buffers: a field is its number and wire type, then a varint (0) or a length and bytes (2).
function message(...fields) {
  return Buffer.concat(fields);
}

function field(number, bytes) {
  return Buffer.concat([varint(number * 8 + 2), varint(bytes.length), bytes]);
}

function text(number, string) {
  return field(number, Buffer.from(string));
}

function integer(number, value) {
  return Buffer.concat([varint(number * 8), varint(value)]);
}

function varint(value) {
  const bytes = [];
  for (; value >= 128; value = Math.floor(value / 128)) bytes.push((value % 128) + 128);
  return Buffer.from([...bytes, value]);
}
