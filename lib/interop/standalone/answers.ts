// What a module answers to a record, by its targets, and the types of the answers.

import { memberName, unionOf } from '../../base/typescript';
import type { ModelTable } from '../model-table';
import { list, literal, object } from './literals';

type Targets = ModelTable['targets'];
type Classes = Extract<Targets, { kind: 'classifier' }>;
type Numbers = Extract<Targets, { kind: 'regressor' }>;

export interface Answers {
  /** Constants with the names of targets and classes. */
  readonly facts: readonly string[];
  /** Functions of a record. */
  readonly code: readonly string[];
  /** The declarations of both. */
  readonly types: readonly string[];
}

/** @param bag whether several models answer, of which the bag has no quantiles and intervals */
export function answersOf(targets: Targets, bag = false): Answers {
  if (targets.kind === 'regressor') return numbersOf(targets, bag);
  return targets.single ? classOf(targets) : labelsOf(targets);
}

/** A function that answers one record or each of an array, and its declaration. */
function forRecords(name: string, answer: string): string {
  return `export function ${name}(records) {\n  return ofRecords(records, (record, row) => ${answer});\n}`;
}

function declared(name: string, answer: string, comment: string): string {
  return `/** ${comment} @throws TypeError or RangeError, with a code, that names row and column */
export function ${name}(record: Row): ${answer};
export function ${name}(records: readonly Row[]): ${answer}[];`;
}

function membersOf(names: readonly string[], type: string): string {
  return `{ ${names.map((name) => `${memberName(name)}: ${type}`).join('; ')} }`;
}

function classOf({ columns }: Classes): Answers {
  const [{ name, classes }] = columns as [Classes['columns'][number]];
  const binary = classes.length === 2;
  const place = binary
    ? 'outputsOf(record, row)[0] > 0.5 ? 1 : 0'
    : 'placeOfGreatest(outputsOf(record, row))';
  const names = classes.map(String);
  const probabilities = binary
    ? `// The network has the probability of the second class.
function probabilitiesOf([second]) {
  return namedValues(classes.map(String), (i) => (i === 0 ? 1 - second : second));
}`
    : `function probabilitiesOf(outputs) {
  return namedValues(classes.map(String), (i) => outputs[i]);
}`;
  return {
    facts: [`export const target = ${literal(name)};`, `export const classes = ${list(classes)};`],
    code: [
      forRecords('predict', `classes[${place}]`),
      forRecords('probabilities', 'probabilitiesOf(outputsOf(record, row))'),
      probabilities,
    ],
    types: [
      '/** The name of the column that the model predicts. */\nexport const target: string;',
      '/** The classes, in the order of their numbers. */\nexport const classes: readonly Answer[];',
      `export type Answer = ${unionOf(classes, typeof classes[0])};`,
      `export interface Probabilities ${unionOf(names, '') === '' ? '{ [name: string]: number }' : membersOf(names, 'number')}`,
      declared('predict', 'Answer', 'The class of a record, or those of each record.'),
      declared('probabilities', 'Probabilities', 'The probability of each class, by its name.'),
    ],
  };
}

function labelsOf({ columns }: Classes): Answers {
  const facts = columns.map(({ name, classes }) => object({ name: literal(name), classes: list(classes) }));
  const members = columns.map(
    ({ name, classes }) => `${memberName(name)}: ${unionOf(classes, typeof classes[0])}`,
  );
  const names = columns.map(({ name }) => name);
  return {
    facts: [`export const targets = [${facts.join(', ')}];`],
    code: [
      forRecords('predict', 'answerOf(outputsOf(record, row))'),
      forRecords('probabilities', 'probabilitiesOf(outputsOf(record, row))'),
      `function answerOf(outputs) {
  return namedValues(namesOfTargets(), (i) => targets[i].classes[outputs[i] > 0.5 ? 1 : 0]);
}`,
      `// Of the second class of each target
function probabilitiesOf(outputs) {
  return namedValues(namesOfTargets(), (i) => outputs[i]);
}`,
      `function namesOfTargets() {
  return targets.map(({ name }) => name);
}`,
    ],
    types: [
      '/** The columns that the model predicts, with their two classes. */\nexport const targets: readonly { name: string; classes: readonly (string | number | boolean)[] }[];',
      `export interface Answer { ${members.join('; ')} }`,
      `export interface Probabilities ${membersOf(names, 'number')}`,
      declared('predict', 'Answer', 'The class of each target.'),
      declared('probabilities', 'Probabilities', 'The probability of the second class of each target.'),
    ],
  };
}

function numbersOf({ single, columns, quantiles, intervals }: Numbers, bag: boolean): Answers {
  const [first] = columns as [string];
  const code: string[] = [];
  const types: string[] = [];
  const facts: string[] = [];
  if (single) {
    const median = quantiles?.indexOf(0.5);
    const answer =
      median === undefined ? 'outputsOf(record, row)[0]' : `outputsOf(record, row).sort()[${median}]`;
    facts.push(`export const target = ${literal(first)};`);
    code.push(forRecords('predict', answer));
    types.push(
      '/** The name of the column that the model predicts. */\nexport const target: string;',
      'export type Answer = number;',
      declared('predict', 'Answer', 'The number of a record, or those of each record.'),
    );
  } else {
    facts.push(`export const targets = ${list(columns)};`);
    code.push(forRecords('predict', 'answerOf(outputsOf(record, row))'));
    code.push('function answerOf(outputs) {\n  return namedValues(targets, (i) => outputs[i]);\n}');
    types.push(
      '/** The names of the columns that the model predicts. */\nexport const targets: readonly string[];',
      `export interface Answer ${membersOf(columns, 'number')}`,
      declared('predict', 'Answer', 'The number of each target.'),
    );
  }
  if (quantiles !== undefined && !bag) {
    const names = quantiles.map(String);
    facts.push(`export const levels = ${list(quantiles)};`);
    code.push(forRecords('quantiles', 'quantilesOf(outputsOf(record, row).sort())'));
    code.push(
      'function quantilesOf(outputs) {\n  return namedValues(levels.map(String), (i) => outputs[i]);\n}',
    );
    types.push(
      '/** The levels of the quantiles. */\nexport const levels: readonly number[];',
      `export interface Quantiles ${membersOf(names, 'number')}`,
      declared('quantiles', 'Quantiles', 'The quantiles, by their levels. They ascend.'),
    );
  }
  if (intervals !== undefined && !bag) {
    const outputs = quantiles === undefined ? 'outputsOf(record, row)' : 'outputsOf(record, row).sort()';
    code.push(forRecords('interval', `intervalOf(${outputs}, ${literal(intervals.margin)})`));
    code.push(`// From the least output to the greatest one, with a margin; a negative margin may turn it around
function intervalOf(outputs, margin) {
  const low = outputs[0];
  const high = outputs[outputs.length - 1];
  if (low - margin <= high + margin) return [low - margin, high + margin];
  return [(low + high) / 2, (low + high) / 2];
}`);
    types.push(
      declared(
        'interval',
        '[low: number, high: number]',
        `An interval that holds ${intervals.coverage} of new targets.`,
      ),
    );
  }
  return { facts, code, types };
}
