/** Gives the objects of a class further methods, like those in the body of the class. */
export function giveMethods(prototype: object, methods: object): void {
  for (const key of Reflect.ownKeys(methods)) {
    const value = methods[key as keyof typeof methods];
    Object.defineProperty(prototype, key, { value, writable: true, configurable: true });
  }
}
