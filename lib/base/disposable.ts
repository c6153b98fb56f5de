// `using` needs Symbol.dispose, and `await using` Symbol.asyncDispose, which older versions of Node lack. So classes get the
// methods only where these exist.

declare global {
  // Equal declarations merge. This one serves programs whose TypeScript has no library for the symbol.
  interface SymbolConstructor {
    readonly dispose: unique symbol;
    readonly asyncDispose: unique symbol;
  }
}

/** An object for `using`. Its method exists where the runtime has Symbol.dispose. */
export interface DisposableObject {
  [Symbol.dispose](): void;
}

/** An object for `await using`. Its method exists where the runtime has Symbol.asyncDispose. */
export interface AsyncDisposableObject {
  [Symbol.asyncDispose](): Promise<void>;
}

/** Gives the objects of a class the method `[Symbol.dispose]`, if the runtime has this symbol. */
export function makeDisposable<T extends object>(prototype: T, dispose: (object: T) => void): void {
  if (Symbol.dispose !== undefined) giveMethod(prototype, Symbol.dispose, dispose);
}

/** Gives the objects of a class the method `[Symbol.asyncDispose]`, if the runtime has this symbol. */
export function makeAsyncDisposable<T extends object>(
  prototype: T,
  dispose: (object: T) => Promise<void>,
): void {
  if (Symbol.asyncDispose !== undefined) giveMethod(prototype, Symbol.asyncDispose, dispose);
}

function giveMethod<T extends object>(prototype: T, key: symbol, method: (object: T) => unknown): void {
  Object.defineProperty(prototype, key, {
    value(this: T) {
      return method(this);
    },
    writable: true,
    configurable: true,
  });
}
