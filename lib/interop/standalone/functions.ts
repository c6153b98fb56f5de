// The functions of a standalone module are JavaScript as text: a user's bundler may rename the functions of this library,
// and a module needs only some of them.

/** Functions as JavaScript, by name. Each begins with a comment and uses only functions of such tables. */
export type Functions = Readonly<Record<string, string>>;

/** The functions that this code needs, and those that they need, in the order of the table. */
export function neededBy(code: string, all: Functions): string[] {
  const found = new Set<string>();
  const search = (text: string) => {
    const words = new Set(text.replace(/\/\/.*/g, '').match(/[A-Za-z_]\w*/g));
    for (const name of words) {
      if (found.has(name) || !Object.hasOwn(all, name)) continue;
      found.add(name);
      search(all[name] as string);
    }
  };
  search(code);
  return Object.keys(all).filter((name) => found.has(name));
}
