// What a text's first lines tell about its dialect.

const candidates = [',', ';', '\t', '|'];
const mostLines = 50;

/** The character that occurs equally often in each line, the one that occurs most; otherwise the one of most lines. */
export function detectDelimiter(sample: string, quote: string, file: string): string {
  if (/\.(tsv|tab)$/.test(file)) return '\t';
  const lines = linesOf(sample, quote);
  let best = ',';
  let bestScore = 0;
  for (const candidate of candidates) {
    const counts = lines.map((line) => line.split(candidate).length - 1);
    const least = Math.min(...counts);
    const mean = counts.reduce((sum, count) => sum + count, 0) / Math.max(1, counts.length);
    const even = least > 0 && counts.every((count) => count === least);
    const score = even ? 1000 + least : mean;
    if (score > bestScore) {
      bestScore = score;
      best = candidate;
    }
  }
  return best;
}

/** A comma if another character delimits cells and numbers have commas, none a point. */
export function detectDecimal(sample: string, delimiter: string, quote: string): '.' | ',' {
  if (delimiter === ',') return '.';
  const cells = linesOf(sample, quote).flatMap((line) => line.split(delimiter).map((cell) => cell.trim()));
  const commas = cells.filter((cell) => /^[+-]?\d+,\d+$/.test(cell)).length;
  const points = cells.filter((cell) => /^[+-]?\d*\.\d+$/.test(cell)).length;
  return commas > 0 && points === 0 ? ',' : '.';
}

/** The delimiter that a first line `sep=;` tells, as Excel reads it; undefined if there is none. */
export function toldDelimiter(text: string): string | undefined {
  return /^(?:\xef\xbb\xbf)?sep=([\t -~])(?:\r\n|\r|\n)/i.exec(text)?.[1];
}

/** The text without the lines that are left out. */
export function withoutComments(text: string, skipLines: number, comment: string | undefined): string {
  if (skipLines === 0 && comment === undefined) return text;
  return text
    .split(/\r\n|\r|\n/)
    .slice(skipLines)
    .filter((line) => comment === undefined || !line.startsWith(comment))
    .join('\n');
}

/** The first lines, the last of them whole, with quoted cells left out. */
function linesOf(sample: string, quote: string): string[] {
  const lines: string[] = [];
  let line = '';
  let quoted = false;
  for (const c of sample) {
    if (c === quote) quoted = !quoted;
    else if (!quoted && (c === '\n' || c === '\r')) {
      if (line !== '') lines.push(line);
      line = '';
      if (lines.length === mostLines) return lines;
    } else if (!quoted) line += c;
  }
  if (lines.length === 0 && line !== '') lines.push(line);
  return lines;
}
