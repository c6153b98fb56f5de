import { Buffer } from 'node:buffer'; // the global may be missing in a test environment

// The formats of tables, and what tells them apart.

export type TableFormat = 'csv' | 'json' | 'npy' | 'npz' | 'idx';

const endings: Readonly<Record<TableFormat, RegExp>> = {
  csv: /\.(csv|tsv|tab|txt)$/,
  json: /\.(json|ndjson|jsonl)$/,
  npy: /\.npy$/,
  npz: /\.npz$/,
  idx: /(\.idx|-ubyte)$/,
};

export const formatNames = Object.keys(endings) as TableFormat[];

/** The format that a file's name tells, or otherwise its first bytes. */
export function formatOf(file: string, sample: Uint8Array): TableFormat {
  const named = formatNames.find((format) => endings[format].test(file));
  if (named !== undefined) return named;
  if (sample[0] === 0x93 && sample[1] === 0x4e) return 'npy';
  if (sample[0] === 0 && sample[1] === 0 && sample.length > 4) return 'idx';
  const text = Buffer.from(sample.subarray(0, 1024)).toString('latin1');
  const first = /^(?:\xef\xbb\xbf)?\s*(.)/.exec(text)?.[1];
  return first === '{' || first === '[' ? 'json' : 'csv';
}
