// The standalone module of a network: rows of numbers in, outputs or class names out.

import type { Work } from '../../addon/work';
import { classThreshold } from '../../samples/labels';
import type { Chain } from '../chain';
import { list, literal } from './literals';
import { madeBy, moduleText, type Standalone } from './module';
import { networkCode } from './network-code';
import { stepCode } from './numbers';

/** The module of a network. @throws like moduleText() */
export function* networkModule(chain: Chain): Work<Standalone> {
  const { lines, functions, arrays } = networkCode(chain);
  const { classes } = chain;
  const body = [...inputLines(chain), ...lines].map((line) => `  ${line}`).join('\n');
  const code = [
    predictCode,
    ...(classes === undefined ? [] : [classifyCode(chain)]),
    `// -> (${chain.outputs})\nfunction outputsOf(values, row) {\n${body}\n}`,
    ...functions,
    ...chain.before.map((step, i) => `const step${i} = ${stepCode(step).learned};`),
  ].join('\n\n');
  const facts = classes === undefined ? [] : [`export const classes = ${list(classes)};`];
  const head = [
    madeBy(),
    'A network: predict(row) gives the outputs of a row, predict(rows) those of each row.',
  ];
  return { module: yield* moduleText({ head, facts, code, arrays }), types: typesOf(chain) };
}

const predictCode = `export function predict(rows) {
  return ofRows(rows, (row, i) => Array.from(outputsOf(row, i)));
}`;

function classifyCode({ outputs, stages }: Chain): string {
  const last = stages.at(-1);
  const threshold = classThreshold(last?.kind === 'activation' ? last.activation.name : 'linear');
  const place =
    outputs === 1 ? `outputsOf(row, i)[0] > ${threshold} ? 1 : 0` : 'placeOfGreatest(outputsOf(row, i))';
  return `export function classify(rows) {\n  return ofRows(rows, (row, i) => classes[${place}]);\n}`;
}

/** The numbers of categories of a network's tables. */
function categoriesOf({ stages }: Chain): number[] {
  // The last row is for unknown categories.
  return stages.flatMap((stage) => (stage.kind === 'embed' ? stage.tables.map(({ rows }) => rows - 1) : []));
}

// The lines that read a row: x, and codes if the network has tables.
function inputLines(chain: Chain): string[] {
  const { inputs, before, dtype } = chain;
  const lines: string[] = [];
  const categories = categoriesOf(chain);
  const mixed = categories.length > 0;
  if (mixed) {
    lines.push('checkMixed(values, row);');
    lines.push(`const codes = codesIn(values.categories, ${list(categories)}, row);`);
  }
  let x = `numbersIn(${mixed ? (inputs === 0 ? '[]' : 'values.numbers') : 'values'}, ${inputs}, row)`;
  before.forEach((step, i) => {
    lines.push(`const input${i} = ${x};`);
    x = `${stepCode(step).call}(input${i}, row, step${i})`;
  });
  // The network takes floats.
  if (dtype === 'float32') x = `Float32Array.from(${x})`;
  const name = before.length > 0 ? 'the preprocessed X' : 'X';
  return [...lines, `const x = checkFinite(${x}, ${literal(name)}, row);`];
}

function typesOf(chain: Chain): string {
  const { classes, inputs, outputs } = chain;
  const tables = categoriesOf(chain).length;
  const numbers = `  /** ${inputs} numbers. */\n  readonly numbers: ArrayLike<number>;\n`;
  const row =
    tables === 0
      ? `/** ${inputs} numbers. */\nexport type Row = ArrayLike<number>;`
      : `/** The numbers of a row, and a code for each table, or -1. */\nexport interface Row {\n${
          inputs === 0 ? '' : numbers
        }  /** ${tables} codes. */\n  readonly categories: ArrayLike<number>;\n}`;
  const ofRows = (name: string, answer: string, comment: string) =>
    `/** ${comment} @throws TypeError or RangeError, with a code, that names the row */
export function ${name}(row: Row): ${answer};
export function ${name}(rows: readonly Row[]): ${answer.includes(' | ') ? `(${answer})` : answer}[];`;
  return `${[
    `// ${madeBy()}`,
    row,
    ofRows('predict', 'number[]', `The ${outputs} outputs of a row, or those of each row.`),
    ...(classes === undefined
      ? []
      : [
          '/** The names of the classes. */\nexport const classes: readonly Class[];',
          `export type Class = ${classes.map(literal).join(' | ')};`,
          ofRows('classify', 'Class', "The name of a row's class, or that of each row."),
        ]),
  ].join('\n\n')}\n`;
}
