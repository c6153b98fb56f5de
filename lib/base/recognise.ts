/**
 * Lets `instanceof` take the objects of a class that another copy of this library made, such as that of an ES module beside
 * the one that is required. Their public members are the same.
 */
export function recognise(type: { readonly prototype: object }, name: string): void {
  const brand = Symbol.for(`blasnet.${name}`);
  Object.defineProperty(type.prototype, brand, { value: true });
  Object.defineProperty(type, Symbol.hasInstance, {
    value: (value: unknown) => isRecognised(value, name),
  });
}

/** Whether a value is an object of the class of this name, which need not be loaded. */
export function isRecognised(value: unknown, name: string): boolean {
  return typeof value === 'object' && value !== null && Symbol.for(`blasnet.${name}`) in value;
}
