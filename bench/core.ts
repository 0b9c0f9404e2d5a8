/** Time and memory of the decisions over many roles: both grow with the number of roles and no faster. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { evaluateConsent } from '../core/consent.ts';
import * as ids from '../core/ids.ts';
import { entraIssuer } from '../core/issuer.ts';
import { evaluateWebIdentityTrust } from '../core/policy/web-identity.ts';
import { rewriteTrustPolicy } from '../core/trust-policy/rewrite.ts';
import { bounded, type Section, table } from './figures.ts';
import { PLACEHOLDER, WORLD } from './scene.ts';
import { median, rounded } from './statistics.ts';

const SIZES = [1000, 2000, 5000, 10_000, 20_000] as const;
const ROUNDS = 5;

const ACCOUNT = ids.accountId(WORLD.memberAccountIds[0]);
const ISSUER = entraIssuer({ cloud: 'public', tenantId: ids.tenantId(WORLD.tenantId), tokenVersion: 1 });
const PROVIDER_PATH = `sts.windows.net/${WORLD.tenantId}/`;
const PROVIDER = {
  providerArn: ids.providerArn(`arn:aws:iam::${ACCOUNT}:oidc-provider/${PROVIDER_PATH}`),
  clientIds: Array.from({ length: 100 }, (_, index) => `api://${guid(index)}`),
};
const SETTINGS = {
  issuer: ISSUER,
  placeholders: [ids.audience(PLACEHOLDER)],
  protectedRoles: ['Admin*', 'Break*Glass'],
  memberRolePrefix: 'oidc-factory',
};

function guid(index: number): string {
  return `dddddddd-0000-4000-8000-${String(index).padStart(12, '0')}`;
}

/** No two alike: a service beside the tenant, a list of actions, conditions of its own, several statements. */
function trustPolicyOf(index: number): string {
  const federated = {
    Effect: 'Allow',
    Principal: { Federated: PROVIDER.providerArn },
    Action:
      index % 2 === 0 ? 'sts:AssumeRoleWithWebIdentity' : ['sts:AssumeRoleWithWebIdentity', 'sts:TagSession'],
    Condition: {
      StringEquals: { [`${PROVIDER_PATH}:aud`]: PLACEHOLDER },
      ...(index % 3 === 0 && { StringLike: { 'sts:RoleSessionName': `job-${index}-*` } }),
    },
  };
  const service = {
    Sid: `Service${index}`,
    Effect: 'Allow',
    Principal: { Service: 'ecs-tasks.amazonaws.com' },
    Action: 'sts:AssumeRole',
  };
  return JSON.stringify({
    Version: '2012-10-17',
    Statement: index % 4 === 0 ? [service, federated] : [federated],
  });
}

/** Decides on one role, rewrites its policy, and asks whether its own application and another one get in. */
function decide(index: number): { document: string; entered: boolean; refused: boolean } {
  const trustPolicy = trustPolicyOf(index);
  const servicePrincipalId = ids.servicePrincipalId(guid(index + 1_000_000));
  const appId = ids.appId(guid(index));
  const audience = ids.audience(`api://${appId}`);
  const role = {
    accountId: ACCOUNT,
    roleName: ids.roleName(`role-${index}`),
    path: '/',
    trustPolicy,
    tags: {},
  };
  const consent = evaluateConsent({ role, provider: PROVIDER, settings: SETTINGS });
  if (consent.kind !== 'consents') throw new Error(`role-${index} does not consent`);
  const { document } = rewriteTrustPolicy({
    trustPolicy,
    provider: PROVIDER,
    accountId: ACCOUNT,
    settings: SETTINGS,
    audience,
    appId,
    servicePrincipalId,
  });
  const enters = (sub: string) =>
    evaluateWebIdentityTrust({
      trustPolicy: document,
      providerArn: PROVIDER.providerArn,
      claims: { aud: audience, sub },
      sessionName: `job-${index}-1`,
    }).allowed;
  return { document, entered: enters(servicePrincipalId), refused: !enters(guid(7)) };
}

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

/** Microseconds, and bytes of what is kept, for each of so many roles. */
function measure(roles: number): { microseconds: number; bytes: number } {
  collectGarbage();
  const before = process.memoryUsage().heapUsed;
  const begun = performance.now();
  const decided = Array.from({ length: roles }, (_, index) => decide(index));
  const ms = performance.now() - begun;
  if (!decided.every(({ entered, refused }) => entered && refused)) throw new Error('Somebody else gets in');
  collectGarbage();
  const bytes = process.memoryUsage().heapUsed - before;
  return { microseconds: (1000 * ms) / roles, bytes: bytes / roles };
}

export function coreSection(): Section {
  measure(2000);
  const rounds = Array.from({ length: ROUNDS }, () => SIZES.map((roles) => ({ roles, ...measure(roles) })));
  const sizes = SIZES.map((roles, column) => ({
    roles,
    microseconds: rounded(median(rounds.map((round) => round[column]?.microseconds as number))),
    bytes: Math.round(median(rounds.map((round) => round[column]?.bytes as number))),
  }));
  const growth = (of: 'microseconds' | 'bytes') => {
    const ratios = rounds.map((round) => (round.at(-1)?.[of] as number) / (round[0]?.[of] as number));
    return rounded(median(ratios));
  };
  return {
    title: `Decisions over many roles (medians of ${ROUNDS})`,
    figures: [bounded('linear-time', growth('microseconds')), bounded('linear-memory', growth('bytes'))],
    table: table([
      ['roles', 'µs each', 'bytes each'],
      ...sizes.map(({ roles, microseconds, bytes }) => [roles, microseconds, bytes]),
    ]),
    details: sizes,
  };
}
