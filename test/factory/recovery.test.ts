/** What passes by itself: lost answers, throttling, crashes. Each of it ends as if nothing had been. */
import { describe, expect, it } from 'vitest';
import type { FunctionName } from '../../core/naming.ts';
import type { Fault } from '../../sandbox/recorder.ts';
import { crash } from './functions.ts';
import { useScene } from './scene.ts';
import { together } from './together.ts';

const scene = useScene(1);

/** As often as the SDK tries by itself: then the function fails, and the workflow has to try again. */
const SDK_ATTEMPTS = 3;

interface Trouble {
  readonly what: string;
  readonly roleName: string;
  /** Strike the run of this event, about this role. */
  readonly faults: (eventId: string, roleName: string) => readonly Fault[];
  /** Whose processes die while the last of the faults delays it. */
  readonly crashes?: FunctionName;
}

const lost = (service: string, operation: string, about: string, times = 1): Fault => ({
  service,
  operation,
  about,
  kind: 'lost-answer',
  times,
});
const lostByIam = (operation: string, about: string) => lost('iam', operation, about, SDK_ATTEMPTS);
/** The claim, which is a transaction with the count of the hour, and further writes. */
const lostByLedger = (roleName: string, times: number) => [
  lost('dynamodb', 'TransactWriteItems', `#${roleName}"`, SDK_ATTEMPTS),
  lost('dynamodb', 'PutItem', `#${roleName}"`, times),
];
const slow = (service: string, operation: string, about: string): Fault => ({
  service,
  operation,
  about,
  kind: 'delay',
  delayMs: 20_000,
  times: 1,
});
/** The application in the body of a request: JSON in JSON. */
const named = (roleName: string) => `-${roleName}\\"`;
const session = (purpose: string, eventId: string) => `oidc-factory-${purpose}/${eventId}`;

const CREATING: readonly Trouble[] = [
  {
    what: 'the answer to the write of the trust policy is lost',
    roleName: 'lost-trust-write',
    faults: (eventId) => [lostByIam('UpdateAssumeRolePolicy', session('trust', eventId))],
  },
  {
    what: 'the answer to the creation of the application is lost',
    roleName: 'lost-application',
    faults: (_, roleName) => [lost('graph', 'POST /applications', named(roleName))],
  },
  {
    // Its request names no role: whichever comes first.
    what: 'the answer to the creation of a service principal is lost',
    roleName: 'lost-principal',
    faults: () => [lost('graph', 'POST /servicePrincipals', scene.factory().sandbox.world.factoryAppId)],
  },
  {
    what: 'the answer to the addition of the audience is lost',
    roleName: 'lost-audience',
    faults: (eventId) => [lostByIam('AddClientIDToOpenIDConnectProvider', session('provider', eventId))],
  },
  {
    what: 'the answer to the mark is lost',
    roleName: 'lost-mark',
    faults: (eventId) => [lostByIam('TagRole', session('inspect', eventId))],
  },
  {
    what: 'the answers of the ledger are lost, one after the other',
    roleName: 'lost-ledger',
    faults: (_, roleName) => lostByLedger(roleName, 12),
  },
  {
    what: 'the answer to the start of the execution is lost',
    roleName: 'lost-start',
    faults: (eventId) => [lost('states', 'StartExecution', eventId, 2)],
  },
  {
    what: 'the member account throttles',
    roleName: 'throttled-account',
    faults: (eventId) => [{ cloud: 'aws', service: 'iam', about: `/${eventId}`, kind: 'throttle', times: 9 }],
  },
  {
    what: 'STS throttles',
    roleName: 'throttled-sts',
    faults: (eventId) => [
      { service: 'sts', operation: 'AssumeRole', about: eventId, kind: 'throttle', times: 7 },
    ],
  },
  {
    what: 'the ledger fails',
    roleName: 'failing-ledger',
    faults: (_, roleName) => [{ service: 'dynamodb', about: `#${roleName}"`, kind: 'error', times: 8 }],
  },
  {
    what: 'reads of the role are stale',
    roleName: 'stale-role',
    faults: (eventId) => [
      {
        service: 'iam',
        operation: 'GetRole',
        about: session('trust', eventId),
        kind: 'stale-read',
        times: 2,
      },
    ],
  },
  {
    what: 'the function dies while it creates the application',
    roleName: 'dies-at-application',
    faults: (_, roleName) => [slow('graph', 'POST /applications', named(roleName))],
    crashes: 'register-application',
  },
  {
    what: 'the function dies while it adds the audience',
    roleName: 'dies-at-audience',
    faults: (eventId) => [slow('iam', 'AddClientIDToOpenIDConnectProvider', session('provider', eventId))],
    crashes: 'add-audience',
  },
  {
    what: 'the function dies while it writes the trust policy',
    roleName: 'dies-at-trust',
    faults: (eventId) => [slow('iam', 'UpdateAssumeRolePolicy', session('trust', eventId))],
    crashes: 'assign-audience',
  },
  {
    what: 'the function dies right after its claim',
    roleName: 'dies-at-claim',
    faults: (_, roleName) => [slow('dynamodb', 'TransactWriteItems', `#${roleName}"`)],
    crashes: 'inspect-role',
  },
];

async function create({ roleName, faults, crashes }: Trouble): Promise<void> {
  const { member } = scene.factory();
  scene.trail.hold(roleName);
  await scene.create(member, roleName);
  const [creation] = scene.trail.of('CreateRole', roleName);
  const strikes = faults(creation?.eventID ?? '', roleName).map(scene.strike);
  scene.trail.letGo(roleName);
  scene.trail.deliver(creation);
  for (const { struck } of strikes) await struck();
  if (crashes) await crash(scene.factory(), crashes);
  await scene.ready(member, roleName);
}

const REMOVING: readonly Trouble[] = [
  {
    what: 'the answer to the removal of the audience is lost',
    roleName: 'lost-trust-write',
    faults: (eventId) => [lostByIam('RemoveClientIDFromOpenIDConnectProvider', session('provider', eventId))],
  },
  {
    what: 'the answers of the ledger are lost, one after the other',
    roleName: 'lost-ledger',
    faults: (_, roleName) => lostByLedger(roleName, 3),
  },
  {
    // Of whichever removal comes first.
    what: 'the answer to the record of the removal is lost',
    roleName: 'lost-application',
    faults: () => [lost('dynamodb', 'PutItem', '"phase":{"S":"removed"}')],
  },
  {
    what: 'the member account throttles',
    roleName: 'throttled-account',
    faults: (eventId) => [{ cloud: 'aws', service: 'iam', about: `/${eventId}`, kind: 'throttle', times: 7 }],
  },
  {
    what: 'the function dies while it removes the audience',
    roleName: 'dies-at-audience',
    faults: (eventId) => [
      slow('iam', 'RemoveClientIDFromOpenIDConnectProvider', session('provider', eventId)),
    ],
    crashes: 'remove-audience',
  },
  {
    what: 'the function dies while it looks whether the role is gone',
    roleName: 'dies-at-claim',
    faults: (eventId) => [slow('iam', 'GetRole', session('inspect', eventId))],
    crashes: 'confirm-role-gone',
  },
];

async function remove({ roleName, faults, crashes }: Trouble): Promise<void> {
  const { member } = scene.factory();
  scene.trail.hold(roleName);
  await scene.remove(member, roleName);
  const [deletion] = scene.trail.of('DeleteRole', roleName);
  const strikes = faults(deletion?.eventID ?? '', roleName).map(scene.strike);
  scene.trail.deliver(deletion);
  for (const { struck } of strikes) await struck();
  if (crashes) await crash(scene.factory(), crashes);
  await scene.removed(member, roleName);
  const executions = await scene.watched().ended(member, roleName, { create: 1, delete: 1 });
  expect(executions.at(-1)).toMatchObject({ workflow: 'delete-role', status: 'SUCCEEDED' });
}

const plays = (troubles: readonly Trouble[], play: (trouble: Trouble) => Promise<void>) =>
  Object.fromEntries(troubles.map((trouble) => [trouble.roleName, () => play(trouble)]));

describe('a role is served although', () => {
  const outcome = together(plays(CREATING, create));
  it.each(CREATING)('$what', ({ roleName }) => outcome(roleName));
});

describe('whatever happened', () => {
  it('one application was made for each role, and everything holds that must always hold', () =>
    scene.invariants());
});

describe('a role that is gone is cleared away although', () => {
  const outcome = together(plays(REMOVING, remove));
  it.each(REMOVING)('$what', ({ roleName }) => outcome(roleName));
});

describe('at rest', () => {
  it('everything holds that must always hold', () => scene.invariants());
});
