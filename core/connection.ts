/** How a workload reaches a role that the factory has made ready: all of it from the role itself. */
import type { ProviderArn, RoleArn, RoleId } from './ids.ts';
import { audienceFor, conditionKey, entraProvider, type Issuer } from './issuer.ts';
import { NEXT_STEPS, type RoleStatus, roleStatus } from './role-status.ts';
import { conditionsOf, isExactly, withExactly } from './trust-policy/conditions.ts';
import { type JsonObject, readTrustPolicy, writeTrustPolicy } from './trust-policy/document.ts';
import { allowsWebIdentity, federatedPrincipals } from './trust-policy/statements.ts';
import { type WhoEnters, whoEnters } from './trust-policy/who-enters.ts';

/** `subject` and `subjects`: who gets in with a token for the audience. */
export interface Connection extends WhoEnters {
  readonly roleArn: RoleArn;
  /** Of the role's own application. */
  readonly clientId: string;
  readonly audience: string;
  readonly providerArn: ProviderArn;
  readonly issuer: Issuer;
}

export type Readiness =
  | { readonly kind: 'ready'; readonly connection: Connection }
  | {
      readonly kind: 'not-ready';
      readonly status: RoleStatus['status'];
      readonly detail: string;
      readonly remedy: string;
    };

interface TrustingRole {
  readonly roleArn: RoleArn;
  readonly roleId: RoleId;
  readonly trustPolicy: string;
  readonly tags: Readonly<Record<string, string>>;
}

/** Somebody, or a tool that owns it, has written the trust policy since. The factory hears of new roles only. */
const WRITE_IT_AGAIN =
  'Write the audience back into the aud condition (oidc-factory trust rewrite), and let IaC ignore changes of the trust policy.';

/** Whether the role is ready, by its tags and by its trust policy. Throws TrustPolicyUnreadable, PolicyNotUnderstood. */
export function connectionOf(role: TrustingRole): Readiness {
  const { status, detail, application } = roleStatus(role);
  const notReady = (why: string, remedy: string): Readiness => ({
    kind: 'not-ready',
    status,
    detail: why,
    remedy,
  });
  if (application === undefined) return notReady(detail, NEXT_STEPS[status]);

  const providerArn = providerTrusted(role, application.audience);
  const issuer = entraProvider(providerArn ?? '')?.issuer;
  if (providerArn === undefined || issuer === undefined) {
    return notReady(`The trust policy does not ask for the audience ${application.audience}`, WRITE_IT_AGAIN);
  }
  if (application.audience !== audienceFor(application.clientId, issuer.tokenVersion)) {
    return notReady('Its tags name a client id that does not belong to the audience', NEXT_STEPS.none);
  }
  const entrance = whoEnters(role.trustPolicy, providerArn, issuer.tokenVersion, application.audience);
  if (entrance.subject === 'closed') {
    return notReady('The trust policy lets nobody in: its conditions contradict each other', WRITE_IT_AGAIN);
  }
  return {
    kind: 'ready',
    connection: { roleArn: role.roleArn, ...application, providerArn, issuer, ...entrance },
  };
}

/** The role's trust policy with exactly this subject where the connection's audience is asked for. Minified. */
export function trustingSubject(role: TrustingRole, connection: Connection, subject: string): string {
  const document = readTrustPolicy(role.trustPolicy);
  return writeTrustPolicy(
    document,
    document.statements.map((statement) => {
      if (!asksFor(statement, connection.providerArn, connection.audience)) return [statement];
      const key = conditionKey(connection.providerArn, 'sub');
      return [{ ...statement, Condition: withExactly(conditionsOf(statement) ?? {}, key, subject) }];
    }),
  );
}

/** The Entra provider of the role's account from which the policy takes tokens of this audience. */
function providerTrusted({ trustPolicy, roleArn }: TrustingRole, audience: string): ProviderArn | undefined {
  const account = roleArn.split(':')[4];
  const found = readTrustPolicy(trustPolicy).statements.flatMap((statement) =>
    federatedPrincipals(statement).filter(
      (arn) => entraProvider(arn)?.accountId === account && asksFor(statement, arn, audience),
    ),
  );
  return found[0] as ProviderArn | undefined;
}

const asksFor = (statement: JsonObject, providerArn: string, audience: string): boolean =>
  allowsWebIdentity(statement) &&
  federatedPrincipals(statement).includes(providerArn) &&
  isExactly(conditionsOf(statement) ?? {}, conditionKey(providerArn, 'aud'), audience);
