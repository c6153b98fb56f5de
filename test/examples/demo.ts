import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { join } from 'node:path';

const main = join(__dirname, '../../examples/moons/dist/main.mjs');

export interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Starts the demonstration in its own process, like `npm start`. */
export function startDemo(args: readonly string[], cwd: string): ChildProcessWithoutNullStreams {
  return spawn(process.execPath, [main, ...args], { cwd });
}

/** Starts the demonstration on a pseudo-terminal with this number of columns, made by util-linux's `script`. */
export function startDemoOnTerminal(
  args: readonly string[],
  cwd: string,
  columns: number,
): ChildProcessWithoutNullStreams {
  const command = [process.execPath, main, ...args].map((word) => `'${word}'`).join(' ');
  return spawn('script', ['-qec', `stty cols ${columns}; exec ${command}`, '/dev/null'], {
    cwd,
    env: { ...process.env, TERM: 'xterm-256color', SHELL: '/bin/sh' },
  });
}

export async function finished(child: ChildProcessWithoutNullStreams): Promise<Outcome> {
  const stdout = textOf(child.stdout);
  const stderr = textOf(child.stderr);
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  return { code, stdout: stdout(), stderr: stderr() };
}

/** Resolves when the stream has printed `text`. */
export function said(stream: NodeJS.ReadableStream, text: string): Promise<void> {
  const soFar = textOf(stream);
  return new Promise((resolve, reject) => {
    stream.on('data', () => {
      if (soFar().includes(text)) resolve();
    });
    stream.once('end', () => reject(new Error(`Expected "${text}", got "${soFar()}"`)));
  });
}

function textOf(stream: NodeJS.ReadableStream): () => string {
  const chunks: Buffer[] = [];
  stream.on('data', (chunk: Buffer) => chunks.push(chunk));
  return () => Buffer.concat(chunks).toString();
}
