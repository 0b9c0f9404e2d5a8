/** An invariant that does not hold, by its number: 1 to 4 at every step, 5 to 8 at rest. */
export interface Violation {
  readonly invariant: 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8;
  readonly what: string;
  /** Virtual milliseconds from the start of the run. */
  readonly atMs: number;
  /** The call at which it shows; absent at rest. */
  readonly site?: string;
}

export const INVARIANTS: Readonly<Record<Violation['invariant'], string>> = {
  1: 'Nothing that the factory did not make is ever removed or adopted, nor is what a living role needs',
  2: 'A role that does not consent is never changed',
  3: 'Nobody enters a role but its own application and the principals that its trust policy names',
  4: 'No secret and no policy is in a log, an execution or the ledger',
  5: 'A consenting role has exactly what it needs, or its entry says why not, and that is announced',
  6: 'A role that is gone has left nothing, or its entry says why, and that is announced',
  7: 'Every event that arrived is done, in a retry, or in a dead-letter queue',
  8: 'What passes by itself ends in ready or removed',
};
