import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseTime } from '../../lib/tables/parse';

const two = (number: number) => String(number).padStart(2, '0');

test('a time that a Date writes is read as its milliseconds, for all years of four digits', () => {
  const [first, last] = [Date.parse('0000-01-01T00:00:00.000Z'), Date.parse('9999-12-31T23:59:59.999Z')];
  fc.assert(
    fc.property(fc.integer({ min: first, max: last }), (time) => {
      const text = new Date(time).toISOString();
      expect(parseTime(text)).toBe(time);
      const day = new Date(time);
      day.setUTCHours(0, 0, 0, 0);
      expect(parseTime(text.slice(0, 10))).toBe(day.getTime());
      expect(parseTime(text.replace('Z', '+02:30'))).toBe(time - 9_000_000);
    }),
    { numRuns: 2000, seed: 1 },
  );
});

test('a day is read if the calendar has it', () => {
  for (const year of [0, 4, 99, 1900, 2000, 2023, 2024, 2100]) {
    for (let month = 0; month <= 13; month++) {
      for (let day = 0; day <= 32; day++) {
        const date = new Date(0);
        date.setUTCFullYear(year, month - 1, day);
        const exists = date.getUTCMonth() === month - 1 && date.getUTCDate() === day;
        const text = `${String(year).padStart(4, '0')}-${two(month)}-${two(day)}`;
        expect(parseTime(text), text).toBe(exists ? date.getTime() : undefined);
      }
    }
  }
});

test('hours, minutes and seconds have their limits; 24:00 is the end of a day', () => {
  const day = Date.parse('2024-02-29T00:00:00Z');
  expect(parseTime('2024-02-29 23:59:59.999999')).toBe(day + 86_399_999.999);
  expect(parseTime('2024-02-29T24:00')).toBe(day + 86_400_000);
  for (const text of ['T24:01', 'T25:00', 'T10:60', 'T10:00:60', 'T10:00+24', 'T10:00+01:60']) {
    expect(parseTime(`2024-02-29${text}`), text).toBeUndefined();
  }
});
