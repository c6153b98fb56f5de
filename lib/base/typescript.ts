// Types of TypeScript, as text.

/** What is known about a member of a record. */
export interface RecordMember {
  readonly name: string;
  readonly kind: 'number' | 'category' | 'boolean' | 'time';
  /** The share of missing values. */
  readonly missing: number;
  readonly categories?: readonly string[];
}

/** An interface for records with these members. */
export function recordType(name: string, members: readonly RecordMember[]): string {
  const lines = members.map((member) => `  ${memberName(member.name)}: ${typeOfMember(member)};`);
  return [`export interface ${name} {`, ...lines, '}'].join('\n');
}

/** Whether a text can be a name without quotes. */
export function isIdentifier(name: string): boolean {
  return /^[A-Za-z_$][\w$]*$/.test(name);
}

/** The name of a member, in quotes if it needs them. */
export function memberName(name: string): string {
  return isIdentifier(name) ? name : JSON.stringify(name);
}

// More values make a type that nobody reads.
const mostLiterals = 20;

/** The union of these values; `otherwise` if they are too many, or none. */
export function unionOf(values: readonly (string | number | boolean)[], otherwise: string): string {
  const readable = values.length > 0 && values.length <= mostLiterals;
  return readable ? values.map((value) => JSON.stringify(value)).join(' | ') : otherwise;
}

function typeOfMember({ kind, missing, categories = [] }: RecordMember): string {
  const types: Readonly<Record<RecordMember['kind'], string>> = {
    number: 'number',
    boolean: 'boolean',
    time: 'Date | string',
    category: unionOf(categories, 'string'),
  };
  return missing > 0 ? `${types[kind]} | null` : types[kind];
}
