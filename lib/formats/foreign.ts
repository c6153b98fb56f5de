import { Buffer } from 'node:buffer'; // the global may be missing in a test environment

// Files of other programs, which users try to load. Their first bytes tell them apart.

/** What a file looks like, and what reads it. */
interface ForeignFormat {
  readonly looksLike: string;
  /** Ends the sentence "...; ". */
  readonly hint: string;
  readonly matches: (start: Buffer) => boolean;
}

const startsWith = (...bytes: readonly number[]) => {
  const expected = Buffer.from(bytes);
  return (start: Buffer) => start.subarray(0, expected.length).equals(expected);
};
const text = (pattern: RegExp) => (start: Buffer) => pattern.test(start.toString('latin1'));

const isZip = startsWith(0x50, 0x4b, 0x03, 0x04);

// The name of a zip archive's first entry stands 30 bytes behind the start.
const zipWith = (name: RegExp) => (start: Buffer) =>
  isZip(start) && start.length > 30 && name.test(start.toString('latin1', 30, 30 + start.readUInt16LE(26)));

// A model begins with its version in field 1. The producer's name, the graph or the operators' versions follow.
const isOnnx = ([field, version = 0, next = 0]: Buffer) =>
  field === 0x08 &&
  version > 1 &&
  version < 0x20 &&
  [0x12, 0x1a, 0x22, 0x28, 0x32, 0x3a, 0x42].includes(next);

// The protocol, and then the code of an operation.
const isPickle = ([first, protocol = 0, operation = 0]: Buffer) =>
  first === 0x80 && protocol >= 2 && protocol <= 5 && operation >= 0x28;

/** How many bytes tell the formats apart. */
export const telling = 512;

/** The first that matches counts. */
const formats: readonly ForeignFormat[] = [
  { looksLike: 'an ONNX model', hint: 'Network.import reads a dense network', matches: isOnnx },
  {
    looksLike: 'a checkpoint of PyTorch',
    hint: 'torch.load reads it in Python',
    matches: zipWith(/^[^/]+\/(data\.pkl|\.format_version|\.storage_alignment|byteorder|version)$/),
  },
  {
    looksLike: 'a model of Keras',
    hint: 'Network.import reads a dense network',
    matches: zipWith(/^(metadata\.json|config\.json|model\.weights\.h5)$/),
  },
  {
    looksLike: "a file of NumPy's arrays (npz)",
    hint: 'Network.import reads the parameters of a network, and numpy.load any arrays in Python',
    matches: zipWith(/\.npy$/),
  },
  { looksLike: 'a zip archive', hint: 'unpack it first', matches: isZip },
  {
    looksLike: 'an array of NumPy (npy)',
    hint: 'numpy.load reads it in Python',
    matches: startsWith(0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59),
  },
  {
    looksLike: 'an HDF5 file, such as a model of Keras (h5)',
    hint: 'Network.import reads a dense network',
    matches: startsWith(0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a),
  },
  {
    looksLike: 'a pickle, such as an old checkpoint of PyTorch or a model of scikit-learn',
    hint: 'torch.load or joblib.load reads it in Python',
    matches: isPickle,
  },
  {
    looksLike: 'a model of TensorFlow Lite',
    hint: 'TensorFlow Lite runs it',
    matches: (start) => start.toString('latin1', 4, 8) === 'TFL3',
  },
  {
    looksLike: 'a SavedModel of TensorFlow',
    hint: 'tf.saved_model.load reads it in Python',
    matches: startsWith(0x08, 0x01, 0x12),
  },
  {
    looksLike: 'a model of TensorFlow.js (model.json)',
    hint: 'Network.import reads a layers model',
    matches: text(/^\s*\{[\s\S]*"(modelTopology|weightsManifest|format":\s*"(layers|graph)-model)"/),
  },
  {
    looksLike: 'the JSON of a pipeline',
    hint: 'Preprocessing.fromJSON reads it',
    matches: text(/^\s*\{\s*"name":\s*"preprocessing"/),
  },
  {
    looksLike: 'the JSON of a label encoder',
    hint: 'LabelEncoder.fromJSON reads it',
    matches: text(/^\s*\{\s*"name":\s*"labelEncoder"/),
  },
  {
    looksLike: 'the JSON of a network, which has no parameters',
    hint: 'new Network(layers) makes a new one from its layers',
    matches: text(/^\s*\{\s*"layers":\s*\[/),
  },
  {
    looksLike: 'a network of brain.js',
    hint: 'its fromJSON reads it',
    matches: text(/^\s*\{\s*"type":\s*"(NeuralNetwork|NeuralNetworkGPU|RNN|LSTM|GRU)/),
  },
  {
    looksLike: 'JSON',
    hint: 'JSON.parse reads it',
    matches: text(/^\s*[[{]\s*(["\]}[{]|-?\d|true|false|null)/),
  },
  {
    looksLike: 'a pointer of Git LFS',
    hint: 'git lfs pull gets the file itself',
    matches: text(/^version https:\/\/git-lfs/),
  },
  {
    looksLike: 'a page in HTML',
    hint: 'the download of the file may have failed',
    matches: text(/^\s*<(!doctype html|html|head|body)/i),
  },
  {
    looksLike: 'a file that gzip compressed',
    hint: 'gunzip of node:zlib unpacks it',
    matches: startsWith(0x1f, 0x8b, 0x08),
  },
];

/**
 * What a file looks like by its first bytes, and what to do with it; undefined if they are unknown, or those of a
 * safetensors file that is damaged.
 */
export function foreignFormat(start: Uint8Array): string | undefined {
  const bytes = Buffer.from(start.buffer, start.byteOffset, start.byteLength);
  if (bytes.toString('latin1', 8, 10) === '{"') return undefined;
  const found = formats.find(({ matches }) => matches(bytes));
  return found && `what looks like ${found.looksLike}; ${found.hint}`;
}
