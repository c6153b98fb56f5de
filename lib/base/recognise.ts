/**
 * Lets `instanceof` take the objects of a class that another copy of this library made, such as that of an ES module beside
 * the one that is required. Their public members are the same.
 */
export function recognise(type: { readonly prototype: object }, name: string): void {
  const brand = Symbol.for(`blasnet.${name}`);
  Object.defineProperty(type.prototype, brand, { value: true });
  Object.defineProperty(type, Symbol.hasInstance, {
    value: (value: unknown) => typeof value === 'object' && value !== null && brand in value,
  });
}
