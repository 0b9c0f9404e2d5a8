/** Lines of aligned columns, cut where a line of a terminal has `width` characters. The first row has every column. */
export function table(rows: readonly (readonly string[])[], width: number | undefined): string[] {
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? [];
  return rows.map((row) => {
    const line = row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd();
    return width === undefined || line.length <= width ? line : `${line.slice(0, width - 1)}…`;
  });
}
