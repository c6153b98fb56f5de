// The page examples/server/README.md is true.

import { execFile, spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it, onTestFinished } from 'vitest';
import { folder, Service } from './service.js';

const run = promisify(execFile);

/** What a command prints that does not end by itself: the different events until the end of the training. */
async function eventsOf(command: string): Promise<string> {
  const child = spawn('sh', ['-c', `exec ${command}`]);
  let text = '';
  for await (const chunk of child.stdout) {
    text += chunk;
    if (text.includes('event: end')) break;
  }
  child.kill();
  return [...new Set(text.match(/^event: \w+$/gm))].join(' ... ');
}

const read = (file: string) => readFileSync(join(folder, file), 'utf8');
const page = read('README.md');

/** The codes in the first column of the table that begins with this name. */
function codesIn(first: string): string[] {
  const [table = ''] = new RegExp(`^\\| ${first} \\|.*\\n(\\|.*\\n)+`, 'm').exec(page) ?? [];
  const [, , ...rows] = table.trim().split('\n');
  const cells = rows.map((row) => row.slice(2).split(' | ')[0] ?? '');
  return cells.flatMap((cell) => [...cell.matchAll(/`(.+?)`/g)].map(([, code = '']) => code)).sort();
}

it('the commands print what the page says', async () => {
  const service = await Service.startReady();
  onTestFinished(() => void service.stop());
  const [, block = ''] = /```sh\n(curl [\s\S]*?)```/.exec(page) ?? [];
  const commands = block.trim().split('\n\n');
  expect(commands.length).toBe(5);
  for (const command of commands) {
    const here = command.replaceAll('http://127.0.0.1:3000', service.url);
    const said = command.includes('/events')
      ? await eventsOf(here)
      : (await run('sh', ['-c', here])).stdout.trim();
    expect(`# ${said}`).toBe(command.split('\n').at(-1));
  }
});

it('the table of routes has those of the service', () => {
  const routes = readdirSync(join(folder, 'routes')).flatMap((file) => {
    const calls = read(`routes/${file}`).matchAll(
      /app\.(get|post|delete)\(('(.+?)'|`\$\{path\}(.+?)`|path)/g,
    );
    const start = file === 'open-inference.mjs' ? '/v2' : '';
    return [...calls].map(([, method = '', , path, after = '']) => {
      const url = `${start}${path ?? `/models/credit${after}`}`;
      return `${method.toUpperCase()} ${url === '/v2/' ? '/v2' : url}`;
    });
  });
  // routes/page.mjs has the parts of the page in a table.
  expect(codesIn('Route')).toEqual([...routes, 'GET /'].sort());
});

it('the table of settings has those that the service reads', () => {
  const names = [...read('settings.mjs').matchAll(/env\.([A-Z_]+)|env, '([A-Z_]+)'/g)];
  expect(codesIn('Variable')).toEqual(names.map(([, whole, named]) => whole ?? named).sort());
});

it('the table of files has all programs', () => {
  const files = readdirSync(folder, { withFileTypes: true })
    .map((entry) => (entry.isDirectory() ? `${entry.name}/` : entry.name))
    .filter((name) => name.endsWith('.mjs') || ['routes/', 'page/'].includes(name));
  expect(codesIn('File')).toEqual(files.sort());
});
