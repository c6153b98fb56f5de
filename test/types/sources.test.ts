// The public types of sources.
// This file must compile, except the lines under @ts-expect-error: see network.test.ts.

import { describe, expectTypeOf, test } from 'vitest';
import type { EpochReport, History, Matrix, Network, Source } from '../../lib/index';
import type { Classifier as ClassifierClass, ClassName, Table } from '../../lib/tabular';
import { Classifier, samplesFrom, scanTable } from '../../lib/tabular';

/** Compiled and never run. */
function compiled(_: (net: Network, source: Source, X: Matrix) => unknown): void {}

describe('the types of sources', () => {
  test('let fit give the history that fit on arrays gives', () => {
    compiled(async (net, source) => {
      expectTypeOf(await net.fit(source, { epochs: 1 })).toEqualTypeOf<History>();
      const options = { epochs: 1, metrics: ['f1'], validationSplit: 0.1 } as const;
      const history = await net.fit(source, options);
      expectTypeOf(history.valF1).toEqualTypeOf<number[]>();
      for await (const report of net.epochs(source, { epochs: 1, validationData: source }))
        expectTypeOf(report).toExtend<EpochReport>();
      expectTypeOf(net.predict(source)).toEqualTypeOf<AsyncGenerator<Matrix, void, undefined>>();
      const { rocAuc } = await net.evaluate(source, { metrics: ['rocAuc'] });
      expectTypeOf(rocAuc).toEqualTypeOf<number>();
    });
  });

  test('take generator functions, async ones, arrays of chunks and scans', () => {
    compiled(async (net, _, X) => {
      const chunk = { X, Y: [1, 2] };
      net.fit(
        function* () {
          yield chunk;
        },
        { epochs: 1, windowRows: 1024 },
      );
      net.fit(
        async function* () {
          yield { ...chunk, sampleWeight: [1, 2] };
        },
        { epochs: 1 },
      );
      net.fit([chunk, chunk], { epochs: 1 });
      const model = await Classifier.train(scanTable('a.csv'), { target: 'y', windowRows: 1024 });
      expectTypeOf(model).toEqualTypeOf<ClassifierClass>();
      Classifier.train(['a.csv', 'b.csv'], { target: 'y' });
      net.fit(samplesFrom(['a.csv'], { target: 'y' }), { epochs: 1 });
      net.predict(samplesFrom(scanTable('a.csv'), { inputs: ['a'] }));
      Classifier.train((): Table[] => [], { target: 'y' });
      expectTypeOf(model.predict(scanTable('a.csv'))).toEqualTypeOf<
        AsyncGenerator<ClassName[], void, undefined>
      >();
      expectTypeOf(model.probabilities(['a.csv'])).toEqualTypeOf<AsyncGenerator<Table, void, undefined>>();
      expectTypeOf(model.predict([{ a: 1 }])).toEqualTypeOf<Promise<ClassName[]>>();
      expectTypeOf(model.predict({ a: 1 })).toEqualTypeOf<ClassName>();
    });
  });

  test('refuse what a source cannot have', () => {
    compiled((net, source, X) => {
      // @ts-expect-error: arrays have no windows
      net.fit(X, X, { epochs: 1, windowRows: 5 });
      // @ts-expect-error: the chunks have the weights
      net.fit(source, { epochs: 1, sampleWeight: [1] });
      // @ts-expect-error: not all rows are in memory
      net.fit(source, { epochs: 1, batchSize: 'full' });
      // @ts-expect-error: a chunk needs Y
      net.fit([{ X }], { epochs: 1 });
      // @ts-expect-error: these chunks have no Y
      net.fit(samplesFrom(['a.csv']), { epochs: 1 });
      // @ts-expect-error: it would block the thread
      net.fitSync(source, { epochs: 1 });
    });
  });
});
