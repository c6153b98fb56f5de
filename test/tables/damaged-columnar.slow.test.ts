import { test } from 'vitest';
import { readDamaged } from './damaged-columnar';

// 10,000 files of each format, in parts that a loaded machine reads in time.
const parts = (['parquet', 'arrow'] as const).flatMap((format) =>
  Array.from({ length: 10 }, (_, i) => ({ format, part: i + 1 })),
);

test.each(parts)(
  'damaged $format files give tables or errors that say so, part $part',
  async ({ format, part }) => {
    await readDamaged(format, 1000, part);
  },
);
