// The schedule that uses CBLAS. Its oracle takes seconds, so it is not in plan-schedules.test.ts.

import { expect, it } from 'vitest';
import { network } from './plans';
import { testSchedules } from './schedules';

const architecture = network([1300, 1220, 1240, 5], ['relu', 'tanh', 'linear']);

testSchedules([{ what: 'swept by CBLAS', rows: 300, architecture, loss: 'meanSquaredError' }]);

it('the network here has two layers for CBLAS', () => {
  expect(architecture.filter(({ inputDim, outputDim }) => inputDim * outputDim >= 1_500_000).length).toBe(2);
});
