/** Lines of cells, each column as wide as its widest cell. */
export function alignedTable(lines: readonly (readonly string[])[]): string {
  const [head = []] = lines;
  const widths = head.map((_, i) =>
    lines.reduce((width, line) => Math.max(width, (line[i] as string).length), 0),
  );
  return lines
    .map((line) =>
      line
        .map((text, i) => text.padEnd(widths[i] as number))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** Adds the way to print a result. It stays out of JSON and of copies. */
export function shownBy<T extends object>(result: T, text: (result: T) => string): T {
  for (const key of ['toString', Symbol.for('nodejs.util.inspect.custom')]) {
    Object.defineProperty(result, key, { value: () => text(result) });
  }
  return result;
}

/** A share of missing values for people. */
export function shareOf(missing: number): string {
  if (missing === 0) return '';
  return missing < 0.0005 ? '< 0.1 %' : `${(100 * missing).toFixed(1)} %`;
}
