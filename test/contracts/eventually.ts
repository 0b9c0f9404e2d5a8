import { setTimeout as sleep } from 'node:timers/promises';
import { isFactoryError } from '../../core/errors.ts';

const ATTEMPTS = 20;
const PAUSE_MS = 250;

/** Asks until there is an answer: for what a real service shows a moment later. */
export async function eventually<T>(ask: () => Promise<T | undefined>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      const answer = await ask();
      if (answer !== undefined) return answer;
    } catch (error) {
      if (!isFactoryError(error, 'NotReplicated')) throw error;
    }
    if (attempt === ATTEMPTS) throw new Error('No answer after five seconds');
    await sleep(PAUSE_MS);
  }
}
