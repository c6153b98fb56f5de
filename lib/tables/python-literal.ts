/** A value that Python writes as a literal: a text, an integer, True, False, None, a tuple or list, or a dictionary. */
export type Literal = string | number | boolean | null | readonly Literal[] | ReadonlyMap<string, Literal>;

const pattern =
  /\s*(?:([[\](){},:])|(True|False|None)\b|(-?\d+)|'([^'\\]*(?:\\.[^'\\]*)*)'|"([^"\\]*(?:\\.[^"\\]*)*)")\s*/sy;
const closing: Readonly<Record<string, string>> = { '[': ']', '(': ')', '{': '}' };
// No header nests deeper, and no text may exhaust the stack.
const mostDepth = 8;

/** Reads a literal; undefined if the text is none. */
export function readLiteral(text: string): Literal | undefined {
  try {
    const tokens = tokensOf(text);
    const value = literalOf(tokens, 0);
    return tokens.next().done ? value : undefined;
  } catch (error) {
    if (error === notLiteral) return undefined;
    throw error;
  }
}

const notLiteral = Symbol('no literal');

type Token = { readonly mark: string } | { readonly value: string | number | boolean | null };

function* tokensOf(text: string): Generator<Token, undefined> {
  const token = new RegExp(pattern);
  while (token.lastIndex < text.length) {
    const [, mark, word, digits, single, double] = token.exec(text) ?? [];
    if (mark !== undefined) yield { mark };
    else if (word !== undefined) yield { value: word === 'None' ? null : word === 'True' };
    else if (digits !== undefined) yield { value: Number(digits) };
    else {
      const quoted = single ?? double;
      if (quoted === undefined) throw notLiteral;
      yield { value: unescaped(quoted) };
    }
  }
}

function literalOf(tokens: Iterator<Token, undefined>, depth: number): Literal {
  const first = nextOf(tokens);
  return 'value' in first ? first.value : listOf(tokens, first.mark, depth);
}

function nextOf(tokens: Iterator<Token, undefined>): Token {
  const { value } = tokens.next();
  if (value === undefined) throw notLiteral;
  return value;
}

// The items up to the closing mark. A parenthesis around one value without a comma is read as a tuple, too.
function listOf(tokens: Iterator<Token, undefined>, opening: string, depth: number): Literal {
  const end = closing[opening];
  if (end === undefined || depth === mostDepth) throw notLiteral;
  const items: Literal[] = [];
  const entries = new Map<string, Literal>();
  for (let first = nextOf(tokens); !('mark' in first && first.mark === end); ) {
    const item = 'value' in first ? first.value : listOf(tokens, first.mark, depth + 1);
    if (opening === '{') {
      const colon = nextOf(tokens);
      if (!('mark' in colon && colon.mark === ':') || typeof item !== 'string' || entries.has(item)) {
        throw notLiteral;
      }
      entries.set(item, literalOf(tokens, depth + 1));
    } else items.push(item);
    const next = nextOf(tokens);
    if (!('mark' in next) || (next.mark !== ',' && next.mark !== end)) throw notLiteral;
    first = next.mark === ',' ? nextOf(tokens) : next;
  }
  return opening === '{' ? entries : items;
}

const escapes: Readonly<Record<string, string>> = {
  n: '\n',
  r: '\r',
  t: '\t',
  '\\': '\\',
  "'": "'",
  '"': '"',
};

function unescaped(text: string): string {
  if (!text.includes('\\')) return text;
  return text.replace(
    /\\(?:x([\da-fA-F]{2})|u([\da-fA-F]{4})|U([\da-fA-F]{8})|(.))/gs,
    (whole, two, four, eight, c) => {
      const code = two ?? four ?? eight;
      if (code === undefined) return escapes[c] ?? whole;
      const point = Number.parseInt(code, 16);
      if (point > 0x10ffff) throw notLiteral;
      return String.fromCodePoint(point);
    },
  );
}
