import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ModelResult, Race, Results } from '../../examples/moons/results';
import { finished, type Outcome, said, startDemo, startDemoOnTerminal } from './demo';

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'blasnet-moons-'));
});

afterAll(() => rmSync(folder, { recursive: true }));

function resultsIn(file: string): Results {
  const json = /<script type="application\/json" id="results">(.*?)<\/script>/s.exec(
    readFileSync(file, 'utf8'),
  );
  return JSON.parse(json?.[1] as string) as Results;
}

describe('the demonstration off a terminal', () => {
  let outcome: Outcome;
  let page: string;
  let fullBatch: ModelResult;
  let miniBatches: ModelResult;
  let race: Race;

  beforeAll(async () => {
    outcome = await finished(startDemo([], folder));
    page = join(folder, 'moons.html');
    const results = resultsIn(page);
    [fullBatch, miniBatches] = results.models as [ModelResult, ModelResult];
    race = results.race;
  });

  test('ends with the exit code 0', () => {
    expect(outcome.code).toBe(0);
  });

  test('gives the article’s numbers', () => {
    const { frames, summary } = fullBatch;
    expect(Math.abs((frames[0]?.cost as number) / 0.6936484871866765 - 1)).toBeLessThan(1e-9);
    expect(Math.abs(summary.cost / 0.07429314895274869 - 1)).toBeLessThan(1e-9);
    expect(summary.testAccuracy).toBe(0.98);
    expect(frames.at(-1)?.wrong).toHaveLength(2);
  });

  test('brings the mini-batches to where the article’s Keras model ends', () => {
    expect(miniBatches.summary.cost).toBeLessThan(0.12);
    expect(miniBatches.summary.testAccuracy).toBeGreaterThanOrEqual(0.95);
  });

  test('keeps a frame every 50 epochs of one model and every epoch of the other', () => {
    const epochs = ({ frames }: ModelResult) => frames.map(({ epoch }) => epoch);
    expect(epochs(fullBatch)).toEqual(Array.from({ length: 201 }, (_, i) => 50 * i));
    expect(epochs(miniBatches)).toEqual(Array.from({ length: 201 }, (_, i) => i));
  });

  test('reports in ten plain lines a model', () => {
    const lines = outcome.stderr.trimEnd().split('\n');
    expect(lines[0]).toBe('Two moons: training on 900 points, testing on 100.');
    const progress =
      /^(full batch|batches of 32) +[\d,]+\/(10,000|200) {2}cost \d\.\d{4} {2}accuracy \d+\.\d% {2}(\d.* left|done)$/;
    expect(lines.slice(1, 21)).toEqual(Array.from({ length: 20 }, () => expect.stringMatching(progress)));
    expect(lines[10]).toContain('10,000/10,000  cost 0.0743  accuracy 96.9%  done');
  });

  test('answers the article’s question: how much sooner a better optimiser is there', () => {
    expect(race.goal).toEqual({
      epochs: 10_000,
      cost: fullBatch.frames.at(-1)?.cost,
      trainAccuracy: fullBatch.summary.trainAccuracy,
    });
    // Rounding differs between machines, so that the counts differ a little.
    const most = {
      'gradient descent': [10_000, 5500],
      'momentum 0.9': [1300, 700],
      Adam: [300, 290],
      'L-BFGS': [170, 50],
      'Adam in batches of 32': [70, 40],
    };
    expect(race.racers.map(({ name }) => name)).toEqual(Object.keys(most));
    for (const { name, article, he } of race.racers) {
      const [mostFromArticle, mostFromHe] = most[name as keyof typeof most] as [number, number];
      expect(article.epochs, name).toBeLessThanOrEqual(mostFromArticle);
      expect(he.epochs, name).toBeLessThanOrEqual(mostFromHe);
      expect(article.curve.at(-1)?.[0]).toBe(article.epochs);
      expect(article.curve.at(-1)?.[1]).toBeLessThanOrEqual(race.goal.cost);
      expect(article.curve[0]).toEqual([0, fullBatch.frames[0]?.cost]);
    }
  });

  test('reports one line for each optimiser', () => {
    const lines = outcome.stderr.trimEnd().split('\n').slice(21);
    const run = String.raw`[\d,]+ epochs, \d+\.\d\d s`;
    expect(lines).toEqual(
      race.racers.map(({ name }) => expect.stringMatching(`^${name}: ${run}; from He’s start ${run}$`)),
    );
  });

  test('ends in two tables, and says where the page is', () => {
    const lines = outcome.stdout.split('\n');
    expect(lines[1]).toMatch(/^ +final cost +train accuracy +test accuracy +seconds +epochs\/s$/);
    expect(lines[3]).toMatch(/^full batch +0\.074293 +96\.9% +98\.0% +\d+\.\d\d +[\d,]+$/);
    expect(lines[4]).toMatch(/^batches of 32 +0\.\d{6} +9\d\.\d% +[\d.]+% +\d+\.\d\d +[\d,]+$/);
    expect(lines[6]).toMatch(/^How soon each optimiser is as good as 10,000 epochs of gradient descent /);
    expect(lines[7]).toMatch(/^0\.0743, accuracy 96\.9%\), from /);
    expect(lines[9]).toMatch(/^ +epochs +seconds +epochs \(He\) +seconds \(He\)$/);
    expect(lines[11]).toMatch(/^gradient descent +10,000 +\d+\.\d\d +\d,\d{3} +\d+\.\d\d$/);
    expect(lines[15]).toMatch(/^Adam in batches of 32 +\d\d +\d\.\d\d +\d\d +\d\.\d\d$/);
    expect(outcome.stdout).toMatch(
      /\nWrote moons\.html \(\d\.\d MB\)\. Open it in a browser:\nfile:\/\/.*moons\.html\n$/,
    );
  });

  test('writes a page of less than 2.5 MB', () => {
    expect(statSync(page).size).toBeLessThan(2.5e6);
  });
});

describe.runIf(process.platform === 'linux')('the demonstration on a terminal', () => {
  test('draws one line that grows, then the table', async () => {
    const { code, stdout } = await finished(startDemoOnTerminal(['--epochs', '2000'], folder, 100));
    expect(code).toBe(0);
    const [, ...drawn] = stdout.split('\r\x1b[K');
    expect(drawn.length).toBeGreaterThan(2);
    expect(drawn[0]).toMatch(
      // Without colours the first bar is only dots.
      /^full batch {2}\S*[━·]\S* {2}.*\/2,000 {2}cost 0\.\d{4} {2}accuracy \d+\.\d% {2}\d.* left$/,
    );
    expect(drawn.at(-1)).toMatch(
      /^batches of 32 {2}\S*━\S* {2}40\/40 {2}.*done\r\ngradient descent: .*\r\n\r\n.*final cost/s,
    );
  });

  test('fits a narrow terminal', async () => {
    const { stdout } = await finished(startDemoOnTerminal(['--epochs', '500'], folder, 40));
    const drawn = stdout
      .split('\r\x1b[K')
      .slice(1)
      .map((text) => text.split('\r\n')[0] as string);
    expect(drawn.length).toBeGreaterThan(1);
    expect(Math.max(...drawn.map((text) => text.length))).toBeLessThan(40);
  });

  test('stops on Ctrl-C, below the bar, and leaves no page', async () => {
    const child = startDemoOnTerminal(['--epochs', '1000000', '--out', 'stopped.html'], folder, 100);
    const outcome = finished(child);
    await said(child.stdout, ' left');
    child.stdin.write('\x03');
    const { code, stdout } = await outcome;
    expect(code).toBe(130);
    expect(stdout).toMatch(/ left(\^C)?\r\nStopped; no page was written\.\r\n$/);
    expect(existsSync(join(folder, 'stopped.html'))).toBe(false);
  });
});

test('SIGINT stops the demonstration without a terminal, too', async () => {
  const child = startDemo(['--epochs', '1000000', '--out', 'stopped.html'], folder);
  const outcome = finished(child);
  await said(child.stderr, 'training');
  child.kill('SIGINT');
  expect(await outcome).toEqual({
    code: 130,
    stdout: '',
    stderr: expect.stringMatching(/\nStopped; no page was written\.\n$/),
  });
  expect(existsSync(join(folder, 'stopped.html'))).toBe(false);
});

describe('the command line', () => {
  test.each([
    [['--epochs', '0'], 'Expected --epochs to be an integer from 1 to 1000000, got "0"'],
    [['--epochs', '1.5'], 'Expected --epochs to be an integer from 1 to 1000000, got "1.5"'],
    [['--epochs', '1000001'], 'Expected --epochs to be an integer from 1 to 1000000, got "1000001"'],
    [['--epochs', 'many'], 'Expected --epochs to be an integer from 1 to 1000000, got "many"'],
    [['--epochs', ''], 'Expected --epochs to be an integer from 1 to 1000000, got ""'],
    [['--epochs'], "Option '--epochs <value>' argument missing (known: --epochs, --out, --help)"],
    [['--epoch', '5'], "Unknown option '--epoch' (known: --epochs, --out, --help)"],
    [['500'], /^Unexpected argument '500'.* \(known: --epochs, --out, --help\)$/],
    [['--out', ''], 'Expected --out to be a file\'s path, got ""'],
    [['--out', 'folder'], 'Expected --out to be a file\'s path, got "folder"'],
    [
      ['--out', 'missing/moons.html'],
      'Expected --out to be in a folder that can be written, got "missing/moons.html"',
    ],
  ])('refuses %j in one line, before any training', async (args, message) => {
    mkdirSync(join(folder, 'folder'), { recursive: true });
    const { code, stdout, stderr } = await finished(startDemo(args, folder));
    expect(code).toBe(2);
    expect(stdout).toBe('');
    expect(stderr.endsWith('\n')).toBe(true);
    const line = stderr.slice(0, -1);
    if (typeof message === 'string') expect(line).toBe(message);
    else expect(line).toMatch(message);
  });

  test('explains its options on demand', async () => {
    const { code, stdout } = await finished(startDemo(['--help'], folder));
    expect(code).toBe(0);
    expect(stdout).toMatch(/^Usage: npm start -- \[--epochs N\] \[--out FILE\]\n/);
  });

  test('writes a page of a run that is too short for a frame', async () => {
    expect((await finished(startDemo(['--epochs', '60', '--out', 'short.html'], folder))).code).toBe(0);
    const epochs = resultsIn(join(folder, 'short.html')).models.map(({ frames }) =>
      frames.map(({ epoch }) => epoch),
    );
    expect(epochs).toEqual([
      [0, 50, 60],
      [0, 1, 2],
    ]);
    const { racers } = resultsIn(join(folder, 'short.html')).race;
    expect(racers[0]?.article.epochs).toBe(60);
    for (const { he } of racers) expect(he.epochs === null || he.epochs <= 60).toBe(true);
  });
});
