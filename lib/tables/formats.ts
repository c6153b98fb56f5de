import { Buffer } from 'node:buffer'; // the global may be missing in a test environment

// The formats of tables, and what tells them apart.

export type TableFormat = 'csv' | 'json' | 'npy' | 'npz' | 'idx' | 'parquet' | 'arrow';

const endings: Readonly<Record<TableFormat, RegExp>> = {
  csv: /\.(csv|tsv|tab|txt)$/,
  json: /\.(json|ndjson|jsonl)$/,
  npy: /\.npy$/,
  npz: /\.npz$/,
  idx: /(\.idx|-ubyte)$/,
  parquet: /\.(parquet|parq|pq)$/,
  arrow: /\.(arrow|arrows|feather|ipc)$/,
};

export const formatNames = Object.keys(endings) as TableFormat[];

/** The format that a file's name tells. */
export function namedFormat(file: string): TableFormat | undefined {
  return formatNames.find((format) => endings[format].test(file));
}

/** The format that the first bytes tell. */
export function formatOf(sample: Uint8Array): TableFormat {
  const text = Buffer.from(sample.subarray(0, 1024)).toString('latin1');
  if (text.startsWith('PAR1')) return 'parquet';
  // A stream of Arrow begins with the mark of a message.
  if (text.startsWith('ARROW1') || text.startsWith('\xff\xff\xff\xff')) return 'arrow';
  if (sample[0] === 0x93 && sample[1] === 0x4e) return 'npy';
  // A zip archive whose first file is an array. The length of its name is at byte 26, the name at byte 30.
  const inZip = text.slice(30, 30 + (sample[26] ?? 0) + 256 * (sample[27] ?? 0));
  if (text.startsWith('PK\x03\x04') && inZip.endsWith('.npy')) return 'npz';
  if (sample[0] === 0 && sample[1] === 0 && sample.length > 4) return 'idx';
  const first = /^(?:\xef\xbb\xbf)?\s*(.)/.exec(text)?.[1];
  return first === '{' || first === '[' ? 'json' : 'csv';
}
