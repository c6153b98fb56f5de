// Files of ONNX that are damaged, or that hold what this library does not compute.

import { Buffer } from 'node:buffer';
import { mkdirSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { Network } from '../../lib/index';
import { GraphWriter } from '../../lib/interop/onnx/graph-writer';
import { Message } from '../../lib/interop/onnx/protobuf-writer';
import { newFolder } from '../support/scratch';
import { damaged, readsDamaged, smallFile } from './onnx-damage';

describe('damage', () => {
  test('a file that ends early, at any byte, is refused', async () => {
    const bytes = await smallFile();
    for (let length = 0; length < bytes.length; length++) {
      // The last field of a model is the version of the operators, which nothing here needs.
      const isWhole = await readsDamaged(bytes.subarray(0, length));
      if (isWhole) expect(bytes.length - length).toBeLessThan(8);
    }
  });

  test('random damage gives a network or an error about the file', async () => {
    const bytes = await smallFile();
    for (let seed = 0; seed < 300; seed++) await readsDamaged(damaged(bytes, 20_000 + seed));
  });
});

const bytesOf = (graph: GraphWriter) => Buffer.concat(graph.file('1', {}));
const numbers = Float32Array.of(1, 2, 3, 4);

/** A graph of an input of 2 columns, with the output that `make` gives. */
function graphOf(make: (graph: GraphWriter, x: string) => string): Buffer {
  const graph = new GraphWriter(18, 'float32');
  graph.reserve('Y');
  graph.output(make(graph, graph.input('X', 'float32', 2)), 'Y', 'float32', 2);
  return bytesOf(graph);
}

const weights = (graph: GraphWriter) => graph.tensor('W', numbers, [2, 2]);

/** The same from messages, for what the writer does not write. */
function rawModel(...fields: readonly [number, Message][]): Buffer {
  return rawModelOf([2], ...fields);
}

function rawModelOf(inputs: readonly number[], ...fields: readonly [number, Message][]): Buffer {
  const graph = new Message();
  for (const [field, message] of fields) graph.message(field, message);
  const size = (value: number) => new Message().integer(1, value);
  const info = (name: string, sizes: readonly number[]) => {
    const shape = new Message().message(1, new Message().text(2, 'rows'));
    for (const each of sizes) shape.message(1, size(each));
    const tensor = new Message().integer(1, 1).message(2, shape);
    return new Message().text(1, name).message(2, new Message().message(1, tensor));
  };
  graph.message(11, info('X', inputs)).message(12, info('Y', [2]));
  return Buffer.concat(new Message().integer(1, 8).message(7, graph).parts);
}

const node = (type: string, inputs: readonly string[], output: string) => {
  const message = new Message();
  for (const input of inputs) message.text(1, input);
  return message.text(2, output).text(3, `the ${type}`).text(4, type);
};

const tensor = (type: number, dims: readonly number[], bytes: Uint8Array) => {
  const message = new Message();
  for (const size of dims) message.integer(1, size);
  return message.integer(2, type).text(8, 'W').bytes(9, [bytes]);
};

const multiply: [number, Message] = [1, node('MatMul', ['X', 'W'], 'Y')];

describe('what is refused', () => {
  test.each([
    {
      what: 'an unknown operator',
      bytes: graphOf(({ op }, x) => op('Conv', [x])),
      message: 'Expected node 1 "Conv" (Conv) of "bytes" to be one of a dense network (Gemm, MatMul, ',
    },
    {
      what: 'a quantised operator',
      bytes: graphOf(({ op }, x) => op('MatMulInteger', [x])),
      message: 'got MatMulInteger; export the model before it is quantised',
    },
    {
      what: 'the slope of an activation that no layer has',
      bytes: graphOf(({ op }, x) => op('LeakyRelu', [x], { alpha: -1 })),
      message: 'to be a positive finite number, got -1',
    },
    {
      what: 'weights of three dimensions',
      bytes: graphOf((graph, x) => graph.op('MatMul', [x, graph.tensor('W', numbers, [1, 2, 2])])),
      message: 'to be one with weights of 2 dimensions, got [1, 2, 2]',
    },
    {
      what: 'weights for other columns',
      bytes: graphOf((graph, x) => graph.op('MatMul', [x, graph.tensor('W', numbers, [4, 1])])),
      message: 'to be one for 2 columns, as many as it gets, got one for 4',
    },
    {
      what: 'weights that are computed',
      bytes: graphOf(({ op }, x) => op('MatMul', [x, op('Exp', [x])])),
      message: 'to be one with weights that are stored in the file',
    },
    {
      what: 'the product of two values',
      bytes: graphOf(({ op }, x) => op('Mul', [op('Exp', [x]), op('Abs', [x])])),
      message: 'to be one with a constant, got Mul of two values',
    },
    {
      what: 'a sum of what two branches give',
      bytes: graphOf((graph, x) => {
        const product = (of: string) => graph.op('MatMul', [of, weights(graph)]);
        return graph.op('Add', [product(x), graph.op('Relu', [product(graph.op('Tanh', [x]))])]);
      }),
      message: 'to be one that adds a value that is on the way to its other input',
    },
    {
      what: 'a cast that rounds',
      bytes: graphOf(({ op }, x) => op('Cast', [op('Cast', [x], { to: 7n })], { to: 1n })),
      message: 'to be one to float32 or float64, got type 7 of ONNX',
    },
    {
      what: 'a form with other columns, before the first layer',
      bytes: graphOf((graph, x) => graph.op('Reshape', [x, graph.integers([-1, 1])])),
      message: 'to be one that keeps 2 columns, got 1 columns',
    },
    {
      what: 'a form with other columns, behind it',
      bytes: graphOf((graph, x) =>
        graph.op('Reshape', [graph.op('MatMul', [x, weights(graph)]), graph.integers([-1])]),
      ),
      message: 'to be one that keeps 2 columns, got 1 columns',
    },
    {
      what: 'a form of one row',
      bytes: graphOf(({ op }, x) => op('Flatten', [x], { axis: 0n })),
      message: 'to be one to rows and columns, got axis = 0',
    },
    {
      what: 'a softmax over a part of the inputs',
      bytes: rawModelOf(
        [2, 2],
        [1, node('Softmax', ['X'], 'p')],
        [1, node('Relu', ['p'], 'r')],
        [1, node('Flatten', ['r'], 'Y')],
      ),
      message: 'Expected node 1 "the Softmax" (Softmax) of "bytes" to be behind Flatten, got softmax',
    },
    {
      what: 'biases for each row',
      bytes: graphOf((graph, x) =>
        graph.op('Gemm', [x, weights(graph), graph.tensor('b', numbers.subarray(2), [2, 1])]),
      ),
      message: 'to be one with a number for each column, got numbers of the sizes [2, 1]',
    },
    {
      what: 'a limit of three values',
      bytes: graphOf((graph, x) => graph.op('Max', [x, graph.number(0), graph.number(1)])),
      message: 'to be one of two inputs, got 3',
    },
    {
      what: 'the second result of a node',
      bytes: graphOf((graph, x) => graph.several('Dropout', [x, graph.number(0.5)], {}, 2)[1] as string),
      message: 'to be one of whose results the first alone is used, got "Dropout_2"',
    },
    {
      what: 'half precision',
      bytes: rawModel([5, tensor(10, [2, 2], new Uint8Array(8))], multiply),
      message:
        'Expected the type of initializer "W" of "bytes" to be float32 or float64, got float16; this library',
    },
    {
      what: 'integers of 8 bits as weights',
      bytes: rawModel([5, tensor(3, [2, 2], new Uint8Array(4))], multiply),
      message: 'to be float32 or float64, got int8',
    },
    {
      what: 'fewer elements than the sizes tell',
      bytes: rawModel([5, tensor(1, [2, 2], new Uint8Array(12))], multiply),
      message: 'Expected the elements of initializer "W" of "bytes" to be 4, by its sizes, got 3',
    },
    {
      what: 'sizes beyond all memory',
      bytes: rawModel([5, tensor(1, [2 ** 40, 2 ** 40], new Uint8Array(16))], multiply),
      message: 'by its sizes, got 4',
    },
    {
      what: 'a negative size',
      bytes: rawModel([5, tensor(1, [-1, 2], new Uint8Array(16))], multiply),
      message: 'Expected a size of initializer "W" of "bytes" to be at least 0, got -1',
    },
    {
      what: 'an initializer that is missing',
      bytes: rawModel(multiply),
      message:
        'Expected node 1 "the MatMul" (MatMul) of "bytes" to be a node whose inputs exist, got the input "W", which nothing makes',
    },
    {
      what: 'a circle',
      bytes: rawModel(
        [1, node('Relu', ['b'], 'a')],
        [1, node('Relu', ['a'], 'b')],
        [1, node('Relu', ['X'], 'Y')],
      ),
      message: 'to be in a graph without circles, got a node that needs its own result',
    },
    {
      what: 'a node that needs itself',
      bytes: rawModel([1, node('Relu', ['Y'], 'Y')]),
      message: 'to be in a graph without circles',
    },
    {
      what: 'two nodes for one value',
      bytes: rawModel([1, node('Relu', ['X'], 'Y')], [1, node('Tanh', ['X'], 'Y')]),
      message: 'to be the only one that makes its output, got another one that makes "Y"',
    },
    {
      what: 'an output that nothing makes',
      bytes: rawModel([1, node('Relu', ['X'], 'Z')]),
      message: 'Expected the graph of "bytes" to be one whose output depends on an input, got "Y"',
    },
    {
      what: 'a model without a graph',
      bytes: Buffer.of(8, 8),
      message: 'a model of ONNX with a graph, got none',
    },
    { what: 'no bytes', bytes: Buffer.alloc(0), message: 'a model of ONNX with a graph, got none' },
    {
      what: 'a length beyond the end',
      bytes: Buffer.of(8, 8, 0x3a, 255, 255, 255, 255, 15),
      message:
        'Expected byte 2, in the model, of "bytes" to be a field of at most 0 bytes, as many as there are',
    },
  ])('$what is named, with its place and the rule', async ({ bytes, message }) => {
    const reading = Network.import(bytes, { format: 'onnx' });
    await expect(reading).rejects.toMatchObject({ code: 'ERR_BLASNET_FILE' });
    await expect(reading).rejects.toThrow(message);
  });

  test.each(['Add', 'Identity', 'Cast'])('a graph of 5,000 nodes (%s) takes no long way', async (type) => {
    const bytes = graphOf(({ op }, x) => {
      let value = x;
      for (let i = 0; i < 5000; i++) {
        value =
          type === 'Add' ? op(type, [value, value]) : op(type, [value], type === 'Cast' ? { to: 1n } : {});
      }
      return value;
    });
    const reading = Network.import(bytes);
    if (type === 'Identity') expect((await reading).architecture.length).toBe(1);
    else await expect(reading).rejects.toThrow('to be one of at most 2000 operators in a row, got more');
  });

  test('a network that would need layers of many units between its own is refused', async () => {
    const graph = new GraphWriter(18, 'float32');
    graph.reserve('Y');
    const X = graph.input('X', 'float32', 30_000);
    graph.output(graph.op('Relu', [graph.op('Tanh', [X])]), 'Y', 'float32', 30_000);
    await expect(Network.import(bytesOf(graph))).rejects.toThrow('which would have too many weights');
  });

  test('weights may be shared, but a small file asks for no large network by them', async () => {
    const units = 1500;
    const shared = (times: number) => {
      const graph = new GraphWriter(18, 'float32');
      graph.reserve('Y');
      const W = graph.tensor('W', new Float32Array(units ** 2), [units, units]);
      let value = graph.input('X', 'float32', units);
      for (let i = 0; i < times; i++) value = graph.op('MatMul', [value, W]);
      graph.output(value, 'Y', 'float32', units);
      return Network.import(bytesOf(graph));
    };
    expect((await shared(2)).architecture.length).toBe(2);
    await expect(shared(100)).rejects.toThrow('with at most 16777216 weights more than the file');
  });
});

test('integers that stand together are read, however long they are', async () => {
  // The sizes of a Reshape: -1 in ten bytes, and 2.
  const sizes = new Message().integer(1, 2).integer(2, 7).text(8, 'sizes');
  sizes.bytes(7, [Buffer.from([...new Array<number>(9).fill(255), 1, 2])]);
  const weights = tensor(1, [2, 2], new Uint8Array(numbers.buffer));
  const model = rawModel(
    [5, weights],
    [5, sizes],
    [1, node('Reshape', ['X', 'sizes'], 'x')],
    [1, node('MatMul', ['x', 'W'], 'Y')],
  );
  expect((await Network.import(model)).predictSync([[1, 2]]).toArray()).toEqual([[7, 10]]);
  const open = sizes.bytes(7, [Buffer.of(255)]);
  await expect(Network.import(rawModel([5, open], multiply))).rejects.toThrow('a part of one at its end');
});

describe('external data', () => {
  function model(entries: Readonly<Record<string, string>>): Buffer {
    const weights = new Message().integer(1, 2).integer(1, 2).integer(2, 1).text(8, 'W').integer(14, 1);
    for (const [key, value] of Object.entries(entries)) {
      weights.message(13, new Message().text(1, key).text(2, value));
    }
    return rawModel([5, weights], multiply);
  }

  const data = Buffer.concat([Buffer.alloc(4), Buffer.from(numbers.buffer)]);

  test('weights in a file beside the model are read', async () => {
    const folder = newFolder();
    writeFileSync(join(folder, 'weights.bin'), data);
    const path = join(folder, 'model.onnx');
    writeFileSync(path, model({ location: 'weights.bin', offset: '4', length: '16' }));
    const network = await Network.import(path);
    // (1, 2) times rows of inputs [1, 2] and [3, 4]
    expect(network.predictSync([[1, 2]]).toArray()).toEqual([[7, 10]]);
  });

  test.each([
    [{ location: '../weights.bin' }, 'each file that it needs'],
    [{ location: '/etc/passwd' }, 'each file that it needs'],
    [{ location: 'link.bin' }, 'each file that it needs'],
    [{ location: 'none.bin' }, 'Cannot read'],
    [{ location: 'weights.bin', offset: '100' }, 'within the 20 bytes of "weights.bin"'],
    [{ location: 'weights.bin', length: '-1' }, 'an integer of at least 0'],
    [{}, 'in a file that is named'],
  ])('data at %j is refused', async (entries, message) => {
    const outside = newFolder();
    const folder = join(outside, 'inner');
    mkdirSync(folder);
    writeFileSync(join(outside, 'weights.bin'), data);
    writeFileSync(join(folder, 'weights.bin'), data);
    symlinkSync(join(outside, 'weights.bin'), join(folder, 'link.bin'));
    writeFileSync(join(folder, 'model.onnx'), model(entries as Record<string, string>));
    const reading = Network.import(join(folder, 'model.onnx'));
    await expect(reading).rejects.toMatchObject({ code: 'ERR_BLASNET_FILE' });
    await expect(reading).rejects.toThrow(message);
  });

  test('bytes that many initializers share are refused, however the file is spelled', async () => {
    const folder = newFolder();
    const size = 2 ** 26;
    writeFileSync(join(folder, 'weights.bin'), '');
    truncateSync(join(folder, 'weights.bin'), size);
    const initializer = (name: string, location: string): [number, Message] => {
      const entry = new Message().text(1, 'location').text(2, location);
      const message = new Message()
        .integer(1, size / 4)
        .integer(2, 1)
        .text(8, name);
      return [5, message.integer(14, 1).message(13, entry)];
    };
    const places = ['weights.bin', './weights.bin', 'a/../weights.bin', './/weights.bin'];
    const path = join(folder, 'model.onnx');
    writeFileSync(path, rawModel(...places.map((place, i) => initializer(`W${i}`, place)), multiply));
    await expect(Network.import(path)).rejects.toThrow(
      'to be its own in ".//weights.bin", got bytes that others have, too',
    );
  });

  test('bytes without a folder have no data beside them', async () => {
    const bytes = model({ location: 'weights.bin' });
    await expect(Network.import(bytes)).rejects.toThrow('import the path of the main file');
  });
});
