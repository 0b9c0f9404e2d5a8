/** How commands end. The codes are the same for every command, and documented in its help and docs/cli.md. */
export const EXIT = {
  /** Done; the answer is yes. */
  ok: 0,
  /** Done; the answer is no: refused, not ready, a check failed, something was found. */
  no: 1,
  /** Arguments, input or config are wrong. */
  usage: 2,
  /** AWS or Entra refuses: not found, not permitted, not trusted. Trying again does not help. */
  refused: 3,
  /** A service cannot be reached, throttles or is not done in time: try again. */
  unavailable: 4,
  /** A fault in this program. */
  unexpected: 70,
} as const;

export type Outcome = Exclude<keyof typeof EXIT, 'ok'>;

/** An expected failure of a command: shown as one paragraph without a stack, with `--json` as one object. */
export class CommandFailure extends Error {
  readonly outcome: Outcome;
  readonly code: string;
  readonly remedy: string | undefined;
  /** Further lines for people, facts for programs. Never a token or a secret. */
  readonly facts: Readonly<Record<string, string>>;

  /** @param code Stable, PascalCase, for programs. */
  constructor(
    outcome: Outcome,
    code: string,
    message: string,
    more: { remedy?: string; facts?: Readonly<Record<string, string>>; cause?: unknown } = {},
  ) {
    super(message, { cause: more.cause });
    this.name = 'CommandFailure';
    this.outcome = outcome;
    this.code = code;
    this.remedy = more.remedy;
    this.facts = more.facts ?? {};
  }
}
