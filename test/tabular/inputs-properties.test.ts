import { test } from 'vitest';
import { checkInputs } from './inputs-properties';

test('the inputs of 300 random tables are those of the definitions, by table, by records and by one record', () => {
  checkInputs(300);
});
