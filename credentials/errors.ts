import { MISTAKES, type MistakeCode, type Side } from '../core/mistakes.ts';

/**
 * Why there are no credentials. Safe to log as a whole: it carries claims of the token, never the token, a secret
 * or the text of an upstream answer; hence no `cause` either.
 */
export class CredentialsError extends Error {
  override readonly name = 'CredentialsError';
  /** Stable; docs/troubleshooting.md has them all. */
  readonly code: MistakeCode;
  /** What is wrong, without values. */
  readonly summary: string;
  readonly remedy: string;
  /** Where the answer leaves the cause open: what it may be, the likeliest first. */
  readonly mayBe: readonly MistakeCode[];
  /**
   * `answer` of the side that refused; `iss`, `aud`, `sub`, `exp` and caller (`azp`, `appid`) of the token;
   * `expectedProvider`, `expectedClientId` and `expectedTrust`: what must stand in AWS for it to be let in.
   */
  readonly facts: Readonly<Record<string, string>>;

  constructor(
    code: MistakeCode,
    more: {
      mayBe?: readonly MistakeCode[];
      facts?: Readonly<Record<string, string>>;
    } = {},
  ) {
    const { mayBe = [], facts = {} } = more;
    const [likeliest] = mayBe;
    const { cause, remedy } = MISTAKES[code];
    const summary = likeliest ? `${cause} Perhaps: ${MISTAKES[likeliest].cause}` : cause;
    const steps = likeliest ? `${remedy} Perhaps: ${MISTAKES[likeliest].remedy}` : remedy;
    const values = Object.entries(facts).map(([name, value]) => `${name} ${value}`);
    super([`${code}: ${summary}`, ...values, `What to do: ${steps}`].join('; '));
    this.code = code;
    this.summary = summary;
    this.remedy = steps;
    this.mayBe = mayBe;
    this.facts = facts;
  }

  /** Where it has to be mended. */
  get side(): Side {
    return MISTAKES[this.code].side;
  }

  /** Whether the same call may succeed a little later; it has been tried again already. */
  get retryable(): boolean {
    return MISTAKES[this.code].retryable;
  }
}
