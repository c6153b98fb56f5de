// Tensors of the Open Inference Protocol: records from columns, and columns from answers.

import { ServiceError } from './failures.mjs';

const integer = (least, greatest) => (value) =>
  Number.isSafeInteger(value) && value >= least && value <= greatest;
const real = (value) => typeof value === 'number';

/** What an element of a datatype is in JSON. */
const elements = {
  BOOL: (value) => typeof value === 'boolean',
  UINT8: integer(0, 2 ** 8 - 1),
  UINT16: integer(0, 2 ** 16 - 1),
  UINT32: integer(0, 2 ** 32 - 1),
  // As far as a number of JSON is exact.
  UINT64: integer(0, Number.MAX_SAFE_INTEGER),
  INT8: integer(-(2 ** 7), 2 ** 7 - 1),
  INT16: integer(-(2 ** 15), 2 ** 15 - 1),
  INT32: integer(-(2 ** 31), 2 ** 31 - 1),
  INT64: integer(Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER),
  FP16: real,
  FP32: real,
  FP64: real,
  BYTES: (value) => typeof value === 'string',
};
const numbers = Object.keys(elements).filter((datatype) => !['BOOL', 'BYTES'].includes(datatype));

/** The datatypes that a column takes. The first is the one that the metadata name. */
const datatypesOfKind = {
  number: ['FP64', ...numbers.filter((datatype) => datatype !== 'FP64')],
  category: ['BYTES'],
  boolean: ['BOOL'],
  // A text of ISO 8601, or milliseconds since 1970.
  time: ['BYTES', 'INT64', 'UINT64', 'FP64'],
};

/** The tensors that a model takes: one for each column, with a row for each record. */
export function inputsOf({ schema }) {
  return schema.inputs.map(({ name, kind }) => ({
    name,
    datatype: datatypesOfKind[kind][0],
    shape: [-1, 1],
  }));
}

/** The tensors that a model gives: the class, the probability of each class, and which classes these are. */
export function outputsOf({ targets: [{ classes }] }) {
  const datatype = datatypeOf(classes);
  return [
    { name: 'prediction', datatype, shape: [-1, 1] },
    { name: 'probabilities', datatype: 'FP64', shape: [-1, classes.length] },
    { name: 'classes', datatype, shape: [classes.length] },
  ];
}

/**
 * Turns the input tensors of a request into records.
 *
 * @param {unknown} inputs
 * @param {import('blasnet/tables').Schema} schema
 */
export function recordsOf(inputs, schema) {
  if (!Array.isArray(inputs) || inputs.length === 0)
    throw refused('Expected inputs to be an array of tensors');
  const columns = new Map();
  let rows;
  for (const [i, tensor] of inputs.entries()) {
    const { name, values } = columnOf(`inputs[${i}]`, tensor, schema);
    if (columns.has(name)) throw refused(`Expected one tensor "${name}", got two`);
    if (rows !== undefined && values.length !== rows) {
      throw refused(`Expected tensors of as many rows each, got ${rows} and ${values.length} in "${name}"`);
    }
    rows = values.length;
    columns.set(name, values);
  }
  const missing = schema.inputs.find(({ name }) => !columns.has(name));
  if (missing !== undefined) throw refused(`Expected a tensor "${missing.name}" among the inputs`);
  const entries = [...columns];
  return Array.from({ length: rows }, (_, row) =>
    Object.fromEntries(entries.map(([name, values]) => [name, values[row]])),
  );
}

function columnOf(place, tensor, schema) {
  if (!isObject(tensor)) throw refused(`Expected ${place} to be an object`);
  const { name, shape, datatype, data, parameters } = tensor;
  const known = schema.inputs.find((column) => column.name === name);
  if (known === undefined) {
    throw refused(
      `Expected ${place}.name to be one of ${schema.inputs.map((column) => column.name).join(', ')}`,
    );
  }
  checkParameters(`the parameters of "${name}"`, parameters);
  const datatypes = datatypesOfKind[known.kind];
  if (!datatypes.includes(datatype)) {
    throw refused(
      `Expected the datatype of "${name}" to be ${datatypes.join(' or ')}, got ${text(datatype)}`,
    );
  }
  const isColumn = Array.isArray(shape) && (shape.length === 1 || (shape.length === 2 && shape[1] === 1));
  if (!isColumn || !Number.isSafeInteger(shape[0]) || shape[0] < 1) {
    throw refused(`Expected the shape of "${name}" to be [rows] or [rows, 1], got ${text(shape)}`);
  }
  if (!Array.isArray(data)) throw refused(`Expected the data of "${name}" to be an array`);
  // The protocol allows nested arrays, too.
  const values = data.flat();
  if (values.length !== shape[0]) {
    throw refused(
      `Expected the data of "${name}" to have ${shape[0]} elements, as its shape says, got ${values.length}`,
    );
  }
  const wrong = values.findIndex((value) => value !== null && !elements[datatype](value));
  if (wrong >= 0) {
    throw refused(
      `Expected the data of "${name}" to be ${datatype}, got ${text(values[wrong])} in row ${wrong}`,
    );
  }
  return { name, values };
}

/**
 * The outputs that a request asks for: all, if it names none; and which of them it wants as bytes.
 *
 * @param {{ outputs?: unknown, parameters?: unknown }} request
 * @param {readonly { name: string }[]} known
 * @returns {{ name: string, binary: boolean }[]}
 */
export function requestedOf({ outputs, parameters }, known) {
  checkParameters('parameters', parameters);
  const names = known.map(({ name }) => name);
  const binary = parameters?.binary_data_output === true;
  const asksForAll = isAbsent(outputs) || (Array.isArray(outputs) && outputs.length === 0);
  if (asksForAll) return names.map((name) => ({ name, binary }));
  if (!Array.isArray(outputs)) throw refused('Expected outputs to be an array');
  return outputs.map((output, i) => {
    if (!isObject(output) || !names.includes(output.name)) {
      throw refused(
        `Expected outputs[${i}].name to be one of ${names.join(', ')}, got ${text(output?.name)}`,
      );
    }
    checkParameters(`the parameters of "${output.name}"`, output.parameters);
    return { name: output.name, binary: output.parameters?.binary_data ?? binary };
  });
}

/**
 * The tensors of an answer.
 *
 * @param {readonly { name: string }[]} requested
 * @param {readonly Record<string, number>[]} probabilities   of each row, by the names of the classes
 */
export function tensorsOf(requested, probabilities, { targets: [{ classes }] }) {
  const datatype = datatypeOf(classes);
  const rows = probabilities.length;
  const made = {
    prediction: () =>
      tensor(
        [rows, 1],
        datatype,
        probabilities.map((shares) => mostProbable(shares, classes)),
      ),
    probabilities: () =>
      tensor(
        [rows, classes.length],
        'FP64',
        probabilities.flatMap((shares) => classes.map((name) => shares[name])),
      ),
    classes: () => tensor([classes.length], datatype, classes),
  };
  return requested.map(({ name }) => ({ name, ...made[name]() }));
}

const tensor = (shape, datatype, data) => ({ shape, datatype, data });

/** The class that the model predicts; of equal ones it takes the first, too. */
function mostProbable(shares, classes) {
  return classes.reduce((best, name) => (shares[name] > shares[best] ? name : best));
}

/** Classes are texts, truth values or whole numbers. */
function datatypeOf([first]) {
  return { string: 'BYTES', boolean: 'BOOL', number: 'INT64' }[typeof first];
}

/** Parameters may say anything. This service reads those of binary tensors. */
function checkParameters(place, parameters) {
  if (!isAbsent(parameters) && !isObject(parameters)) throw refused(`Expected ${place} to be an object`);
}

/** Some clients write null for what they do not set. */
export function isAbsent(value) {
  return value === undefined || value === null;
}

export function refused(message) {
  return new ServiceError(400, 'TENSOR', message);
}

export function isObject(value) {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function text(value) {
  return String(JSON.stringify(value)).slice(0, 80);
}
