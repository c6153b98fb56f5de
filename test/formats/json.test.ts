// JSON from files: read like JSON.parse reads it, within bounds.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { pause, type Work, workHere } from '../../lib/addon/work';
import { checkJson, deepest, type Json, mostParts } from '../../lib/formats/json';
import { parseJson } from '../../lib/formats/json-reader';
import { thrownBy } from '../support/bad-input';

const settings = { seed: 1, numRuns: 2000 };
const parse = (text: string): Json => workHere(parseJson(text, 'the text', 'file'));

// A lone surrogate has no UTF-8.
const isWellFormed = (text: string) => !/\p{Surrogate}/u.test(text);
const key = fc.string().filter((text) => text !== '__proto__' && isWellFormed(text));
const { value } = fc.letrec<{ value: Json }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 5 },
    fc.constantFrom(null, true, false, -0, 0, 1e-7, 1e300, Number.MIN_VALUE),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.integer(),
    fc.string({ unit: 'grapheme' }),
    fc.string({ unit: 'binary' }).filter((text) => isWellFormed(text)),
    fc.array(tie('value')),
    fc.dictionary(key, tie('value')),
  ),
}));

/** JSON of a value, with white space between its parts, and with escapes that it does not need. */
const texts = fc
  .record({ value, space: fc.constantFrom('', ' ', '\n\t', ' \r\n '), escaped: fc.boolean() })
  .map((row) => {
    const text = JSON.stringify(row.value, null, row.space);
    if (!row.escaped) return text;
    return text.replace(/[^\0-\x7f]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
  });

describe('parseJson', () => {
  it('gives what JSON.parse gives for every JSON', () => {
    fc.assert(
      fc.property(texts, (text) => {
        expect(parse(text)).toEqual(JSON.parse(text));
      }),
      settings,
    );
  });

  it('refuses what JSON.parse refuses, and gives nothing else, for JSON with a changed character', () => {
    const changes = fc.record({
      text: texts,
      at: fc.nat(),
      by: fc.constantFrom('', ...'"\\,:[]{}01-+.eEtfnu \t\n\0é\u2028'),
    });
    let refused = 0;
    fc.assert(
      fc.property(changes, ({ text, at, by }) => {
        const place = at % (text.length + 1);
        const changed = text.slice(0, place) + by + text.slice(place + 1);
        if (!isWellFormed(changed)) return;
        let expected: unknown;
        try {
          expected = JSON.parse(changed);
        } catch {
          refused++;
          expect(() => parse(changed)).toThrow('to be JSON as this library writes it');
          return;
        }
        let got: Json;
        try {
          got = parse(changed);
        } catch (error) {
          // The few texts that only this reader refuses.
          expect(((error as Error).cause as Error).message).toMatch(
            /unique|surrogates|__proto__|finite|a JSON value|UTF-8/,
          );
          return;
        }
        expect(got).toEqual(expected);
      }),
      settings,
    );
    expect(refused).toBeGreaterThan(500);
  });

  it('gives long strings whose characters and escapes stand on every border of its pieces', () => {
    for (const unit of ['é', '😀', '\\u00e9', '\\ud83d\\ude00', '\\n', '\\\\', '\\"', '\\\\u0041']) {
      for (let shift = 0; shift < 13; shift++) {
        const text = `["${'x'.repeat(2 ** 16 - shift)}${unit.repeat(40)}${'y'.repeat(2 ** 16)}","${unit}"]`;
        expect(parse(text)).toEqual(JSON.parse(text));
      }
    }
  });

  const refused: [string, string, RegExp][] = [
    [
      'a key twice',
      '{"a":1,"b":2,"a":3}',
      /a key of the text \(byte 13\) of "file" to be unique, got "a" again$/,
    ],
    ['the key __proto__', '[{"__proto__":{}}]', /another one than __proto__/],
    ['half of a pair', '"\\ud83d"', /without lone surrogates/],
    ['the other half of a pair', `"${'x'.repeat(70_000)}\\ude00"`, /without lone surrogates/],
    ['an infinite number', '[1e999]', /to be a finite number, got 1e999$/],
    ['a number of many digits', `[${'1'.repeat(40)}]`, /the text after an element/],
    ['a control character', '["a\nb"]', /a JSON string/],
    ['no text', '', /a JSON value/],
    ['a second value', '1 2', /only spaces/],
    ['a comma at the end', '[1,]', /a JSON value/],
    ['a text without its end', '["abc', /one without an end/],
    ['a text whose end is escaped', '["abc\\"', /one without an end/],
    [
      'too many levels',
      '['.repeat(deepest + 2) + ']'.repeat(deepest + 2),
      /at most 100 lists and objects deep/,
    ],
    [
      'too many levels of objects',
      '{"a":'.repeat(200) + 1 + '}'.repeat(200),
      /at most 100 lists and objects deep/,
    ],
    [
      'too many lists',
      `[${'[],'.repeat(mostParts)}1]`,
      /of at most 1048576 lists, objects and fields, got more/,
    ],
    [
      'too many objects',
      `[${'{},'.repeat(mostParts)}1]`,
      /of at most 1048576 lists, objects and fields, got more/,
    ],
  ];

  it.each(refused)('refuses %s, and says why', (_, text, cause) => {
    const error = thrownBy(() => parse(text)) as Error;
    expect(error).toMatchObject({
      code: 'ERR_BLASNET_FILE',
      message: expect.stringMatching(
        /^Expected the text of "file" to be JSON as this library writes it, got "/,
      ),
    });
    expect((error.cause as Error).message).toMatch(cause);
  });

  it('pauses often in a long text, whatever it consists of', () => {
    const size = 2 ** 21;
    const kinds = {
      names: JSON.stringify(Array.from({ length: size / 8 }, (_, i) => `n${i}`)),
      numbers: `[${'0,'.repeat(size / 2)}0]`,
      lists: `[${'[],'.repeat(size / 3)}0]`,
      fields: `{${Array.from({ length: size / 8 }, (_, i) => `"${i}":0`).join()}}`,
      letters: `"${'a'.repeat(size)}"`,
      escapes: `"${'\\n'.repeat(size / 2)}"`,
    };
    for (const [what, text] of Object.entries(kinds)) {
      expect(pausesOf(parseJson(text, 'the text', 'file')), what).toBeGreaterThanOrEqual(
        text.length / 2 ** 17,
      );
    }
  });
});

function pausesOf(work: Work<unknown>): number {
  let pauses = 0;
  for (let step = work.next(); !step.done; step = work.next()) if (step.value === pause) pauses++;
  return pauses;
}

describe('checkJson', () => {
  it('refuses what parseJson would refuse for its size, before it is written', () => {
    const list = Array.from({ length: mostParts }, () => []);
    expect(thrownBy(() => checkJson('state', list))).toMatchObject({
      code: 'ERR_BLASNET_ARG_VALUE',
      message: expect.stringMatching(
        /to be part of at most 1048576 lists, objects and fields, got an array of length 0$/,
      ),
    });
    list.pop();
    checkJson('state', list);
    expect(parse(JSON.stringify(list))).toHaveLength(mostParts - 1);
  });

  it('takes a million names', () => {
    const names = Array.from({ length: 1e6 }, (_, i) => `name ${i}`);
    checkJson('names', names);
    expect(parse(JSON.stringify(names))).toEqual(names);
  });
});
