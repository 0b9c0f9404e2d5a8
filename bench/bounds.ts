/**
 * What a figure may be at most. Counts and sizes are what was reached; a call or a kilobyte more is a decision, made
 * here. Times are what was reached with a tenth to a quarter more, for machines differ.
 */
const bound = (what: string, most: number, unit = '') => ({ what, unit, bound: most });

export const BOUNDS = {
  bundle: bound('largest bundle without Entra', 310, 'kB'),
  'bundle-zipped': bound('the same, zipped', 95, 'kB'),
  'bundle-entra': bound('largest bundle with Entra', 265, 'kB'),
  'bundle-entra-zipped': bound('the same, zipped', 85, 'kB'),
  // For which nobody waits.
  'bundle-behind': bound('largest bundle of guard and sweep', 425, 'kB'),
  'bundle-behind-zipped': bound('the same, zipped', 135, 'kB'),

  process: bound('functions without Entra, process with bundle ÷ empty handler', 3, '×'),
  'process-entra': bound('functions with Entra, the same', 3, '×'),
  cold: bound('functions without Entra, init + first ÷ CDK default bundling', 0.68, '×'),
  'cold-entra': bound('functions with Entra, the same', 0.68, '×'),
  'cold-cpu': bound('functions without Entra, the same in processor time', 0.62, '×'),
  'cold-cpu-entra': bound('functions with Entra, the same', 0.62, '×'),

  'tls-connections': bound('new TLS connections per warm invocation', 0),
  assertions: bound('assertions per access token', 1),
  memory: bound('most memory at any time, in 500 invocations', 105, 'MB'),
  'memory-growth': bound('the same ÷ in the first invocation', 1.4, '×'),

  'create-calls': bound('create, warm: calls to IAM, STS and Graph', 19),
  'delete-calls': bound('delete, warm: calls to IAM, STS and Graph', 7),
  'create-ledger': bound('create: calls to the ledger', 8),
  'delete-ledger': bound('delete: calls to the ledger', 6),
  'create-transitions': bound('create: state transitions', 6),
  'delete-transitions': bound('delete: state transitions', 9),

  edge: bound('CreateRole events of other tenants that leave the member account', 0),
  'linear-time': bound('core: time for a role among 20,000 ÷ among 1,000', 1.25, '×'),
  'linear-memory': bound('core: memory, the same', 1.1, '×'),
} as const satisfies Record<string, ReturnType<typeof bound>>;

export type BoundName = keyof typeof BOUNDS;
