// Reads damaged files in a process of its own, and prints what came of it as JSON.

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { gzipSync } from 'node:zlib';

const { readTable, Schema } = createRequire(import.meta.url)('../../dist/tables.js');
const fixtures = ['numpy-arrays', 'numpy-hostile'].flatMap((name) => {
  const { about: _, ...files } = JSON.parse(
    readFileSync(new URL(`../fixtures/${name}.json`, import.meta.url), 'utf8'),
  );
  return Object.values(files).map((text) => Buffer.from(text, 'base64'));
});
const files = [
  ...fixtures,
  Buffer.from('a,b,__proto__\n1,x,true\n"2","y ""z""",false\n'.repeat(50)),
  Buffer.from('{"a":1,"__proto__":"x","c":true}\n'.repeat(50)),
  gzipSync('a,b\n1,2\n'.repeat(1000)),
];

// A linear congruential generator: the cases are the same in each run.
let state = 12_345;
const random = (/** @type {number} */ below) => {
  state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
  return Math.floor((state / 2 ** 32) * below);
};

const cases = Number(process.argv[2]);
/** @type {string[]} */
const errors = [];
let tables = 0;
let before = 0;
for (let i = 0; i < cases; i++) {
  if (i === 1000) before = process.resourceUsage().maxRSS;
  const bytes = Buffer.from(/** @type {Buffer} */ (files[random(files.length)]));
  for (let change = random(4); change > 0; change--) bytes[random(bytes.length)] = random(256);
  const given = random(3) > 0 ? bytes : bytes.subarray(0, 1 + random(bytes.length));
  try {
    const table = await readTable(given);
    table.toRecords();
    String(Schema.of(table));
    tables++;
  } catch (error) {
    const { code = String(error) } = /** @type {{ code?: string }} */ (error);
    if (code !== 'ERR_BLASNET_FILE') errors.push(code);
  }
}
const grown = (process.resourceUsage().maxRSS - before) / 1024;
process.stdout.write(JSON.stringify({ tables, errors, grown, added: Object.keys(Object.prototype) }));
