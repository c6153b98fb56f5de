import { accessSync, constants, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { parseArgs } from 'node:util';

export interface Options {
  readonly epochs: number;
  /** Absolute path of the page. */
  readonly out: string;
  readonly help: boolean;
}

export const usage = `Usage: npm start -- [--epochs N] [--out FILE]

Trains the article's network on two moons in two ways, times better optimisers, and writes a page with the results.

  --epochs N   epochs of the full-batch model; the other takes a fiftieth (default 10000)
  --out FILE   where the page goes (default moons.html)
  --help       this text
`;

/** A command line that cannot be run; the message is one line. */
export class UsageError extends Error {}

const mostEpochs = 1_000_000;

/** @throws UsageError for a wrong option, before the training begins */
export function parseOptions(args: readonly string[]): Options {
  const { epochs, out, help } = parse(args);
  return { epochs: checkEpochs(epochs), out: help ? out : checkOut(out), help };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        epochs: { type: 'string', default: '10000' },
        out: { type: 'string', default: 'moons.html' },
        help: { type: 'boolean', default: false },
      },
    }).values as { epochs: string; out: string; help: boolean };
  } catch (error) {
    // Node's next sentence explains positional arguments, and this program has none.
    const [sentence] = (error as Error).message.split(/\.\s|\n/);
    throw new UsageError(`${sentence?.replace(/\.$/, '')} (known: --epochs, --out, --help)`);
  }
}

function checkEpochs(text: string): number {
  const epochs = Number(text);
  if (!/^\d+$/.test(text) || epochs < 1 || epochs > mostEpochs) {
    throw new UsageError(`Expected --epochs to be an integer from 1 to ${mostEpochs}, got "${text}"`);
  }
  return epochs;
}

function checkOut(file: string): string {
  const out = resolve(file);
  if (file === '' || statSync(out, { throwIfNoEntry: false })?.isDirectory()) {
    throw new UsageError(`Expected --out to be a file's path, got "${file}"`);
  }
  try {
    accessSync(dirname(out), constants.W_OK);
  } catch {
    throw new UsageError(`Expected --out to be in a folder that can be written, got "${file}"`);
  }
  return out;
}
