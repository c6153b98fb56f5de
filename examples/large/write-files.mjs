// CSV files of made-up rows: the same in each run.

import { once } from 'node:events';
import { createWriteStream, existsSync, mkdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { RandomState } from 'blasnet';

const sites = ['north', 'south', 'east', 'west'];

/** Writes the files that are not there yet. @returns their paths */
export async function writeFiles(folder, count, rows) {
  mkdirSync(folder, { recursive: true });
  const paths = Array.from({ length: count }, (_, i) => join(folder, `rows-${i}.csv`));
  for (const [i, path] of paths.entries()) {
    if (existsSync(path)) continue;
    // A file under its own name is whole, whenever the process ends.
    await writeFile(`${path}.part`, rows, new RandomState(i));
    renameSync(`${path}.part`, path);
  }
  return paths;
}

async function writeFile(path, rows, random) {
  const stream = createWriteStream(path);
  stream.write('site,temperature,pressure,hours,failed\n');
  for (let row = 0; row < rows; row++) {
    const site = sites[Math.floor(random.uniform(0, sites.length))];
    const temperature = random.uniform(10, 90);
    const pressure = random.uniform(1, 9);
    const hours = random.uniform(0, 9000);
    const risk =
      (temperature - 50) / 20 + (pressure - 5) / 2 + (hours - 4500) / 3000 + (site === 'north' ? 1 : 0);
    const failed = risk + random.uniform(-2, 2) > 1 ? 'yes' : 'no';
    // A sensor may be broken.
    const shown = random.uniform(0, 1) < 0.02 ? '' : temperature.toFixed(1);
    const line = `${site},${shown},${pressure.toFixed(2)},${Math.round(hours)},${failed}\n`;
    if (!stream.write(line)) await once(stream, 'drain');
  }
  stream.end();
  await once(stream, 'close');
}
