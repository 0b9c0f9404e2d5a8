/** The tables of docs/troubleshooting.md, which its readers and these tests share. */
import { readFileSync } from 'node:fs';

export interface Row {
  readonly code: string;
  readonly cause: string;
  readonly remedy: string;
  /** Code of the workload's error; undefined: the workload does not notice. */
  readonly error: string | undefined;
  /** What that error names as a possible cause, where its own code leaves it open. */
  readonly perhaps: string | undefined;
  /** The check of doctor that fails with `code`; undefined: doctor cannot see it. */
  readonly check: string | undefined;
}

const DOCUMENT = new URL('../../../../docs/troubleshooting.md', import.meta.url);

/** Cells of every row of the tables below a heading; a row begins with a code. */
function cellsBelow(heading: string): string[][] {
  const section = readFileSync(DOCUMENT, 'utf8').split(`\n## ${heading}\n`)[1]?.split('\n## ')[0] ?? '';
  const rows = section.split('\n').filter((line) => line.startsWith('| `'));
  return rows.map((row) =>
    row
      .slice(1, -1)
      .split('|')
      .map((cell) => cell.trim()),
  );
}

const bare = (cell: string): string => cell.replaceAll('`', '');

/** Mistakes that can be made in the local cloud. */
export const rows = (): Row[] =>
  cellsBelow('Mistakes, and who names them').map(
    ([code = '', , cause = '', remedy = '', error = '', check = '']) => {
      const [own, perhaps] = bare(error).split(', perhaps ');
      return {
        code: bare(code),
        cause,
        remedy,
        error: own === '-' ? undefined : own,
        perhaps,
        check: check === '-' ? undefined : bare(check),
      };
    },
  );

/** Mistakes that no local cloud can have. */
export const others = (): Pick<Row, 'code' | 'cause' | 'remedy'>[] =>
  cellsBelow('Others').map(([code = '', cause = '', remedy = '']) => ({ code: bare(code), cause, remedy }));
