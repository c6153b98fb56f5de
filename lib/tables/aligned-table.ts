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
