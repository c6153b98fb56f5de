// `using` needs Symbol.dispose, which older versions of Node lack. So classes get the method only where it exists.

declare global {
  // Equal declarations merge. These serve programs whose TypeScript has no library for them.
  interface SymbolConstructor {
    readonly dispose: unique symbol;
  }
  interface Disposable {
    [Symbol.dispose](): void;
  }
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
