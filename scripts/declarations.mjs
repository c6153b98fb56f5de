// Writes the declarations in dist/ in the words of TypeScript 5.0. tsc writes what its own version knows: typed arrays
// have a type parameter since 5.7, and NoInfer exists since 5.4. Both only narrow types, so they are left out.

import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const dist = fileURLToPath(new URL('../dist/', import.meta.url));

for (const name of readdirSync(dist, { recursive: true, encoding: 'utf8' })) {
  if (!name.endsWith('.d.ts')) continue;
  const file = join(dist, name);
  const text = readFileSync(file, 'utf8')
    .replace(/\b((?:Float|Int|Uint|BigInt|BigUint)\d+(?:Clamped)?Array)<\w+>/g, '$1')
    .replace(/\bNoInfer<(\w+)>/g, '$1');
  writeFileSync(file, text);
}
