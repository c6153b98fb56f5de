// docs/serving.md: its tables of blasnet/serving agree with the library.

import { once } from 'node:events';
import { describe, expect, test } from 'vitest';
import { Network } from '../../lib';
import { errorClasses } from '../../lib/base/errors';
import { Batcher, httpStatus, ModelSlot } from '../../lib/serving';
import { codeIn, codeOf, namesIn, optionsOf, optionsTaken, tableOf, toldDefaults } from './markdown';

const page = 'docs/serving.md';
const net = new Network([{ inputDim: 1, outputDim: 1, activation: 'linear' }], { seed: 1 });

/** The names of the members in the first column of a table, and the options of the calls among them. */
function membersIn(firstColumn: string) {
  const codes = namesIn(page, firstColumn);
  const names = codes.map((code) => code.replace(/^new /, '').replace(/\(.*/, ''));
  const options = new Map(
    codes.flatMap((code, i) => {
      const [, list] = /\{ (.*) \}/.exec(code) ?? [];
      return list === undefined ? [] : [[names[i] as string, list.split(', ').sort()] as const];
    }),
  );
  return { names, options };
}

function membersOf(object: object): string[] {
  return Object.getOwnPropertyNames(Object.getPrototypeOf(object)).filter((name) => name !== 'constructor');
}

describe('ModelSlot', () => {
  test('has the members and options of the table', async () => {
    const slot = new ModelSlot(net);
    const { names, options } = membersIn('Member of a ModelSlot');
    expect(names.sort()).toEqual(['ModelSlot', ...membersOf(slot)].sort());
    expect(options.get('ModelSlot')).toEqual(await optionsTaken((given) => new ModelSlot(net, given)));
    expect(options.get('swap')).toEqual((await optionsTaken((given) => slot.swap(net, given))).sort());
    const history = tableOf(page, 'Member of a ModelSlot').find(({ Meaning = '' }) =>
      Meaning.includes('{ version'),
    );
    expect(history?.Meaning).toContain(`{ ${Object.keys(slot.history[0] as object).join(', ')} }`);
    for (const next of [2, 3, 4]) expect(await slot.swap(net)).toBe(next);
    expect(slot.history.map(({ version }) => version)).toEqual([4, 3, 2]); // `keep` is 2
  });
});

describe('Batcher', () => {
  const batcher = new Batcher(net);
  test('has the members of the table', async () => {
    const { names, options } = membersIn('Member of a Batcher');
    expect(names.sort()).toEqual(['Batcher', ...membersOf(batcher)].sort());
    for (const method of ['predict', 'probabilities'] as const) {
      expect(options.get(method)).toEqual(await optionsTaken((given) => batcher[method]([1], given)));
    }
  });

  test('has the options and defaults of the table', async () => {
    const told = optionsOf(page, 'Option of a Batcher');
    expect([...told.keys()].sort()).toEqual((await optionsTaken((given) => new Batcher(net, given))).sort());
    expect(toldDefaults(told)).toEqual({ maxBatch: 256, maxDelay: 0, maxQueue: 10_000, atOnce: 32_768 });
    const waits = new Batcher(net, { atOnce: 0 });
    const calls = Array.from({ length: 10_001 }, () => waits.predict([1]));
    await expect(calls.at(-1)).rejects.toMatchObject({ code: 'ERR_BLASNET_QUEUE_FULL' });
    await waits.close();
    expect(waits.figures()).toMatchObject({ answered: 10_000, batches: Math.ceil(10_000 / 256) });
  });

  test('has the figures of the table', () => {
    const figures = batcher.figures();
    expect(namesIn(page, 'Figure').sort()).toEqual(Object.keys(figures).sort());
    const [{ Meaning = '' } = {}] = tableOf(page, 'Figure').slice(-1);
    expect(codeIn(Meaning)).toEqual([`{ ${Object.keys(figures.batchSize).join(', ')} }`]);
  });

  test('has the rules of the table, with the first value as the default', () => {
    for (const row of tableOf(page, 'Rule')) {
      const rule = codeOf(row, 'Rule');
      const [first, ...others] = codeIn(row.Values as string).map((code) => code.slice(1, -1));
      for (const value of [first, ...others]) new Batcher(net, { input: { [rule]: value } });
      expect(() => new Batcher(net, { input: { [rule]: 'other' as never } })).toThrow(
        `Expected input.${rule}`,
      );
    }
    expect(() => new Batcher(net, { input: { other: 1 } as never })).toThrow('Unknown option "other"');
  });
});

test('httpStatus gives each code the status of the table', () => {
  const told = new Map<string, number>();
  for (const row of tableOf(page, 'Code')) {
    for (const code of codeIn(row.Code as string))
      if (/^[A-Z_]+$/.test(code)) told.set(code, Number(row.Status));
  }
  expect(told.size).toBe(12);
  const statusOf = (code: string) => httpStatus(Object.assign(new Error('any'), { code }));
  for (const code of [...Object.keys(errorClasses), 'ABORT_ERR']) {
    expect([code, statusOf(code)]).toEqual([code, told.get(code) ?? 500]);
  }
  expect(httpStatus(new SyntaxError('no JSON'))).toBe(400);
  expect(
    httpStatus(Object.assign(new TypeError('any'), { code: 'ERR_BLASNET_ARG_TYPE', field: 'age' })),
  ).toBe(422);
  expect(['text', null, undefined, {}, new Error('any')].map(httpStatus)).toEqual([500, 500, 500, 500, 500]);
  // Every object inherits these names.
  expect([{ code: 'constructor' }, { code: Object.create(null) }].map(httpStatus)).toEqual([500, 500]);
});

test('httpStatus tells a caller that has gone from a time that is over', async () => {
  const batcher = new Batcher(new Network([{ inputDim: 1, outputDim: 1, activation: 'linear' }]), {
    atOnce: 0,
  });
  const reasonOf = (signal: AbortSignal) => batcher.predict([1], { signal }).catch((error: unknown) => error);
  const timeout = AbortSignal.timeout(0);
  await once(timeout, 'abort');
  for (const [signal, status] of [[AbortSignal.abort(), 499] as const, [timeout, 504] as const]) {
    expect(httpStatus(await reasonOf(signal))).toBe(status);
    // What signal.throwIfAborted() throws.
    expect(httpStatus(signal.reason)).toBe(status);
  }
});
