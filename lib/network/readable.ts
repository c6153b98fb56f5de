import type { Dtype } from '../base/matrix';
import { giveMethods } from '../base/methods';
import type { Architecture } from '../layers/architecture';
import { formatLine } from '../layers/summary';

/** What `JSON.stringify` makes of a network: its layers, without its parameters. To keep a network, `save` it. */
export interface NetworkDescription {
  readonly layers: Architecture;
  readonly dtype: Dtype;
  readonly seed: number;
  readonly parameterCount: number;
}

/** An object that `console.log` and `JSON.stringify` show in a short form. */
export interface ReadableNetwork {
  toJSON(): NetworkDescription;
}

interface Described {
  readonly architecture: Architecture;
  readonly dtype: Dtype;
  readonly seed: number;
  readonly parameterCount: number;
}

/** Gives the networks of a class their short forms. */
export function makeReadable(prototype: Described): void {
  const methods = {
    toJSON(this: Described): NetworkDescription {
      const { architecture, dtype, seed, parameterCount } = this;
      return { layers: architecture, dtype, seed, parameterCount };
    },
    [Symbol.for('nodejs.util.inspect.custom')](this: Described): string {
      return `Network ${formatLine(this.architecture, this.dtype)}`;
    },
  };
  giveMethods(prototype, methods);
}
