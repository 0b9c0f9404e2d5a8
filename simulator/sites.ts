/**
 * Every place where the factory calls something, and which faults can happen there. A call that is not in this table
 * stops the run: who adds one says what can go wrong with it.
 */
import type { RoleFunctionName } from '../core/naming.ts';
import type {
  Control,
  Directory,
  Executions,
  InspectAccess,
  Ledger,
  MemberAccounts,
  ProviderAccess,
  TrustAccess,
} from '../lambdas/ports.ts';

type Methods<Name extends string, Port> = `${Name}.${keyof Port & string}`;

/** A method of a port; of a session, where the port opens sessions. */
export type PortMethod =
  | Methods<'accounts', MemberAccounts>
  | Methods<'inspect', InspectAccess>
  | Methods<'provider', ProviderAccess>
  | Methods<'trust', TrustAccess>
  | Methods<'directory', Directory>
  | Methods<'ledger', Ledger>
  | Methods<'control', Control>
  | Methods<'executions', Executions>;

/** What a workflow does by itself: it invokes a function, and starts another workflow. */
type Service = 'lambda.invoke' | 'states.startExecution';

export type CallSite = `${RoleFunctionName | 'create-role'} ${PortMethod | Service}`;

export const FAULT_KINDS = [
  'throttled',
  'unavailable',
  'timed-out',
  'slow',
  'lost-answer',
  'repeated',
  'stale',
  'unseen',
  'conflict',
  'denied',
  'killed-before',
  'killed-after',
  'hung',
  'aborted',
] as const;
/**
 * - `throttled`, `unavailable`: refused at once, nothing happens.
 * - `timed-out`: no answer for ten seconds, and nothing happens.
 * - `slow`: it happens at once, and the answer takes half a minute.
 * - `lost-answer`: it happens, but the answer does not arrive.
 * - `repeated`: the client itself repeats it after a lost answer, and answers what the second attempt says.
 * - `stale`: a read shows what was some minutes ago.
 * - `unseen`: a write meets a replica that does not know the object yet.
 * - `conflict`: another write to the same object was faster.
 * - `denied`: a permission is missing, for some minutes.
 * - `killed-before`, `killed-after`: the process of the function dies there.
 * - `hung`: no answer until the function's time is up; meanwhile it happens all the same.
 * - `aborted`: the execution is stopped; its function goes on. Later an operator runs it again.
 */
export type FaultKind = (typeof FAULT_KINDS)[number];

type Backend = 'iam' | 'entra' | 'ledger' | 'states' | 'lambda';
type Effect = 'session' | 'read' | 'consistent-read' | 'write';

export const METHODS: Readonly<
  Record<PortMethod | Service, { readonly service: Backend; readonly effect: Effect }>
> = {
  'accounts.inspect': { service: 'iam', effect: 'session' },
  'accounts.provider': { service: 'iam', effect: 'session' },
  'accounts.trust': { service: 'iam', effect: 'session' },
  'inspect.getRole': { service: 'iam', effect: 'read' },
  'inspect.getProvider': { service: 'iam', effect: 'read' },
  'inspect.tagRole': { service: 'iam', effect: 'write' },
  'provider.addAudience': { service: 'iam', effect: 'write' },
  'provider.removeAudience': { service: 'iam', effect: 'write' },
  'trust.getRole': { service: 'iam', effect: 'read' },
  'trust.getProvider': { service: 'iam', effect: 'read' },
  'trust.updateTrustPolicy': { service: 'iam', effect: 'write' },
  'trust.tagRole': { service: 'iam', effect: 'write' },
  'directory.createApplication': { service: 'entra', effect: 'write' },
  'directory.originOf': { service: 'entra', effect: 'read' },
  'directory.application': { service: 'entra', effect: 'read' },
  'directory.setIdentifierUris': { service: 'entra', effect: 'write' },
  'directory.createFederatedCredential': { service: 'entra', effect: 'write' },
  'directory.deleteFederatedCredential': { service: 'entra', effect: 'write' },
  'directory.createServicePrincipal': { service: 'entra', effect: 'write' },
  'directory.servicePrincipal': { service: 'entra', effect: 'read' },
  'directory.deleteServicePrincipal': { service: 'entra', effect: 'write' },
  'directory.deleteApplication': { service: 'entra', effect: 'write' },
  'directory.purge': { service: 'entra', effect: 'write' },
  'ledger.incarnations': { service: 'ledger', effect: 'consistent-read' },
  'ledger.read': { service: 'ledger', effect: 'consistent-read' },
  'ledger.holdersOf': { service: 'ledger', effect: 'read' },
  'ledger.write': { service: 'ledger', effect: 'write' },
  'control.read': { service: 'ledger', effect: 'consistent-read' },
  'control.openBreaker': { service: 'ledger', effect: 'write' },
  'executions.start': { service: 'states', effect: 'write' },
  // DescribeExecution is eventually consistent.
  'executions.isDoneOrRunning': { service: 'states', effect: 'read' },
  'executions.isRunning': { service: 'states', effect: 'read' },
  'lambda.invoke': { service: 'lambda', effect: 'write' },
  'states.startExecution': { service: 'states', effect: 'write' },
};

/** Who calls what. */
export const CALLS: Readonly<Record<RoleFunctionName | 'create-role', readonly (PortMethod | Service)[]>> = {
  'dispatch-role-event': [
    'lambda.invoke',
    'ledger.incarnations',
    'executions.start',
    'executions.isDoneOrRunning',
  ],
  'inspect-role': [
    'lambda.invoke',
    'control.read',
    'accounts.inspect',
    'inspect.getRole',
    'inspect.getProvider',
    'inspect.tagRole',
    'ledger.incarnations',
    'ledger.holdersOf',
    'ledger.write',
    'executions.isRunning',
  ],
  'register-application': [
    'lambda.invoke',
    'control.read',
    'control.openBreaker',
    'ledger.read',
    'ledger.write',
    'directory.createApplication',
    'directory.originOf',
    'directory.application',
    'directory.setIdentifierUris',
    'directory.createFederatedCredential',
    'directory.deleteFederatedCredential',
    'directory.createServicePrincipal',
    'directory.servicePrincipal',
    'directory.deleteServicePrincipal',
  ],
  'add-audience': [
    'lambda.invoke',
    'control.read',
    'ledger.read',
    'ledger.write',
    'accounts.provider',
    'provider.addAudience',
    'provider.removeAudience',
  ],
  'verify-application': [
    'lambda.invoke',
    'control.read',
    'ledger.read',
    'ledger.write',
    'directory.application',
    'directory.servicePrincipal',
  ],
  'assign-audience': [
    'lambda.invoke',
    'control.read',
    'ledger.read',
    'ledger.write',
    'accounts.trust',
    'trust.getRole',
    'trust.getProvider',
    'trust.updateTrustPolicy',
    'trust.tagRole',
  ],
  'record-outcome': [
    'lambda.invoke',
    'control.read',
    'ledger.incarnations',
    'ledger.read',
    'ledger.write',
    'accounts.inspect',
    'inspect.getRole',
    'inspect.tagRole',
  ],
  'confirm-role-gone': [
    'lambda.invoke',
    'control.read',
    'ledger.read',
    'ledger.write',
    'accounts.inspect',
    'inspect.getRole',
    'executions.isRunning',
  ],
  'remove-audience': [
    'lambda.invoke',
    'control.read',
    'ledger.read',
    'accounts.provider',
    'provider.removeAudience',
  ],
  'delete-application': [
    'lambda.invoke',
    'control.read',
    'ledger.read',
    'directory.originOf',
    'directory.servicePrincipal',
    'directory.deleteServicePrincipal',
    'directory.deleteApplication',
    'directory.purge',
  ],
  'create-role': ['states.startExecution'],
};

export const CALL_SITES: readonly CallSite[] = Object.entries(CALLS).flatMap(([by, methods]) =>
  methods.map((method) => `${by} ${method}` as CallSite),
);

const ANYWHERE: readonly FaultKind[] = ['throttled', 'unavailable'];
const IN_A_FUNCTION: readonly FaultKind[] = [
  'timed-out',
  'slow',
  'denied',
  'killed-before',
  'killed-after',
  'hung',
];
const OF_EFFECT: Readonly<Record<Effect, readonly FaultKind[]>> = {
  session: [],
  read: ['stale'],
  'consistent-read': [],
  write: ['lost-answer', 'repeated'],
};

/** What can go wrong at a call site. */
export function faultKindsOf(site: CallSite): readonly FaultKind[] {
  const [by, method] = site.split(' ') as [RoleFunctionName, PortMethod | Service];
  const { service, effect } = METHODS[method];
  // A service that calls another has no process of ours in between.
  if (method === 'lambda.invoke' || method === 'states.startExecution') return [...ANYWHERE, 'lost-answer'];
  // A provider is older than any role; roles and applications are new.
  const isNew =
    effect === 'write' && (service === 'entra' || (service === 'iam' && !method.startsWith('provider.')));
  return [
    ...ANYWHERE,
    ...OF_EFFECT[effect],
    ...(isNew ? (['unseen'] as const) : []),
    ...(effect === 'write' && service !== 'states' ? (['conflict'] as const) : []),
    ...IN_A_FUNCTION,
    ...(by === 'dispatch-role-event' ? [] : (['aborted'] as const)),
  ];
}

export const methodOf = (site: CallSite): PortMethod | Service => site.split(' ')[1] as PortMethod | Service;
