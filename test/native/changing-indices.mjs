/**
 * Calls native code while another thread rewrites the indices that it reads. changing-indices.test.mts runs this. If every
 * call returns or throws an Error, the process ends with status 0 and prints how many calls did what.
 */
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { rightArguments } from './arguments.mjs';
import { callsOf } from './calls.mjs';

const require = createRequire(import.meta.url);
const native = require('node-gyp-build')(fileURLToPath(new URL('../..', import.meta.url)));
const { methods, planArguments } = callsOf(native);
const rounds = 5000;

/** @typedef {Uint32Array<SharedArrayBuffer> | Int32Array<SharedArrayBuffer>} Indices */

/** @param {number[]} values */
const unsigned = (values) => {
  const array = new Uint32Array(new SharedArrayBuffer(4 * values.length));
  array.set(values);
  return array;
};
/** @param {number[]} values */
const signed = (values) => {
  const array = new Int32Array(new SharedArrayBuffer(4 * values.length));
  array.set(values);
  return array;
};
const outcome = () => new Float64Array(new SharedArrayBuffer(8 * 8));
const rows = new native.Rows({ outcome: outcome() });
const generator = new native.Generator({ outcome: outcome() });
const metrics = new native.Metrics({ outcome: outcome() });

const count = 64;
const order = unsigned(Array.from({ length: count }, (_, i) => i));
const numbers = signed(Array.from({ length: count }, (_, i) => i % 3));
const state = unsigned(Array.from({ length: 625 }, () => 7));
const position = state.subarray(624);
position[0] = 300;
const kinds = { Float64Array, Float32Array };

/** What is called, and the indices that change meanwhile. @type {Record<string, { indices: Indices, call: () => void }>} */
const cases = {};

for (const [name, Float] of Object.entries(kinds)) {
  for (const cols of [1, 2, 4, 7]) {
    const from = new Float(count * cols);
    const out = new Float(count * cols);
    cases[`take ${cols} of ${name}`] = {
      indices: order,
      call: () => rows.take({ from, rows: count, cols, index: order, out }),
    };
  }
  const weights = new Float(count).fill(1);
  const given = { weights, labels: numbers, cols: 1, ofClass: Float64Array.of(1, 2, 3), rows: count };
  cases[`weigh classes ${name}`] = {
    indices: numbers,
    call: () => rows.weigh({ ...given, scale: 1, out: new Float(count) }),
  };
  cases[`count classes with weights ${name}`] = {
    indices: numbers,
    call: () =>
      rows.countClasses({ labels: numbers, cols: 1, rows: count, weights, counts: new Float64Array(3) }),
  };
  const encoded = { numbers, rows: count, classes: 3, cols: 3, off: 0, on: 1 };
  cases[`encodeClasses ${name}`] = {
    indices: numbers,
    call: () => rows.encodeClasses({ ...encoded, out: new Float(3 * count) }),
  };
  cases[`orders of a state ${name}`] = {
    indices: position,
    call: () => generator.uniform({ state, low: 0, range: 1, out: new Float(700) }),
  };
  // A network with embeddings: 5 rows.
  const plan = new native.Plan(...rightArguments(planArguments, Float));
  const [train] = /** @type {[Record<string, any>]} */ (rightArguments(methods.train ?? [], Float));
  const trainOrder = unsigned([...train.order]);
  const codes = signed([...train.codes]);
  cases[`train by an order ${name}`] = {
    indices: trainOrder,
    call: () => plan.train({ ...train, order: trainOrder }),
  };
  cases[`train with codes ${name}`] = { indices: codes, call: () => plan.train({ ...train, codes }) };
  const predicted = new Float(10);
  cases[`predict with codes ${name}`] = {
    indices: codes,
    call: () => plan.predict(train.X, codes, 5, predicted),
  };
}
cases.countClasses = {
  indices: numbers,
  call: () => rows.countClasses({ labels: numbers, rows: count, cols: 1, counts: new Float64Array(3) }),
};
cases.stratify = {
  indices: order,
  call: () =>
    rows.stratify({ labels: numbers, rows: count, cols: 1, quotas: Float64Array.of(9, 9, 9), order }),
};
cases['stratify classes'] = {
  indices: numbers,
  call: () =>
    rows.stratify({ labels: numbers, rows: count, cols: 1, quotas: Float64Array.of(9, 9, 9), order }),
};
cases.checkOrder = { indices: order, call: () => rows.checkOrder(order) };
cases['orders of a state'] = {
  indices: position,
  call: () => generator.orders({ state, from: null, size: 50, count: 50, orders: new Uint32Array(50) }),
};
{
  const columns = unsigned([0, 1, 2, 3, 4, 5]);
  const learner = new native.Columns(outcome());
  const given = { X: new Float64Array(60).fill(1), rows: 10, width: 6, columns, skipMissing: false };
  const results = () => ({ least: new Float64Array(6), most: new Float64Array(6) });
  cases['columns to learn'] = { indices: columns, call: () => learner.extremes({ ...given, ...results() }) };
}
{
  const size = native.records.comparison.length;
  const record = new Float64Array(size);
  const place = (/** @type {string} */ field) => native.records.comparison.indexOf(field);
  for (const [field, value] of Object.entries({ rows: count, cols: 3, indices: 1, classes: 1, k: 1 })) {
    record[place(field)] = value;
  }
  const given = { numbers: record, labels: numbers, predictions: new Float64Array(3 * count), weights: null };
  cases['confusions of indices'] = {
    indices: numbers,
    call: () => metrics.countConfusions({ ...given, means: null, results: new Float64Array(9) }),
  };
}

// The writer: gives one index after another a value out of range, and then its own value again. control[0] is the number
// of the case, or -1: the end.
const control = new Int32Array(new SharedArrayBuffer(4));
// Cases share arrays, so the writer may still hold the value of an index from one case when the next begins.
const own = new Map(Object.values(cases).map(({ indices }) => [indices, indices.slice()]));
const writer = new Worker(
  `const { workerData: { control, arrays } } = require('node:worker_threads');
   const own = arrays.map((array) => array.slice());
   for (let i = 0; ; i++) {
     const at = Atomics.load(control, 0);
     if (at < 0) break;
     const array = arrays[at], k = i % array.length;
     Atomics.store(array, k, [0x7ffffff0, 0xfffffff0, array.length + 1][i % 3]);
     Atomics.store(array, k, own[at][k]);
   }`,
  { eval: true, workerData: { control, arrays: Object.values(cases).map(({ indices }) => indices) } },
);
await new Promise((resolve) => writer.once('online', resolve));
const totals = { returned: 0, threw: 0 };
for (const [at, { indices, call }] of Object.values(cases).entries()) {
  Atomics.store(control, 0, at);
  let returned = 0;
  for (let round = 0; round < rounds; round++) {
    try {
      call();
      returned++;
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      totals.threw++;
      // What a call had moved before its error may be no order any more.
      if (indices !== position) indices.set(own.get(indices) ?? []);
    }
  }
  if (returned === 0) throw new Error(`no call returned: ${Object.keys(cases)[at]}`);
  totals.returned += returned;
}
Atomics.store(control, 0, -1);
console.log(`${totals.returned} calls returned, ${totals.threw} threw`);
