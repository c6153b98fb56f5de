// Files of 20 MB whose headers and metadata are made to cost memory and time. Each is read in a process of its own.

import { describe, expect, it } from 'vitest';
import { inChild, type Library } from '../network/child';

interface Hostile {
  readonly what: string;
  /** The text that is repeated, before and behind which the other texts stand. */
  readonly repeated: string;
  readonly before?: string;
  readonly behind?: string;
  /** The key of the metadata that has the text. Without it, the text is the header itself. */
  readonly key?: string;
  readonly told: string;
}

const key = 'blasnet.preprocessing';
const json = 'to be JSON as this library writes it';
const many = 'lists, objects and fields, got more';

const files: readonly Hostile[] = [
  { what: 'nested lists', repeated: '[', key, told: json },
  { what: 'nested objects', repeated: '{"a":', key, told: json },
  { what: 'lists', before: '[', repeated: '[],', key, told: json },
  { what: 'objects', before: '[', repeated: '{},', key, told: json },
  { what: 'fields', before: '{', repeated: '"#":0,', key, told: json },
  { what: 'numbers', before: '[', repeated: '0,', behind: '0]', key, told: 'to be present, with shape' },
  { what: 'texts', before: '[', repeated: '"",', behind: '0]', key, told: 'to be present, with shape' },
  { what: 'letters', before: '"', repeated: 'a', behind: '"', key, told: 'to be present, with shape' },
  { what: 'escapes', before: '"', repeated: '\\u00fc', behind: '"', key, told: 'to be present, with shape' },
  { what: 'layers', before: '[', repeated: '{},', key: 'blasnet.architecture', told: json },
  { what: 'nested layers', repeated: '[', key: 'blasnet.architecture', told: json },
  { what: 'entries of the metadata', before: '{"__metadata__":{', repeated: '"#":"",', told: many },
  {
    what: 'tensors',
    before: '{',
    repeated: '"#":{"dtype":"U8","shape":[],"data_offsets":[0,0]},',
    told: many,
  },
  {
    what: 'sizes of a tensor',
    before: '{"a":{"dtype":"U8","shape":[',
    repeated: '1,',
    behind: '1],"data_offsets":[0,1]}}',
    told: 'to be 1 bytes, as the header says',
  },
  { what: 'spaces', before: '{', repeated: ' ', behind: '}', told: 'to be "blasnet"' },
];

/** Reads such a file. Prints the error, by how many times the file's size the memory grew, and the turns of the loop. */
async function read(path: string, { file, size }: { file: Hostile; size: number }) {
  const { Network }: Library = require(path);
  const layers = '[{"inputDim":2,"outputDim":1,"activation":"sigmoid"}]';
  const make = () => {
    const { repeated, before = '', behind = '', key } = file;
    let number = 0;
    const units = repeated.replace(/[^#]/g, '').length > 0;
    const count = Math.floor(size / (repeated.length + (units ? 3 : 0)));
    const body = units
      ? Array.from({ length: count }, () => repeated.replace('#', (number++).toString(36))).join('')
      : repeated.repeat(count);
    const text = before + body + behind;
    if (key === undefined) return Buffer.from(text);
    const metadata = {
      ...{ format: 'blasnet', 'blasnet.format': '1', 'blasnet.version': '0.1.0' },
      ...{ 'blasnet.architecture': layers, 'blasnet.dtype': 'float64', 'blasnet.seed': '1' },
      [key]: text,
    };
    return Buffer.from(JSON.stringify({ __metadata__: metadata }));
  };
  const header = make();
  const bytes = new Uint8Array(8 + header.length);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(header.length), true);
  bytes.set(header, 8);

  let turns = 0;
  let ended = false;
  const turn = () => {
    turns++;
    if (!ended) setImmediate(turn);
  };
  (globalThis as { gc?: () => void }).gc?.();
  // Memory that the making of the file left behind is free for the reading, so the heap counts, not the process.
  const used = () => {
    const { heapUsed, external } = process.memoryUsage();
    return heapUsed + external;
  };
  const before = used();
  let most = before;
  const timer = setInterval(() => {
    most = Math.max(most, used());
  }, 1);
  turn();
  const message = await Network.fromBytes(bytes, { verifyChecksum: false }).then(
    () => 'it was loaded',
    (error: Error) => error.message,
  );
  ended = true;
  clearInterval(timer);
  most = Math.max(most, used());
  console.log(
    JSON.stringify({ message: message.slice(0, 400), times: (most - before) / bytes.length, turns }),
  );
}

describe('a file of 20 MB', () => {
  it.each(files)(
    'is refused without much memory, and while the event loop turns: $what',
    async (file) => {
      const options = { flags: ['--expose-gc', '--max-old-space-size=1000'] };
      const { stdout, stderr, code } = await inChild(read, { file, size: 20e6 }, options);
      expect([stderr, code]).toEqual(['', 0]);
      const { message, times, turns } = JSON.parse(stdout);
      expect(message).toContain(file.told);
      expect(times).toBeLessThan(16);
      // Each turn comes after some milliseconds at the most. Refused early, a file needs few of them.
      expect(turns).toBeGreaterThan(4);
    },
    120_000,
  );
});

it('a network whose labels have a million names is saved and loaded', async () => {
  const { stdout, stderr } = await inChild(async (path: string) => {
    const { Network, labelEncoder }: Library = require(path);
    const labels = labelEncoder().fit(Array.from({ length: 1e6 }, (_, i) => `class ${i}`));
    const net = new Network([{ inputDim: 1, outputDim: 1, activation: 'sigmoid' }], { labels, seed: 1 });
    const loaded = await Network.fromBytes(await net.toBytes());
    console.log(loaded.labels?.classes.length, loaded.labels?.classes[999_999]);
  }, {});
  expect([stdout, stderr]).toEqual(['1000000 class 999999\n', '']);
}, 120_000);
