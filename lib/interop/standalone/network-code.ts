// The stages of a network as JavaScript.

import type { FloatArray } from '../../base/matrix';
import type { Chain, DenseStage, Numbers, Stage, Waves } from '../chain';
import { activated, functionOfUnit } from './activations';
import { list, literal } from './literals';

/** An array of parameters, which stands at the end of the module. */
export interface NamedArray {
  readonly name: string;
  readonly shape: readonly number[];
  readonly data: FloatArray;
}

export interface NetworkCode {
  /** The lines of a function of `x`, the preprocessed numbers, and `codes`, those of the tables. */
  readonly lines: readonly string[];
  /** Functions that these lines call. */
  readonly functions: readonly string[];
  readonly arrays: readonly NamedArray[];
}

/** The code that computes a network's outputs. */
export function networkCode(chain: Chain): NetworkCode {
  if (chain.members !== undefined) return membersCode(chain, chain.members);
  const writer = new StageWriter(chain.stages);
  for (const stage of chain.stages) writer.write(stage);
  const lines = [...writer.lines, `return ${answer(writer.current, chain)};`];
  return { lines, functions: [], arrays: writer.arrays };
}

// Members share what comes before their factors.
function membersCode(chain: Chain, { rows, cols, data }: Numbers): NetworkCode {
  const { stages } = chain;
  const start = stages.findIndex(({ kind }) => kind !== 'embed' && kind !== 'waves');
  const shared = new StageWriter(stages.slice(0, start));
  for (const stage of stages.slice(0, start)) shared.write(stage);
  const own = new StageWriter(stages, start);
  for (const stage of stages.slice(start)) own.write(stage);
  const last = stages.at(-1) as Stage;
  const isLogarithm = last.kind === 'activation' && last.activation.name === 'logSoftmax';
  const x = shared.named();
  const factors = `partOf(R1, ${cols}, member)`;
  const lines = [
    ...shared.lines,
    `const outputs = Array.from({ length: ${rows} }, (_, member) =>`,
    `  outputsOfMember(multiplied(${x}, ${factors}), member),`,
    ');',
    `return ${answer(isLogarithm ? 'logOfMean(outputs)' : 'meanOf(outputs)', chain)};`,
  ];
  const body = [...own.lines, `return ${own.current};`].map((line) => `  ${line}`).join('\n');
  return {
    lines,
    functions: [`// The outputs of one of the members\nfunction outputsOfMember(x, member) {\n${body}\n}`],
    arrays: [...shared.arrays, { name: 'R1', shape: [rows, cols], data }, ...own.arrays],
  };
}

// What becomes of the outputs, which are an expression.
function answer(outputs: string, { after, clamp }: Chain): string {
  const scaled = after.reduce(
    (y, { offset, scale, center }) => `scaledBack(${y}, ${list(offset)}, ${list(scale)}, ${list(center)})`,
    outputs,
  );
  return clamp === undefined ? scaled : `keptWithin(${scaled}, ${ranges(clamp)})`;
}

function ranges(clamp: NonNullable<Chain['clamp']>): string {
  return `[${clamp.map((range) => list(range)).join(', ')}]`;
}

/** Writes one stage after the other. A line is a layer, or what comes before the first one. */
class StageWriter {
  readonly lines: string[] = [];
  readonly arrays: NamedArray[] = [];
  /** The result of the stages so far, as an expression. */
  current = 'x';
  // The numbers of stages whose result a later stage adds, and the names of these results.
  readonly #added: ReadonlySet<number>;
  readonly #names: Map<number, string>;
  // Of members: the stage with a part of its arrays for each.
  readonly #parted: Stage | undefined;
  #stages: number;
  #layers = 0;
  #results = 0;

  /** @param start the number of stages that are shared, if it writes a member: `x` is then the member's own */
  constructor(stages: readonly Stage[], start?: number) {
    this.#stages = start ?? 0;
    this.#names = new Map([[this.#stages, 'x']]);
    if (start !== undefined) this.#parted = stages.filter(({ kind }) => kind === 'dense').at(-1);
    this.#added = new Set(stages.flatMap((stage) => (stage.kind === 'add' ? [stage.from] : [])));
  }

  write(stage: Stage): void {
    // A layer begins where another one ends, or the input.
    if (stage.kind === 'dense') this.named();
    if (stage.kind === 'dense') this.#layers++;
    this.current = this.#expression(stage, this.current);
    this.#stages++;
    if (this.#added.has(this.#stages)) this.#names.set(this.#stages, this.named());
  }

  #expression(stage: Stage, x: string): string {
    switch (stage.kind) {
      case 'embed': {
        const rows = stage.tables.map(({ rows, cols, data }, i) => {
          const table = this.#array(`E${i + 1}`, data, [rows, cols]);
          return `tableRow(${table}, ${cols}, codes[${i}])`;
        });
        return `joined([${x}, ${rows.join(', ')}])`;
      }
      case 'waves':
        return this.#waves(stage.waves, x);
      case 'noise':
      case 'dropout':
        // They act in training only.
        return x;
      case 'scale':
        return `multiplied(${x}, ${this.#array(`s${this.#layers + 1}`, stage.factors)})`;
      case 'dense': {
        const { inputs, outputs, b } = stage;
        const W = this.#array(`W${this.#layers}`, weightsOf(stage), [b.length, inputs]);
        this.#array(`b${this.#layers}`, b);
        if (stage !== this.#parted) return `affine(${W}, b${this.#layers}, ${x})`;
        const parts = `partOf(${W}, ${inputs * outputs}, member), partOf(b${this.#layers}, ${outputs}, member)`;
        return `affine(${parts}, ${x})`;
      }
      case 'batchNorm': {
        const names = (['gamma', 'beta', 'mean', 'variance'] as const).map((name) =>
          this.#array(`${name}${this.#layers}`, stage[name]),
        );
        return `batchNorm(${x}, ${names.join(', ')}, ${literal(stage.epsilon)})`;
      }
      case 'layerNorm': {
        const names = (['gamma', 'beta'] as const).map((name) =>
          this.#array(`${name}${this.#layers}`, stage[name]),
        );
        return `layerNorm(${x}, ${names.join(', ')}, ${literal(stage.epsilon)})`;
      }
      case 'activation': {
        const { activation, mix } = stage;

        // A mix of z with itself changes nothing.
        if (mix === undefined || activation.name === 'linear') return activated(activation, x);
        return `mixed(${functionOfUnit(activation)}, ${x}, ${this.#array(`a${this.#layers}`, mix)})`;
      }
      case 'add':
        return `added(${x}, ${this.#names.get(stage.from)})`;
    }
  }

  #waves({ name, columns, F, P, V, c }: Waves, x: string): string {
    const arrays = [
      this.#array('F1', F.data, [F.rows, F.cols]),
      ...(P === undefined ? [] : [this.#array('P1', P.data, [P.rows, P.cols])]),
      this.#array('V1', V.data, [V.rows, V.cols]),
      this.#array('c1', c),
    ];
    return `${name}(${x}, ${columns}, ${arrays.join(', ')})`;
  }

  #array(name: string, data: FloatArray, shape: readonly number[] = [data.length]): string {
    this.arrays.push({ name, shape, data });
    return name;
  }

  /** Gives the result so far a name. */
  named(): string {
    if (/^x\d*$/.test(this.current)) return this.current;
    const name = `x${++this.#results}`;
    this.lines.push(`const ${name} = ${this.current};`);
    this.current = name;
    return name;
  }
}

// W (outputs, inputs)
function weightsOf({ W, transposed, inputs, outputs }: DenseStage): FloatArray {
  if (transposed !== true) return W;
  return W.map((_, i) => W[(i % inputs) * outputs + Math.floor(i / inputs)] as number);
}
