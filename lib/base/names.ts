/**
 * Any string, beside the names that an option knows. TypeScript widens 'relu' to a string when an object of options is
 * kept in a variable, so an option takes every string; editors still offer the known names. The call refuses an unknown
 * name, and guesses which one was meant.
 */
export type AnyName = string & Record<never, never>;
