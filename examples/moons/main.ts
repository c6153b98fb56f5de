import { cpus } from 'node:os';
import { relative } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Dataset, makeMoons, type Split, trainTestSplit } from 'blasnet';
import { writePage } from './html';
import { type Model, moonsModels } from './models';
import { type Options, parseOptions, UsageError, usage } from './options';
import { progress } from './progress';
import { race } from './race';
import type { ModelResult, Point, Race, Racer, Results } from './results';
import { describeRun, raceTable, resultsTable } from './table';
import { grid, trainModel, view } from './train';

/** The exit status of a process that Ctrl-C ended: 128 and the number of SIGINT. */
const interrupted = 130;

try {
  const options = parseOptions(process.argv.slice(2));
  if (options.help) process.stdout.write(usage);
  else process.exitCode = await run(options);
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 2;
}

async function run({ epochs, out }: Options): Promise<number> {
  // Only once: a second Ctrl-C ends the process at once.
  const stop = new AbortController();
  process.once('SIGINT', () => stop.abort());

  const { X, Y } = makeMoons({ samples: 1000, noise: 0.2, seed: 100 });
  const data = trainTestSplit(X, Y, { testSize: 0.1, seed: 42 });
  const { train, test } = data;
  process.stderr.write(`Two moons: training on ${train.X.rows} points, testing on ${test.X.rows}.\n`);

  const models: ModelResult[] = [];
  let raced: Race;
  try {
    for (const model of moonsModels(epochs)) {
      models.push(await trainWithProgress(model, data, stop.signal));
    }
    raced = await race(models[0] as ModelResult, data, { signal: stop.signal, onRacer: report });
  } catch (error) {
    if (!stop.signal.aborted) throw error;
    process.stderr.write('Stopped; no page was written.\n');
    return interrupted;
  }

  process.stdout.write(`\n${resultsTable(models)}\n\n${raceTable(raced)}\n`);
  const results: Results = {
    train: points(train),
    test: points(test),
    view,
    grid,
    models,
    race: raced,
    machine: machine(),
  };
  const size = await writePage(out, results);
  process.stdout.write(
    `\nWrote ${relative('', out)} (${(size / 1e6).toFixed(1)} MB). Open it in a browser:\n${pathToFileURL(out)}\n`,
  );
  return 0;
}

async function trainWithProgress(model: Model, data: Split, signal: AbortSignal): Promise<ModelResult> {
  const shown = progress(process.stderr, model.name, model.epochs);
  try {
    return await trainModel(model, data, { signal, onEpoch: shown.update });
  } finally {
    shown.end();
  }
}

function report({ name, article, he }: Racer): void {
  process.stderr.write(`${name}: ${describeRun(article)}; from He’s start ${describeRun(he)}\n`);
}

/** Returns the samples for the page, rounded to a thousandth of its width. */
function points({ X, Y }: Dataset): Point[] {
  return Array.from({ length: X.rows }, (_, i) => [
    Number(X.get(i, 0).toFixed(4)),
    Number(X.get(i, 1).toFixed(4)),
    Y.get(i, 0),
  ]);
}

function machine(): string {
  const { model } = cpus()[0] ?? { model: process.arch };
  return `Node.js ${process.versions.node}, ${model.trim()}`;
}
