// The stages of a network as JavaScript.

import type { FloatArray } from '../../base/matrix';
import type { Chain, DenseStage, Stage, Waves } from '../chain';
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
  readonly arrays: readonly NamedArray[];
}

/** The code that computes a network's outputs. */
export function networkCode({ stages, after, clamp }: Chain): NetworkCode {
  const writer = new StageWriter(stages);
  for (const stage of stages) writer.write(stage);
  const outputs = after.reduce(
    (y, { offset, scale, center }) => `scaledBack(${y}, ${list(offset)}, ${list(scale)}, ${list(center)})`,
    writer.current,
  );
  const kept = clamp === undefined ? outputs : `keptWithin(${outputs}, ${ranges(clamp)})`;
  return { lines: [...writer.lines, `return ${kept};`], arrays: writer.arrays };
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
  readonly #names = new Map([[0, 'x']]);
  #stages = 0;
  #layers = 0;
  #results = 0;

  constructor(stages: readonly Stage[]) {
    this.#added = new Set(stages.flatMap((stage) => (stage.kind === 'add' ? [stage.from] : [])));
  }

  write(stage: Stage): void {
    // A layer begins where another one ends, or the input.
    if (stage.kind === 'dense') this.#named();
    if (stage.kind === 'dense') this.#layers++;
    this.current = this.#expression(stage, this.current);
    this.#stages++;
    if (this.#added.has(this.#stages)) this.#names.set(this.#stages, this.#named());
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
        const [W, b] = [`W${this.#layers}`, `b${this.#layers}`];
        this.#array(W, weightsOf(stage), [stage.outputs, stage.inputs]);
        return `affine(${W}, ${this.#array(b, stage.b)}, ${x})`;
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

  // Gives the result so far a name.
  #named(): string {
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
