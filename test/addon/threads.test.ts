// The thread budget: its default, the calls that it applies to, and the number of threads that it allows.

import { readFileSync } from 'node:fs';
import { describe, expect, it, vi } from 'vitest';
import { defaultThreads } from '../../lib/addon/threads';
import { endedWell, inChild, type Library } from '../network/child';
import { layers } from '../network/helpers';
import { newFolder, write } from '../support/scratch';

const affinity = vi.hoisted(() => 16);
vi.mock('node:os', async (original) => ({
  ...(await original<typeof import('node:os')>()),
  availableParallelism: () => affinity,
}));

describe('the default threads', () => {
  const v2 = 'sys/fs/cgroup/cpu.max';
  const own = 'proc/self/cgroup';
  const nested = (file: string, mounted = '') => `sys/fs/cgroup${mounted}/system.slice/app.service/${file}`;
  const quota = 'sys/fs/cgroup/cpu/cpu.cfs_quota_us';
  const period = 'sys/fs/cgroup/cpu/cpu.cfs_period_us';

  it.each<{ what: string; files: Record<string, string>; threads: number }>([
    { what: 'no control groups', files: {}, threads: affinity },
    { what: 'no limit', files: { [v2]: 'max 100000\n' }, threads: affinity },
    { what: 'a part of a processor', files: { [v2]: '50000 100000\n' }, threads: 1 },
    { what: 'a hundredth of one', files: { [v2]: '1000 100000\n' }, threads: 1 },
    { what: 'one processor', files: { [v2]: '100000 100000\n' }, threads: 1 },
    { what: 'one processor and a little', files: { [v2]: '100001 100000\n' }, threads: 2 },
    { what: 'one processor and a half', files: { [v2]: '150000 100000\n' }, threads: 2 },
    { what: 'four processors, in another period', files: { [v2]: '200000 50000\n' }, threads: 4 },
    { what: 'more processors than there are', files: { [v2]: '9900000 100000\n' }, threads: affinity },
    { what: 'no limit in version 1', files: { [quota]: '-1\n', [period]: '100000\n' }, threads: affinity },
    {
      what: 'one processor and a half in version 1',
      files: { [quota]: '150000\n', [period]: '100000\n' },
      threads: 2,
    },
    { what: 'a quota without a period in version 1', files: { [quota]: '150000\n' }, threads: affinity },
    { what: 'a period of 0', files: { [quota]: '150000\n', [period]: '0\n' }, threads: affinity },
    {
      what: 'both versions, where the second holds',
      files: { [v2]: '300000 100000\n', [quota]: '1', [period]: '1' },
      threads: 3,
    },
    {
      what: 'an empty file, and a limit in version 1',
      files: { [v2]: '', [quota]: '300000', [period]: '100000' },
      threads: 3,
    },
    { what: 'a quota without a period', files: { [v2]: '150000\n' }, threads: affinity },
    { what: 'what is no number', files: { [v2]: 'a b\n' }, threads: affinity },
    {
      what: 'a limit in a nested group',
      files: { [own]: '0::/system.slice/app.service\n', [nested('cpu.max')]: '200000 100000\n' },
      threads: 2,
    },
    {
      what: 'a limit around its nested group',
      files: {
        [own]: '0::/system.slice/app.service\n',
        [nested('cpu.max')]: 'max 100000\n',
        'sys/fs/cgroup/system.slice/cpu.max': '300000 100000\n',
      },
      threads: 3,
    },
    {
      what: 'several limits, of which the least holds',
      files: {
        [own]: '0::/system.slice/app.service\n',
        [nested('cpu.max')]: '500000 100000\n',
        'sys/fs/cgroup/system.slice/cpu.max': '200000 100000\n',
        [v2]: '400000 100000\n',
      },
      threads: 2,
    },
    {
      what: 'a path that its container does not show',
      files: { [own]: '0::/docker/0123/app\n', [v2]: '300000 100000\n' },
      threads: 3,
    },
    {
      what: 'a path above what is mounted',
      files: { [own]: '0::/../../other\n', [v2]: '300000 100000\n' },
      threads: 3,
    },
    {
      what: 'a limit in a nested group of version 1',
      files: {
        [own]: '7:memory:/m\n4:cpu,cpuacct:/system.slice/app.service\n3:cpuset:/c\n0::/\n',
        [nested('cpu.cfs_quota_us', '/cpu')]: '200000\n',
        [nested('cpu.cfs_period_us', '/cpu')]: '100000\n',
        [quota]: '500000\n',
        [period]: '100000\n',
      },
      threads: 2,
    },
  ])('are $threads for a cgroup with $what', ({ files, threads }) => {
    const root = newFolder();
    for (const [file, content] of Object.entries(files)) write(root, file, content);
    expect(defaultThreads(`${root}/`)).toBe(threads);
  });
});

describe.runIf(process.platform === 'linux')('the threads of a process', () => {
  const allowed = /^Cpus_allowed_list:\s*(\d+)/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1];

  it('there is one thread when the process may use one processor', async () => {
    const ended = await inChild((path, cpu) => {
      require('node:child_process').execFileSync('taskset', ['-pc', cpu, process.pid], { stdio: 'ignore' });
      const { getThreads }: Library = require(path);
      console.log(getThreads());
    }, allowed);
    expect(ended).toEqual(endedWell('1'));
  });

  it('the budget is one for all its threads, and a worker that loads the library leaves it', async () => {
    const ended = await inChild(async (path) => {
      const { Worker } = require('node:worker_threads');
      const answer = (body: string) => {
        const program = `const lib = require(${JSON.stringify(path)});
          ${body};
          require('node:worker_threads').parentPort.postMessage(lib.getThreads());`;
        return new Promise((resolve, reject) => {
          new Worker(program, { eval: true }).once('message', resolve).once('error', reject);
        });
      };
      const answers = [await answer('lib.setThreads(7)')];
      const { getThreads, setThreads }: Library = require(path);
      answers.push(getThreads());
      setThreads(5);
      answers.push(await answer(''), await answer('lib.setThreads(3)'), getThreads());
      console.log(answers.join(' '));
    }, undefined);
    expect(ended).toEqual(endedWell('7 7 5 3 3'));
  });

  it.each([1, 2, 8])(
    'a budget of %i bounds the threads, however many trainings there are',
    async (budget) => {
      const trainings = 6;
      const ended = await inChild(
        async (path, { architecture, budget, trainings }) => {
          const { readdirSync } = require('node:fs');
          const { Network, setThreads }: Library = require(path);
          const threads = () => readdirSync('/proc/self/task').length;
          const X = new Float64Array(40_000).map((_, i) => Math.sin(i));
          const Y = new Float64Array(4000);
          setThreads(1);
          // Now Node and BLAS have started their own threads.
          const first = new Network(architecture, { seed: 0 });
          first.fitSync(X, Y, { epochs: 1 });
          await first.predict(X);
          const before = threads() - 1;
          setThreads(budget);
          let most = 0;
          for (let round = 0; round < 10; round++) {
            let open = trainings;
            for (let seed = 1; seed <= trainings; seed++) {
              const net = new Network(architecture, { seed });
              net.fit(X, Y, { epochs: 4, batchSize: 'full' }).then(() => open--);
            }
            while (open > 0) {
              most = Math.max(most, threads() - before);
              await new Promise((resolve) => setImmediate(resolve));
            }
          }
          // Each training has one thread, and one that has just called back; the budget allows the helpers.
          const bound = 2 * trainings + budget - 1;
          console.log(most <= bound ? 'bounded' : `${most} threads, not up to ${bound}`);
        },
        { architecture: layers([10, 40, 40, 1], 'relu', 'sigmoid'), budget, trainings },
      );
      expect(ended).toEqual(endedWell('bounded'));
    },
  );

  it('all threads sleep when there is nothing to do', async () => {
    const ended = await inChild(
      async (path, architecture) => {
        const { readdirSync, readFileSync } = require('node:fs');
        const { Network, setThreads }: Library = require(path);
        setThreads(4);
        const X = new Float64Array(40_000).map((_, i) => Math.sin(i));
        const net = new Network(architecture, { seed: 1 });
        await net.fit(X, new Float64Array(4000), { epochs: 3, batchSize: 'full' });
        net.predictSync(X);
        const others = () =>
          readdirSync('/proc/self/task').filter((thread: string) => Number(thread) !== process.pid);
        // The file holds: number (name) state ...
        const sleeps = (thread: string) =>
          /\) S /.test(readFileSync(`/proc/self/task/${thread}/stat`, 'utf8'));
        // If a thread spins, one of these rounds finds it running, and the test does not end.
        for (let still = 0; still < 50; ) {
          still = others().every(sleeps) ? still + 1 : 0;
          await new Promise((resolve) => setImmediate(resolve));
        }
        console.log('asleep');
      },
      layers([10, 40, 40, 1], 'relu', 'sigmoid'),
    );
    expect(ended).toEqual(endedWell('asleep'));
  });
});
