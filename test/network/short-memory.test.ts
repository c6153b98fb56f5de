// The system's limits of memory and threads. A process that the system refuses more memory gets an error with a code, goes on,
// and its next small call works.

import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { dist, inChild, type Library } from './child';

type Answer = readonly [name: string, error: string, next: string];

const dtypes = ['float64', 'float32'] as const;

/** Calls that need more memory than there is: each is made under a limit of its own. */
async function callsUnderLimit(path: string, dtype: 'float64' | 'float32'): Promise<void> {
  const { execFileSync: run } = require('node:child_process') as typeof import('node:child_process');
  const { readFileSync } = require('node:fs') as typeof import('node:fs');
  const { Network, Matrix, functional, lbfgs, metrics, setThreads }: Library = require(path);
  const size = () => 1024 * Number(/VmSize:\s+(\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]);
  const limit = (most: number | string) =>
    run('prlimit', ['--pid', String(process.pid), `--as=${most}:unlimited`]);
  setThreads(2);
  const Float = dtype === 'float64' ? Float64Array : Float32Array;
  const small = new Network([{ inputDim: 2, outputDim: 1, activation: 'sigmoid' }], { seed: 1, dtype });
  const x = new Float([0.1, 0.2]);
  const y = small.predictSync(x).data[0];
  // Its gradients need as much memory as its parameters.
  const width = dtype === 'float64' ? 4000 : 5600;
  const large = new Network(
    [
      { inputDim: width, outputDim: width, activation: 'relu' },
      { outputDim: 1, activation: 'sigmoid' },
    ],
    { seed: 1, dtype },
  );
  const X = new Float(width * 30).fill(0.1);
  const Y = new Float(30);
  // Its outputs for the rows do not fit.
  const units = dtype === 'float64' ? 1_000_000 : 2_000_000;
  const wide = new Network(
    [
      { inputDim: 2, outputDim: units, activation: 'relu' },
      { outputDim: 1, activation: 'sigmoid' },
    ],
    { seed: 1, dtype },
  );
  const wideX = new Float(2 * 300).fill(0.1);
  const wideY = new Float(300);
  // The article's functions multiply by OpenBLAS, whose buffer is larger than the limit.
  const columns = new Matrix(new Float64Array(1300 * 300).fill(0.1), 1300, 300);
  const labels = new Matrix(new Float64Array(300), 1, 300);
  const article = [
    { inputDim: 1300, outputDim: 1300, activation: 'relu' },
    { outputDim: 1, activation: 'sigmoid' },
  ] as const;
  const square = [{ inputDim: 400, outputDim: 400, activation: 'relu' }] as const;
  const hugeLayer = [{ inputDim: 6000, outputDim: 6000, activation: 'relu' }] as const;
  const calls: Record<string, () => unknown> = {
    gradients: () => large.gradients(X, Y),
    fitSync: () => large.fitSync(X, Y, { epochs: 1 }),
    fit: () => large.fit(X, Y, { epochs: 1 }),
    'fit by L-BFGS': () => large.fit(X, Y, { epochs: 1, optimizer: lbfgs() }),
    trainOnBatch: () => large.trainOnBatch(X, Y),
    'functional.train': () => functional.train(columns, labels, article, 1, 0.1),
    'orthogonal weights': () => new Network(square, { dtype, initializer: 'orthogonal' }),
    'wide predictSync': () => wide.predictSync(wideX),
    'wide predict': () => wide.predict(wideX),
    'wide evaluateSync': () => wide.evaluateSync(wideX, wideY),
    'wide evaluate': () => wide.evaluate(wideX, wideY),
    'wide fitSync': () => wide.fitSync(wideX, wideY, { epochs: 1 }),
    'wide fit': () => wide.fit(wideX, wideY, { epochs: 1 }),
    'wide predictor': () => wide.predictor({ maxBatch: 300 }).run(),
    'new Network': () => new Network(hugeLayer, { dtype }),
    'Network.create': () => Network.create(hugeLayer, { dtype }),
    'Matrix.zeros': () => Matrix.zeros(5000, 10_000, dtype),
    'metrics.async': () => metrics.async.r2(Matrix.zeros(20, 1), Matrix.zeros(20, 1)),
  };
  const outcome = async (call: () => unknown): Promise<string> => {
    try {
      await call();
      return 'none';
    } catch (error) {
      const { code, message } = error as { code?: string; message: string };
      return code === undefined ? message : `${(error as object).constructor.name} ${code}`;
    }
  };
  const weights = (large.parameters.W1 as InstanceType<Library['Matrix']>).data;
  const before = Float.from(weights);
  const answers: Answer[] = [];
  for (const [name, call] of Object.entries(calls)) {
    limit(size() + 110 * 2 ** 20);
    const error = await outcome(call);
    const here = small.predictSync(x).data[0];
    const elsewhere = (await small.predict(x)).data[0];
    limit('unlimited');
    answers.push([name, error, here === y && elsewhere === y ? 'right' : 'wrong']);
  }
  const same = weights.every((value, i) => value === before[i]);
  // With the memory that they need, the same objects work.
  const after = [await outcome(() => large.fit(X, Y, { epochs: 1 })), await outcome(() => wide.predict(x))];
  console.log(JSON.stringify({ answers, same, after }));
}

describe.skipIf(process.platform !== 'linux')('a process whose memory is limited', () => {
  it.each(dtypes)(
    'gets an error with a code from every call that needs more, and goes on (%s)',
    async (dtype) => {
      const ended = await inChild(callsUnderLimit, dtype);
      expect(ended).toMatchObject({ code: 0, signal: null, stderr: '' });
      const { answers, same, after } = JSON.parse(ended.stdout) as {
        answers: Answer[];
        same: boolean;
        after: string[];
      };
      const fits = ['metrics.async'];
      const expected = answers.map(([name]) => [
        name,
        fits.includes(name) ? 'none' : 'Error ERR_BLASNET_MEMORY',
        'right',
      ]);
      expect(answers).toEqual(expected);
      expect({ same, after }).toEqual({ same: true, after: ['none', 'none'] });
    },
  );
});

describe.skipIf(process.platform !== 'linux')('a process that gets no more threads', () => {
  it('gets an error with a code from an asynchronous call, and computes on the thread that it has', () => {
    const body = async (path: string) => {
      const { execFileSync: run } = require('node:child_process') as typeof import('node:child_process');
      const { readFileSync } = require('node:fs') as typeof import('node:fs');
      const { Network, setThreads }: Library = require(path);
      setThreads(8);
      const net = new Network([{ inputDim: 2, outputDim: 1, activation: 'sigmoid' }], { seed: 1 });
      const X = new Float64Array(600_000).fill(0.1);
      const Y = new Float64Array(300_000);
      const size = 1024 * Number(/VmSize:\s+(\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]);
      run('prlimit', ['--pid', String(process.pid), `--as=${size + 240 * 2 ** 20}:unlimited`]);
      const codes: string[] = [];
      for (const call of [
        // So brief that it would need no thread at normal priority.
        () => net.predict(X, { priority: 'low' }),
        () => net.evaluate(X, Y),
        () => net.fit(X, Y, { epochs: 1 }),
        () => net.predictSync(X),
        () => net.fitSync(X, Y, { epochs: 1 }),
      ]) {
        try {
          await call();
          codes.push('none');
        } catch (error) {
          codes.push(`${(error as Error).constructor.name} ${(error as { code?: string }).code}`);
        }
      }
      run('prlimit', ['--pid', String(process.pid), '--as=unlimited:unlimited']);
      await net.fit(X, Y, { epochs: 1 });
      console.log(codes.join(', '));
    };
    // Its threads have stacks that are larger than the limit.
    const script = `(${body})(${JSON.stringify(dist)})`;
    const output = execFileSync('prlimit', [`--stack=${2 ** 28}:${2 ** 28}`, process.execPath, '-e', script]);
    const refused = 'Error ERR_BLASNET_THREAD';
    expect(output.toString()).toBe(`${refused}, ${refused}, ${refused}, none, none\n`);
  });
});
