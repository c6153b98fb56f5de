// Plain descriptions: objects with a name and options, such as `adam()` makes. They keep their meaning when they come
// from another copy of this library, from another thread, or from JSON. So they are recognised by what they hold.

/** Makes the thing from its options, and checks these. */
type Factories<T> = Readonly<Record<string, (options: never) => T>>;

/**
 * What a description stands for; undefined if the value is none of these. Errors about its options say in which argument
 * they are.
 */
export function described<T>(where: string, value: unknown, factories: Factories<T>): T | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const { name, ...options } = value as { readonly name?: unknown };
  if (typeof name !== 'string' || !Object.hasOwn(factories, name)) return undefined;
  try {
    return (factories[name] as (options: object) => T)(options);
  } catch (error) {
    if (error instanceof Error) error.message = `In ${where}: ${error.message}`;
    throw error;
  }
}
