/**
 * Comma-separated values (RFC 4180), for spreadsheets. Names are others' words: a cell that a spreadsheet would take for
 * a formula begins with an apostrophe, which makes it text.
 */
export const csvLine = (cells: readonly string[]): string => cells.map(csvCell).join(',');

function csvCell(text: string): string {
  // Blanks before it are skipped by some programs, and some take the full-width forms for the same.
  const harmless = /^[\s\p{Cc}]*[=+\-@＝＋－＠]|^[\t\r\n]/u.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless;
}
