import { test } from 'vitest';
import { checkInputs } from './inputs-properties';

test('the inputs of 10,000 random tables are those of the definitions, by table, by records and by one record', () => {
  checkInputs(10_000);
});
