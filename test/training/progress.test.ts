import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { Writable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { type ProgressOptions, type ProgressReport, progressBar } from '../../lib/training/progress';
import { dist, endedWell, inChild, type Library } from '../network/child';
import { itRejects } from '../support/bad-input';
import { newFolder } from '../support/scratch';

/** A bar on a terminal of this width, with a clock that shows `clock.time`. */
function drawn(options: Partial<ProgressOptions>, columns: number | undefined = 100, isTTY = true) {
  const writes: string[] = [];
  const clock = { time: 5000 };
  const stream = { isTTY, columns, write: (text: string) => writes.push(text) };
  const bar = progressBar({ epochs: 100, now: () => clock.time, stream, ...options });
  const at = (milliseconds: number, report: ProgressReport) => {
    clock.time = 5000 + milliseconds;
    bar.update(report);
  };
  return { bar, writes, at };
}

describe('progressBar', () => {
  it('draws one line over itself, and leaves it at the end', () => {
    const { bar, writes, at } = drawn({ epochs: 4 });
    at(500, { epoch: 1, loss: 0.69415, accuracy: 0.5 });
    at(1000, { epoch: 2, loss: 12345.678, accuracy: 0.75 });
    at(1500, { epoch: 3, loss: 1.5e-9, accuracy: 1 });
    at(2400, { epoch: 4, loss: 0, accuracy: 1 });
    bar.end();
    expect(writes).toEqual([
      '\repoch 1/4 [=======>                      ] loss 0.6942 accuracy 0.5 2 s left 500 ms/epoch',
      '\repoch 2/4 [===============>              ] loss 12350 accuracy 0.75 1 s left 500 ms/epoch',
      '\repoch 3/4 [======================>       ] loss 1.5e-9 accuracy 1 500 ms left 500 ms/epoch',
      '\repoch 4/4 [==============================] loss 0 accuracy 1 2 s in all 600 ms/epoch      ',
      '\n',
    ]);
  });

  it.each([
    {
      how: 'throws',
      program: `Object.defineProperty(process.stderr, 'isTTY', { value: true });`,
      stderr: '/dev/full',
    },
    {
      how: 'emits its errors',
      program: `
        const stream = require('node:fs').createWriteStream('/dev/full');
        stream.isTTY = true;
        Object.defineProperty(process, 'stderr', { value: stream });`,
      stderr: '/dev/null',
    },
  ])('is dropped when its terminal $how, and the training goes on', ({ program, stderr }) => {
    const script = `
      ${program}
      const { Network } = require(${JSON.stringify(dist)});
      const net = new Network([{ inputDim: 1, outputDim: 1, activation: 'sigmoid' }], { seed: 1 });
      net.fit([[0], [1]], [[0], [1]], { epochs: 3000, progress: true })
        .then(({ loss }) => process.stdout.write(loss.length + ' epochs'));`;
    const output = execFileSync('/bin/sh', ['-c', `"${process.execPath}" -e "$0" 2>${stderr}`, script]);
    expect(output.toString()).toBe('3000 epochs');
  });

  it('stops listening to its stream when its line has ended', async () => {
    const stream = Object.assign(new Writable({ write: (_chunk, _encoding, done) => done() }), {
      isTTY: true,
    });
    const bar = progressBar({ epochs: 1, stream });
    expect(stream.listenerCount('error')).toBe(1);
    bar.update({ epoch: 1, loss: 0 });
    bar.end();
    await new Promise((resolve) => stream.end(() => resolve(undefined)));
    expect(stream.listenerCount('error')).toBe(0);
  });

  it('shows all that an epoch reports', () => {
    const { writes, at } = drawn({}, 200);
    at(60, { epoch: 5, loss: 0.1, accuracy: 0.2, valLoss: 0.3, valAccuracy: 0.4, learningRate: 0.001 });
    expect(writes).toEqual([
      '\repoch   5/100 [=>                            ] loss 0.1 accuracy 0.2 valLoss 0.3 valAccuracy 0.4 ' +
        '1 s left 12 ms/epoch learningRate 0.001',
    ]);
  });

  it.each([
    [97, 'epoch   5/100 [=>                       ] loss 0.1 accuracy 0.2 valLoss 0.3 1 s left 12 ms/epoch'],
    [80, 'epoch   5/100 [>       ] loss 0.1 accuracy 0.2 valLoss 0.3 1 s left 12 ms/epoch'],
    [79, 'epoch   5/100 [>                  ] loss 0.1 accuracy 0.2 valLoss 0.3 1 s left'],
    [40, 'epoch   5/100 [>             ] loss 0.1'],
    [30, 'epoch   5/100 loss 0.1'],
    [15, 'epoch   5/100 '],
  ])('fits %i columns', (columns, line) => {
    const { writes, at } = drawn({}, columns);
    at(60, { epoch: 5, loss: 0.1, accuracy: 0.2, valLoss: 0.3, learningRate: 0.001 });
    expect(writes).toEqual([`\r${line}`]);
  });

  it('fits every width, and never fills the last column', () => {
    for (let columns = 1; columns <= 150; columns++) {
      const { writes, at } = drawn({}, columns);
      at(60, { epoch: 5, loss: 0.1, accuracy: 0.2, valLoss: 0.3, learningRate: 0.001 });
      at(1000, { epoch: 10, loss: 0, accuracy: 0 });
      for (const text of writes) expect(text.length - 1).toBeLessThan(columns);
    }
  });

  it('takes 80 columns where the terminal does not say', () => {
    for (const columns of [undefined, 0]) {
      const { writes, at } = drawn({}, columns);
      at(60, { epoch: 5, loss: 0.1, accuracy: 0.2, valLoss: 0.3, learningRate: 0.001 });
      expect(writes[0]?.length).toBe(columns === undefined ? 100 : 80);
    }
  });

  it('draws ten times a second at most, and the last epoch in any case', () => {
    const { bar, writes, at } = drawn({ epochs: 1000 });
    for (let epoch = 1; epoch <= 1000; epoch++) at(epoch, { epoch, loss: 0.5 });
    expect(writes.map((text) => Number(/\d+/.exec(text)?.[0]))).toEqual([
      1, 101, 201, 301, 401, 501, 601, 701, 801, 901,
    ]);
    bar.end();
    expect(writes.slice(10)).toEqual([
      '\repoch 1000/1000 [==============================] loss 0.5 1 s in all 1 ms/epoch',
      '\n',
    ]);
  });

  it('leaves the line once when a training ends early', () => {
    const { bar, writes, at } = drawn({});
    at(0, { epoch: 1, loss: 0.5 });
    at(1, { epoch: 2, loss: 0.25 });
    bar.end();
    bar.end();
    at(1000, { epoch: 3, loss: 0.125 });
    expect(writes.map((text) => text.slice(0, 14))).toEqual(['\repoch   1/100', '\repoch   2/100', '\n']);
  });

  it('leaves a terminal alone on which it drew nothing', () => {
    const { bar, writes } = drawn({});
    bar.end();
    expect(writes).toEqual([]);
  });

  it('draws nothing where there is no terminal', () => {
    const { bar, writes, at } = drawn({}, 80, false);
    at(0, { epoch: 1, loss: 0.5 });
    bar.end();
    expect(writes).toEqual([]);
  });

  it('counts the time from where a training continues', () => {
    const { writes, at } = drawn({ startEpoch: 90 });
    at(1000, { epoch: 91, loss: 0.5 });
    expect(writes[0]).toContain('loss 0.5 9 s left 1 s/epoch');
  });

  it.each([
    [0.0625, '63 us/epoch'],
    [59_400, '59 s/epoch'],
    [61_000, '1 min 1 s/epoch'],
    [3_599_000, '59 min 59 s/epoch'],
    [2 * 3_600_000 + 120_000, '2 h 2 min/epoch'],
  ])('says %d ms as %s', (milliseconds, text) => {
    const { writes, at } = drawn({});
    at(milliseconds, { epoch: 1, loss: 0 });
    expect(writes[0]).toContain(text);
  });

  const wrong = (options: object) => () => progressBar({ epochs: 10, ...options } as never);
  itRejects([
    {
      what: 'no epochs',
      call: wrong({ epochs: 0 }),
      error: RangeError,
      code: 'ERR_BLASNET_ARG_VALUE',
      message: 'Expected epochs to be a positive integer, got 0 (number)',
    },
    {
      what: 'a start beyond the end',
      call: wrong({ startEpoch: 11 }),
      error: RangeError,
      code: 'ERR_BLASNET_ARG_VALUE',
      message: 'Expected startEpoch to be at most epochs (10), got 11 (number)',
    },
    {
      what: 'a stream that is none',
      call: wrong({ stream: 'stderr' }),
      error: TypeError,
      code: 'ERR_BLASNET_ARG_TYPE',
      message:
        'Expected stream to be a stream with a write method, such as process.stderr, got "stderr" (string)',
    },
    {
      what: 'an option that does not exist',
      call: wrong({ start: 1 }),
      error: TypeError,
      code: 'ERR_BLASNET_UNKNOWN_OPTION',
      message: 'Unknown option "start"; known: epochs, startEpoch, stream, now',
    },
  ]);
});

/** Returns the output of a program on its own terminal of 50 columns. A terminal turns \n into \r\n. */
function onTerminal(program: string): string {
  return execFileSync(
    'script',
    ['-qec', `stty cols 50 && "${process.execPath}" -e "$PROGRAM"`, '/dev/null'],
    {
      encoding: 'utf8',
      env: { ...process.env, TERM: 'xterm', PROGRAM: program },
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
}

// `script` gives a process its own terminal.
describe.runIf(process.platform === 'linux' && existsSync('/usr/bin/script'))(
  'the bar on a real terminal',
  () => {
    it('draws a line over itself', () => {
      const output = onTerminal(`
      const { progressBar } = require(${JSON.stringify(dist)});
      let time = 0;
      const bar = progressBar({ epochs: 2, now: () => time });
      for (const epoch of [1, 2]) { time += 1000; bar.update({ epoch, loss: 0.5 }); }
      bar.end();`);
      expect(output).toBe(
        '\repoch 1/2 [====>    ] loss 0.5 1 s left 1 s/epoch' +
          '\repoch 2/2 [=================] loss 0.5 2 s in all\r\n',
      );
    });

    const trained = (body: string) =>
      onTerminal(`
      const { Network } = require(${JSON.stringify(dist)});
      const layers = [{ inputDim: 2, outputDim: 1, activation: 'sigmoid' }];
      const net = new Network(layers, { seed: 1 });
      const [X, Y] = [new Float64Array(20), new Float64Array(10)];
      const stop = new AbortController();
      const at = (last, then) => ({ epoch }) => epoch === last ? then() : undefined;
      const fail = () => { throw new Error('mine'); };
      const options = { epochs: 5, progress: true };
      (async () => { ${body} })().then(() => console.log('done'), ({ message }) => console.log(message));`);
    // The bar draws the first epoch and the last; the others follow too fast.
    const lines = (last: number, message: string) =>
      new RegExp(
        `^\\repoch 1/5 \\[[^\\r]*(\\repoch [1-5]/5 \\[[^\\r]*)*\\repoch ${last}/5 \\[[^\\r]*\\r\\n${message}\\r\\n$`,
      );

    it.each([
      { what: 'fit', body: 'await net.fit(X, Y, options)', last: 5, message: 'done' },
      { what: 'fitSync', body: 'net.fitSync(X, Y, options)', last: 5, message: 'done' },
      { what: 'epochs', body: 'for await (const _ of net.epochs(X, Y, options));', last: 5, message: 'done' },
      {
        what: 'a loop that is left',
        body: 'for await (const { epoch } of net.epochs(X, Y, options)) if (epoch === 3) break',
        last: 3,
        message: 'done',
      },
      {
        what: 'a callback that ends fit',
        body: 'await net.fit(X, Y, { ...options, callbacks: at(3, () => false) })',
        last: 3,
        message: 'done',
      },
      {
        what: 'an error',
        body: 'await net.fit(X, Y, { ...options, callbacks: at(4, fail) })',
        last: 3,
        message: 'mine',
      },
      {
        what: 'an error of fitSync',
        body: 'net.fitSync(X, Y, { ...options, callbacks: at(4, fail) })',
        last: 3,
        message: 'mine',
      },
      {
        what: 'an abort',
        body: 'await net.fit(X, Y, { ...options, signal: stop.signal, callbacks: at(3, () => stop.abort()) })',
        last: 2,
        message: 'The operation was aborted',
      },
    ])('leaves the line after $what', ({ body, last, message }) => {
      expect(trained(body)).toMatch(lines(last, message));
    });

    it('counts from where a resumed training continues', () => {
      const output = trained(`
      const directory = ${JSON.stringify(newFolder())};
      await net.fit(X, Y, { epochs: 4, checkpoint: { directory } });
      await Network.resume(directory, X, Y, options);`);
      expect(output).toMatch(/^\repoch 5\/5 \[=*\] [^\r]*\r\ndone\r\n$/);
    });

    it('is not drawn without the option', () => {
      expect(trained('await net.fit(X, Y, { epochs: 3 })')).toBe('done\r\n');
    });
  },
);

it('no bar is drawn where stderr is no terminal', async () => {
  const ended = await inChild(async (path) => {
    const { Network }: Library = require(path);
    const net = new Network([{ inputDim: 2, outputDim: 1, activation: 'sigmoid' }]);
    await net.fit(new Float64Array(20), new Float64Array(10), { epochs: 3, progress: true });
    console.log('done');
  }, undefined);
  expect(ended).toEqual(endedWell('done'));
});
