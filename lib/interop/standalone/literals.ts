// Values as JavaScript. Names come from anybody: none may end a string, a comment or a script.

/** A string, a number or a truth value as a literal. */
export function literal(value: string | number | boolean): string {
  if (typeof value === 'number') return Object.is(value, -0) ? '-0' : String(value);
  if (typeof value === 'boolean') return String(value);
  // Within HTML, "</script>" would end the script, and "<!--" would begin a comment.
  return JSON.stringify(value).replace(/[<\u2028\u2029]/g, escaped);
}

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

/** An array of such values. */
export function list(values: readonly (string | number | boolean)[]): string {
  return `[${values.map(literal).join(', ')}]`;
}

/** An object with these keys, which are names of this library and need no quotes. Undefined values are left out. */
export function object(fields: Readonly<Record<string, string | undefined>>): string {
  const entries = Object.entries(fields).filter(([, code]) => code !== undefined);
  return `{ ${entries.map(([key, code]) => `${key}: ${code}`).join(', ')} }`;
}
