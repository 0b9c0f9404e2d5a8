/** What the benchmarks measure, beside its bound. */
import { BOUNDS, type BoundName } from './bounds.ts';

export interface Figure {
  readonly what: string;
  readonly value: number;
  /** `kB`, `×`, `ms`, …; empty: a count. */
  readonly unit: string;
  /** At most this much. */
  readonly bound?: number;
}

export const figure = (what: string, value: number, unit = ''): Figure => ({ what, value, unit });

/** One that must not exceed its bound. */
export const bounded = (name: BoundName, value: number): Figure => ({
  ...BOUNDS[name],
  value,
});

/** What could not be counted is past it too. */
export const isPast = ({ value, bound }: Figure): boolean => bound !== undefined && !(value <= bound);

/** A section of the report. */
export interface Section {
  readonly title: string;
  readonly figures: readonly Figure[];
  /** For people: a table of what the figures are made of. */
  readonly table?: readonly string[];
  /** The same for programs. */
  readonly details: unknown;
}

/** Rows as lines, columns aligned: numbers, and what stands above numbers, to the right. */
export function table(rows: readonly (readonly (string | number)[])[]): string[] {
  const columns = Math.max(...rows.map((row) => row.length));
  const shapes = Array.from({ length: columns }, (_, column) => ({
    width: Math.max(...rows.map((row) => String(row[column] ?? '').length)),
    isNumeric: rows.some((row) => typeof row[column] === 'number'),
  }));
  return rows.map((row) =>
    shapes
      .map(({ width, isNumeric }, column) => {
        const cell = String(row[column] ?? '');
        return isNumeric ? cell.padStart(width) : cell.padEnd(width);
      })
      .join('  ')
      .trimEnd(),
  );
}

/** Every section for people: what it holds, then its figures beside their bounds. */
export function reportText(sections: readonly Section[]): string {
  return sections
    .map(({ title, figures, table: lines = [] }) =>
      [`## ${title}`, '', ...lines, ...(lines.length > 0 ? [''] : []), ...figureLines(figures)].join('\n'),
    )
    .join('\n\n');
}

const figureLines = (figures: readonly Figure[]): string[] =>
  table(
    figures.map((one) => [
      one.what,
      one.value,
      one.unit,
      one.bound === undefined ? '' : `at most ${one.bound}`,
      isPast(one) ? 'PAST ITS BOUND' : '',
    ]),
  );
