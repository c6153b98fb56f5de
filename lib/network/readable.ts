import type { Dtype } from '../base/matrix';
import { giveMethods } from '../base/methods';
import type { Architecture, LayerOptions } from '../layers/architecture';
import { parameterCount } from '../layers/parameters';
import { formatLine, formatOutline, formatSummary } from '../layers/summary';

/** What `JSON.stringify` makes of a network: its layers, without its parameters. To keep a network, `save` it. */
export interface NetworkDescription {
  /** The layers. The first one has no inputDim while `fit` still has to infer it. */
  readonly layers: readonly LayerOptions[];
  readonly dtype: Dtype;
  readonly seed: number;
  /** null while `fit` still has to infer inputDim. */
  readonly parameterCount: number | null;
}

/** An object that `console.log` and `JSON.stringify` show in a short form. */
export interface ReadableNetwork {
  /** Returns a table of the layers, with their shapes and numbers of parameters, in plain text. */
  summary(): string;
  toJSON(): NetworkDescription;
}

interface Described {
  /** @throws Error ERR_BLASNET_NOT_FITTED while inputDim is not known */
  readonly architecture: Architecture;
  readonly outline: Architecture;
  readonly undecided: boolean;
  readonly dtype: Dtype;
  readonly seed: number;
}

/** Gives the networks of a class their short forms. */
export function makeReadable<Network>(prototype: Network, partsOf: (network: Network) => Described): void {
  const methods = {
    summary(this: Network): string {
      const { architecture, dtype } = partsOf(this);
      return formatSummary(architecture, dtype);
    },
    toJSON(this: Network): NetworkDescription {
      const { outline, undecided, dtype, seed } = partsOf(this);
      if (!undecided) return { layers: outline, dtype, seed, parameterCount: parameterCount(outline) };
      const { inputDim: _, ...first } = outline[0] as Architecture[number];
      return { layers: [first, ...outline.slice(1)], dtype, seed, parameterCount: null };
    },
    [Symbol.for('nodejs.util.inspect.custom')](this: Network): string {
      const { outline, undecided, dtype } = partsOf(this);
      return `Network ${undecided ? formatOutline(outline, dtype) : formatLine(outline, dtype)}`;
    },
  };
  giveMethods(prototype as object, methods);
}
