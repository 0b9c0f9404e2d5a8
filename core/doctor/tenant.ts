/** Judgements on the Entra tenant: the factory's own application, its quota, and the placeholder's reservation. */
import type { AppId, Audience, RoleArn, ServicePrincipalId } from '../ids.ts';
import { fail, ok, unknown, type Verdict } from './verdict.ts';

/** A service principal as Graph shows it. */
export interface SeenPrincipal {
  readonly id: string;
  readonly enabled: boolean;
}

/** An application, with what decides who may log in as it. */
export interface SeenLogin {
  readonly federatedCredentials: readonly {
    readonly issuer: string;
    readonly subject: string;
    readonly audiences: readonly string[];
  }[];
  /** When each client secret expires, in milliseconds since the epoch. */
  readonly secretsExpireAt: readonly number[];
}

export interface OwnApplication {
  readonly factoryAppId: AppId;
  readonly factoryServicePrincipalId: ServicePrincipalId;
}

/** `principal`: of the configured client id. */
export function judgeFactoryApplication(principal: SeenPrincipal | undefined, own: OwnApplication): Verdict {
  if (principal === undefined) {
    return fail('FactoryApplicationMissing', `${own.factoryAppId} has no service principal in the tenant`);
  }
  if (principal.id.toLowerCase() !== own.factoryServicePrincipalId.toLowerCase()) {
    return fail(
      'FactoryApplicationMissing',
      `its service principal is ${principal.id}, not ${own.factoryServicePrincipalId}`,
    );
  }
  return principal.enabled ? ok(own.factoryAppId) : fail('FactoryApplicationMissing', 'it is disabled');
}

export interface FederatedTerms {
  /** What AWS issues the tokens as; undefined where that could not be read. */
  readonly issuer: string | undefined;
  readonly audience: string;
  /** The functions that log in. */
  readonly subjects: readonly RoleArn[];
}

/** Entra compares all three with regard to case. */
export function judgeFederatedLogin({ federatedCredentials }: SeenLogin, terms: FederatedTerms): Verdict {
  const { issuer, audience, subjects } = terms;
  const lacking = subjects.filter(
    (subject) =>
      !federatedCredentials.some(
        (credential) =>
          credential.subject === subject &&
          credential.audiences.includes(audience) &&
          (issuer === undefined || credential.issuer === issuer),
      ),
  );
  const expected = `issuer ${issuer ?? '(unknown)'}, audience ${audience}`;
  if (lacking.length > 0) return fail('DirectoryLoginFailed', `none for ${lacking.join(', ')}; ${expected}`);
  if (issuer === undefined) {
    return unknown(
      'subjects and audience fit, the issuer is not known',
      'Allow iam:GetOutboundWebIdentityFederationInfo in the factory account to the caller.',
    );
  }
  return ok(`${subjects.length} federated credentials of ${issuer}`);
}

export function judgeSecretLogin({ secretsExpireAt }: SeenLogin, now: number): Verdict {
  const last = Math.max(...secretsExpireAt);
  if (last > now) return ok(`a client secret until ${new Date(last).toISOString()}`);
  return secretsExpireAt.length === 0
    ? fail('SecretWrong', 'the application has no client secret')
    : fail('SecretExpired', `since ${new Date(last).toISOString()}`);
}

/** Ids of Graph's application permissions, the same in every tenant. */
export const GRAPH_PERMISSIONS = {
  'Application.ReadWrite.OwnedBy': '18a4783c-866b-4cc7-a460-3d5e5662c884',
  'Application.ReadWrite.All': '1bfefb4e-e0b5-418b-a88f-73c46d2cc8e9',
} as const;

/** `appRoleIds`: of all assignments to the factory's service principal. */
export function judgePermission(appRoleIds: readonly string[]): Verdict {
  const granted = Object.entries(GRAPH_PERMISSIONS)
    .filter(([, id]) => appRoleIds.includes(id))
    .map(([name]) => name);
  return granted.length === 0
    ? fail('DirectoryForbidden', 'neither it nor a wider one is granted')
    : ok(`${granted.join(', ')}, admin consent given`);
}

/** Microsoft: what a creator who is no administrator may hold, restorable deleted objects included. */
const MAX_OBJECTS = 250;

export function judgeQuota(objects: { readonly active: number; readonly deleted: number }): Verdict {
  const { active, deleted } = objects;
  const detail = `${active + deleted} of ${MAX_OBJECTS}: ${active} active, ${deleted} deleted`;
  return active + deleted < MAX_OBJECTS ? ok(detail) : fail('DirectoryQuotaExceeded', detail);
}

export interface Reservation {
  readonly placeholder: Audience;
  /** Of the application that has the placeholder as identifier URI; undefined where none has. */
  readonly holder: { readonly principal: SeenPrincipal | undefined } | undefined;
}

/** A disabled service principal is what keeps tokens from being issued: a missing one could be added any time. */
export function judgeReservations(reservations: readonly Reservation[]): Verdict {
  const open = reservations.flatMap(({ placeholder, holder }) => {
    if (holder === undefined) return [`${placeholder}: no application has it`];
    if (holder.principal === undefined) return [`${placeholder}: its application has no service principal`];
    return holder.principal.enabled ? [`${placeholder}: its service principal is enabled`] : [];
  });
  return open.length === 0
    ? ok(reservations.map(({ placeholder }) => placeholder).join(', '))
    : fail('PlaceholderNotReserved', open.join('; '));
}

/**
 * Only identifier URIs can be reserved: no application can claim a bare word under a v1 token, and none a URI that
 * ends with a slash.
 */
export const reservable = (placeholders: readonly Audience[]): readonly Audience[] =>
  placeholders.filter((placeholder) => placeholder.includes(':') && !placeholder.endsWith('/'));
