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
  /** How long a function believes what it has read of pause and breaker: a pause counts in half a minute, its calls included. */
  control: 10,
  /** What the caps count by. */
  hour: 3600,
  /** What is younger is not removed because of a sweep: longer than any event is on its way as a rule. */
  driftAge: 3600,
  /** How long the breaker of a full directory stays open. */
  directoryFull: 3600,
  /** Between an event and the guard's look: a role comes with several calls, and IAM's answers settle. */
  guardDelay: 60,
  /** Younger than that, a role has nothing that depends on it: the guard contains it without grace. */
  newRole: 86_400,
  /** Used so lately, a role that is not new is contained by operators only. */
  inUse: 90 * 86_400,
  /** Between two looks at every role of an account, for what events missed. */
  guardSweep: 86_400,
} as const;
