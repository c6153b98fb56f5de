// Recognises formulas in a graph. The formulas that write activations make the patterns, too.

import type { Dtype } from '../../base/matrix';
import {
  type ActivationName,
  activationNames,
  activationRow,
  type ResolvedActivation,
} from '../../layers/activations';
import { formulaOf } from './formulas';
import { attributeOf, type Constant, decimalOf, type Graph } from './graph';
import { layerNormFormula, wavesFormula } from './layer-formulas';
import type { Attribute } from './model';
import type { Attributes, Ops } from './operators';

/** A part of a graph that is looked for. */
export type Pattern =
  | {
      readonly kind: 'op';
      readonly type: string;
      readonly inputs: readonly Pattern[];
      readonly attributes: Attributes;
    }
  /** The value that a formula is for: the same in all its places. */
  | { readonly kind: 'value' }
  /** A number; with NaN any number, the parameter of an activation. */
  | { readonly kind: 'number'; readonly value: number }
  | { readonly kind: 'integers'; readonly values: readonly number[] }
  /** Any constant of numbers, by its name. */
  | { readonly kind: 'constant'; readonly name: string };

/** What a pattern has met. */
export interface Match {
  /** The value that the formula is for. */
  readonly value: string;
  /** The parameter of an activation, if the pattern has one. */
  readonly alpha: number | undefined;
  readonly constants: ReadonlyMap<string, Constant>;
}

interface Found {
  value: string | undefined;
  alpha: number | undefined;
  readonly constants: Map<string, Constant>;
}

const z: Pattern = { kind: 'value' };

function patternOps(opset: number, dtype: Dtype): Ops<Pattern> {
  return {
    opset,
    dtype,
    op: (type, inputs, attributes = {}) => ({ kind: 'op', type, inputs, attributes }),
    number: (value) => ({ kind: 'number', value }),
    integers: (values) => ({ kind: 'integers', values }),
  };
}

const constant = (name: string): Pattern => ({ kind: 'constant', name });

/** Each form that this library writes something in. */
function forms(make: (ops: Ops<Pattern>) => Pattern | undefined): readonly Pattern[] {
  const all = (['float32', 'float64'] as const).flatMap((dtype) =>
    [13, 17, 18, 20].map((opset) => make(patternOps(opset, dtype))),
  );
  const plain = (_: string, part: unknown) => (typeof part === 'bigint' ? Number(part) : part);
  const different = new Map(all.map((pattern) => [JSON.stringify(pattern, plain), pattern]));
  return [...different.values()].filter((pattern) => pattern !== undefined);
}

const { op, number } = patternOps(18, 'float32');
const half = (of: Pattern) => op('Mul', [of, number(0.5)]);
const onePlus = (of: Pattern) => op('Add', [of, number(1)]);

/** How other programs write activations that have no operator, or had none. */
const foreign: Partial<Record<ActivationName, readonly Pattern[]>> = {
  relu: [op('Max', [z, number(0)])],
  softsign: [op('Div', [z, onePlus(op('Abs', [z]))])],
  gelu: [op('Div', [z, number(Math.SQRT2)]), op('Mul', [z, number(Math.SQRT1_2)])].flatMap((scaled) => {
    const share = onePlus(op('Erf', [scaled]));
    return [half(op('Mul', [z, share])), op('Mul', [half(z), share]), op('Mul', [z, half(share)])];
  }),
  geluTanh: [op('Mul', [op('Mul', [z, z]), z]), op('Pow', [z, number(3)])].flatMap((cube) => {
    const inner = op('Mul', [
      op('Add', [z, op('Mul', [cube, number(0.044715)])]),
      number(Math.sqrt(2 / Math.PI)),
    ]);
    const share = onePlus(op('Tanh', [inner]));
    return [half(op('Mul', [z, share])), op('Mul', [half(z), share]), op('Mul', [z, half(share)])];
  }),
  // The operator of opset 24.
  silu: [op('Swish', [z], { alpha: 1 })],
};

const activations: readonly { readonly name: ActivationName; readonly pattern: Pattern }[] = activationNames
  .filter((name) => name !== 'linear')
  .flatMap((name) => {
    const alpha = activationRow(name).parameter === undefined ? 0 : Number.NaN;
    const own = forms((ops) => formulaOf(name, ops.dtype)?.(ops, z, alpha));
    return [...own, ...(foreign[name] ?? [])].map((pattern) => ({ name, pattern }));
  })
  // The larger ones first: each may have a smaller one in it.
  .sort((a, b) => sizeOf(b.pattern) - sizeOf(a.pattern));

const ofLayerNorm = { scale: constant('gamma'), bias: constant('beta'), epsilon: constant('epsilon') };
const layerNorms = [
  ...forms((ops) => layerNormFormula(ops, z, ofLayerNorm)),
  // PyTorch, before there was an operator.
  ...forms((ops) => layerNormFormula(ops, z, ofLayerNorm, (of) => ops.op('Pow', [of, ops.number(2)]))),
];

const waves = { F: constant('F'), V: constant('V'), c: constant('c') };
const features = Number.NaN;
const waveForms = [constant('P'), undefined].flatMap((P) =>
  forms((ops) => wavesFormula(ops, z, { ...waves, P }, features)),
);

function sizeOf(pattern: Pattern): number {
  return pattern.kind === 'op' ? pattern.inputs.reduce((sum, input) => sum + sizeOf(input), 1) : 1;
}

/** The activation that gives a value, and the value that it is of. */
export function activationAt(
  graph: Graph,
  value: string,
): { readonly activation: ResolvedActivation; readonly of: string } | undefined {
  for (const { name, pattern } of activations) {
    const found = match(graph, pattern, value);
    if (found === undefined) continue;
    const { parameter } = activationRow(name);
    const alpha = parameter === undefined ? 0 : (found.alpha ?? parameter.default);
    // Such as a slope below 0: the layer's own check says what is wrong with it.
    return { activation: { name, alpha }, of: found.value };
  }
  return undefined;
}

/** The layer normalisation by plain operators that gives a value. */
export function layerNormAt(graph: Graph, value: string): Match | undefined {
  return firstOf(graph, layerNorms, value);
}

/** The numericEmbeddings that give a value. */
export function wavesAt(graph: Graph, value: string): Match | undefined {
  return firstOf(graph, waveForms, value);
}

function firstOf(graph: Graph, patterns: readonly Pattern[], value: string): Match | undefined {
  for (const pattern of patterns) {
    const found = match(graph, pattern, value);
    if (found !== undefined) return found;
  }
  return undefined;
}

function match(graph: Graph, pattern: Pattern, value: string): Match | undefined {
  const found: Found = { value: undefined, alpha: undefined, constants: new Map() };
  if (!fits(graph, pattern, value, found) || found.value === undefined) return undefined;
  return { value: found.value, alpha: found.alpha, constants: found.constants };
}

const commutative: readonly string[] = ['Add', 'Mul', 'Max', 'Min'];

function fits(graph: Graph, pattern: Pattern, value: string, found: Found): boolean {
  switch (pattern.kind) {
    case 'value': {
      const own = graph.behind(value);
      if (found.value === undefined && !graph.isConstant(own)) found.value = own;
      return found.value === own;
    }
    case 'number':
      return fitsNumber(graph, pattern.value, value, found);
    case 'integers': {
      const numbers = smallConstant(graph, value)?.data;
      const { values } = pattern;
      return (
        numbers?.length === values.length &&
        values.every((each, i) => Number.isNaN(each) || each === numbers[i])
      );
    }
    case 'constant': {
      const numbers = graph.isConstant(value) ? graph.constant(value) : undefined;
      if (numbers !== undefined) found.constants.set(pattern.name, numbers);
      return numbers !== undefined;
    }
    default:
      return fitsOperator(graph, pattern, value, found);
  }
}

function fitsOperator(
  graph: Graph,
  { type, inputs, attributes }: Extract<Pattern, { kind: 'op' }>,
  value: string,
  found: Found,
): boolean {
  const node = graph.producer(value);
  if (node === undefined || node.domain !== '' || node.type !== type) return false;
  if (node.inputs.length !== inputs.length) return false;
  const names = new Set([...Object.keys(attributes), ...node.attributes.keys()]);
  for (const name of names) {
    const wanted =
      (attributes[name] as Attributes[string] | undefined) ??
      attributeOf({ ...node, attributes: new Map() }, name);
    if (!fitsAttribute(wanted, attributeOf(node, name), found)) return false;
  }
  const before = { ...found, constants: new Map(found.constants) };
  if (inputs.every((input, i) => fits(graph, input, node.inputs[i] as string, found))) return true;
  Object.assign(found, { ...before, constants: found.constants });
  if (!commutative.includes(type) || inputs.length !== 2) return false;
  const [first, second] = inputs as readonly [Pattern, Pattern];
  return (
    fits(graph, first, node.inputs[1] as string, found) &&
    fits(graph, second, node.inputs[0] as string, found)
  );
}

function fitsAttribute(wanted: Attributes[string] | Attribute, is: Attribute, found: Found): boolean {
  if (typeof wanted === 'number' && typeof is === 'number') {
    if (Number.isNaN(wanted)) found.alpha = decimalOf(is);
    return Number.isNaN(wanted) || isNear(is, wanted);
  }
  const plain = (value: unknown): unknown =>
    typeof value === 'bigint' ? Number(value) : Array.isArray(value) ? value.map(plain).join() : value;
  return plain(wanted) === plain(is);
}

function fitsNumber(graph: Graph, wanted: number, value: string, found: Found): boolean {
  const numbers = smallConstant(graph, value)?.data;
  const [is] = numbers ?? [];
  if (numbers?.length !== 1 || is === undefined) return false;
  if (!Number.isNaN(wanted)) return isNear(is, wanted);
  found.alpha = numbers instanceof Float32Array ? decimalOf(is) : is;
  return true;
}

// Constants of formulas are few numbers. Others may have types that are no numbers.
function smallConstant(graph: Graph, value: string): Constant | undefined {
  return graph.isConstant(value) && graph.sizeOf(value) <= 4 ? graph.constant(value) : undefined;
}

// Programs write constants with 6 digits or more.
function isNear(is: number, wanted: number): boolean {
  return Math.abs(is - wanted) <= 2e-6 * Math.abs(wanted);
}
