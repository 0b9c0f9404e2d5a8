/**
 * Every duration of the product, in seconds. They depend on each other and on the workflows' definitions; a test
 * holds the inequalities.
 */
export const DURATIONS = {
  /** A function's timeout. The tasks of the workflows time out later (70 s), so that a timeout is the function's. */
  functionTimeout: 60,
  /** Until IAM's answers agree with an event: before that, a contradiction is lag and not proof. */
  settle: 300,
  /** Between two looks that find no role: one NoSuchEntity may be a stale read. */
  lookAgain: 60,
  /** Before a removal begins: longer than any function can run, so that nothing of a former owner is in flight. */
  writers: 90,
  /**
   * Until a 404 of the directory is believed. Tails of 19 minutes were reported; believing too early costs an unused
   * application, which removal finds by its name, as it tries every generation.
   */
  replication: 600,
  /** Between two looks at the directory that must both find nothing: its replicas differ for seconds. */
  secondLook: 3,
  /** How long a function tries one call to Graph again; the minutes are the workflow's. */
  graphPatience: 5,
  /** How long an execution owns a ledger entry after its last write: longer than the longest pause between two attempts. */
  lease: 600,
} as const;
