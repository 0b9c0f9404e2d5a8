import { EXIT } from './failure.ts';
import type { Io } from './io.ts';

/** Whether what was shown is to be done: said beforehand by --yes, or at the terminal. Without either it is not. */
export async function agreed(io: Io, yes: true | undefined, question: string): Promise<boolean> {
  if (yes === true || (await io.confirm(question)) === true) return true;
  io.tell('Nothing was done. With --yes it is, without a question.');
  io.exitCode = EXIT.no;
  return false;
}
