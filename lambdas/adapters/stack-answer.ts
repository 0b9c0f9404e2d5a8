import { FactoryError } from '../../core/errors.ts';
import type { StackAnswer } from '../enable-outbound-federation/handler.ts';
import { systemClock } from './clock.ts';
import { sendHttps } from './https.ts';

const ATTEMPTS = 4;
const PAUSE_MS = 1_000;

/** Puts the answer where CloudFormation waits for it. The URL is signed and in no log: it lets anyone answer. */
export async function answerStack(url: string, answer: StackAnswer): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    // No content type: the signature covers its absence.
    const status = await sendHttps(url, { method: 'PUT', headers: {}, body: JSON.stringify(answer) }).then(
      (answered) => answered.status,
      () => 0,
    );
    if (status >= 200 && status < 300) return;
    if (attempt === ATTEMPTS) {
      throw new FactoryError(
        'Unavailable',
        `CloudFormation did not take the answer: ${status || 'no answer'}`,
      );
    }
    await systemClock.sleep(PAUSE_MS);
  }
}
