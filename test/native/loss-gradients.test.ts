// The kernels' gradients equal central differences: each activation before each loss that may follow it.

import { expect, it } from 'vitest';
import { native, SampleAxis } from '../../lib/addon/binding';
import { packRecord } from '../../lib/addon/records';
import type { FloatArray } from '../../lib/base/matrix';
import { activationCodes } from '../../lib/layers/activations';
import { lossEntry, lossNames } from '../../lib/layers/losses';
import * as oracle from '../support/oracle';
import { alpha, byInputs } from './activation-calls';
import { expectClose, float64 } from './helpers';
import { kernels } from './kernels';
import { activationsOf, labelsFor, labelsOf, turned } from './loss-calls';

const [m, outputs] = [7, 3];
const fused = (loss: string) => loss.endsWith('CrossEntropy');
const pairs = lossNames.flatMap((loss) => activationsOf(loss).map((name) => [name, loss] as const));

it.each(pairs)('the gradient of %s and %s is that of central differences', (name, loss) => {
  const { code } = lossEntry(loss);
  const weights = Float64Array.from(oracle.randomArray(m, 3, 0.5, 2));
  const kind = [activationCodes[name], alpha, SampleAxis.columns, m, outputs] as const;
  const options = packRecord('lossOptions', { labelSmoothing: fused(loss) ? 0.1 : 0, delta: 0.75 });
  const of = [code, options, m, outputs, m] as const;
  const Z = Float64Array.from(oracle.randomArray(m * outputs, 1, -2.5, 2.5));

  for (const rows of labelsFor(float64, loss, m, outputs)) {
    const Y = turned(float64, rows, m, labelsOf(loss, outputs));
    const A = new Float64Array(Z.length);
    const value = (dZ: FloatArray | null = null) => {
      native.activationForward(...kind, Z, A);
      return kernels.lossFromOutputs(...of, fused(loss) ? Z : A, Y, weights, 1, dZ);
    };
    const gradient = new Float64Array(Z.length);
    value(gradient);
    if (!fused(loss)) {
      const inputs = byInputs.includes(name) ? Z : null;
      native.activationBackward(...kind, gradient, inputs, A, gradient);
    }
    const numeric = oracle.centralDifferences(value as () => number, Z, 1e-5);
    expectClose(
      gradient,
      numeric,
      numeric.map((g) => 1e-6 * Math.max(0.1, Math.abs(g))),
    );
    // Hinge and the flat parts of hardSigmoid have some zeros.
    expect(gradient.filter((g) => g !== 0).length).toBeGreaterThan(2);
  }
});
