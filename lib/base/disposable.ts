// `using` needs Symbol.dispose, which older versions of Node lack. So classes get the method only where it exists.

declare global {
  // Equal declarations merge. This one serves programs whose TypeScript has no library for the symbol.
  interface SymbolConstructor {
    readonly dispose: unique symbol;
  }
}

/** An object for `using`. Its method exists where the runtime has Symbol.dispose. */
export interface DisposableObject {
  [Symbol.dispose](): void;
}

/** Gives the objects of a class the method `[Symbol.dispose]`, if the runtime has this symbol. */
export function makeDisposable<T extends object>(prototype: T, dispose: (object: T) => void): void {
  if (Symbol.dispose === undefined) return;
  Object.defineProperty(prototype, Symbol.dispose, {
    value(this: T) {
      dispose(this);
    },
    writable: true,
    configurable: true,
  });
}
