// examples/server/ under load, while it trains and swaps: every answer is that of one version, to the last bit.

import { expect, it } from 'vitest';
import { customer, Service } from './service.js';

const trainings = 6;

/** The same customer, as each route takes it, and how to read the probability that he does not pay. */
const asked = [
  {
    path: '/probabilities',
    body: customer,
    // biome-ignore lint/suspicious/noExplicitAny: an answer
    read: ({ version, probabilities }: any) => ({ version, bad: probabilities.bad }),
  },
  {
    path: '/probabilities/batch',
    body: [customer, customer, customer],
    // biome-ignore lint/suspicious/noExplicitAny: an answer
    read: ({ version, probabilities }: any) => ({
      version,
      // One number, if they are equal.
      bad: Number([...new Set(probabilities.map(({ bad }: { bad: number }) => bad))].join()),
    }),
  },
  {
    path: '/v2/models/credit/infer',
    body: {
      inputs: Object.entries(customer).map(([name, value]) => {
        const datatype = typeof value === 'string' ? 'BYTES' : 'FP64';
        return { name, shape: [1], datatype, data: [value] };
      }),
    },
    // biome-ignore lint/suspicious/noExplicitAny: an answer
    read: ({ model_version, outputs }: any) => ({ version: Number(model_version), bad: outputs[1].data[1] }),
  },
];

it('no answer fails or mixes two versions while the service trains, swaps and rolls back', async () => {
  const service = await Service.startReady();
  const answers = new Map<number, Set<number>>();
  const failures: unknown[] = [];
  let ending = false;
  let count = 0;

  const load = async ({ path, body, read }: (typeof asked)[number]) => {
    const text = JSON.stringify(body);
    while (!ending) {
      const answer = await service.post(path, text);
      if (answer.status !== 200) failures.push(answer.body);
      else {
        const { version, bad } = read(answer.body);
        answers.set(version, (answers.get(version) ?? new Set()).add(bad));
        count++;
      }
    }
  };
  const clients = [...asked, ...asked, ...asked, ...asked].map(load);

  const first = (await service.post('/probabilities', customer)).body.probabilities.bad;
  await expect.poll(() => answers.has(1)).toBe(true);
  for (let i = 0; i < trainings; i++) {
    await service.post('/training', { epochs: 4, seed: i });
    expect((await service.until('end')).at(-1)?.data.outcome).toBe('live');
  }
  const { version } = (await service.post('/model/rollback')).body;
  expect(version).toBe(trainings + 2);
  await expect.poll(() => answers.has(version)).toBe(true);
  ending = true;
  await Promise.all(clients);

  expect(failures).toEqual([]);
  expect(count).toBeGreaterThan(100);
  expect([...(answers.get(1) ?? [])]).toEqual([first]);
  for (const [number, told] of answers) expect(told.size, `version ${number}`).toBe(1);
  // What was live before the last swap is live again.
  expect(answers.get(version)).toEqual(answers.get(version - 2));
  expect(await service.stop()).toBe(0);
});
