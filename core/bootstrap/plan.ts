/** From what a tenant should hold and what it holds: the steps in between, and what keeps them from being taken. */
import { GRAPH_PERMISSIONS } from '../doctor/tenant.ts';
import type {
  DesiredLogin,
  DesiredTenant,
  NamedApplication,
  SeenApplication,
  SeenTenant,
  TrustedToken,
} from './tenant.ts';

/** `factory`, `reservation`, or the object id of another application that holds a placeholder. */
export type Which = string;

export type Step =
  | ({ readonly do: 'create-application'; readonly which: 'factory' | 'reservation' } & NamedApplication)
  | { readonly do: 'declare-permission'; readonly which: Which }
  | { readonly do: 'remove-owner'; readonly which: Which; readonly ownerId: string }
  | { readonly do: 'remove-password'; readonly which: Which; readonly keyId: string }
  | {
      readonly do: 'remove-federated';
      readonly which: Which;
      readonly id: string;
      readonly token: TrustedToken;
    }
  | { readonly do: 'add-federated'; readonly which: Which; readonly token: TrustedToken }
  | { readonly do: 'create-principal'; readonly which: Which; readonly enabled: boolean }
  | { readonly do: 'disable-principal'; readonly which: Which }
  | { readonly do: 'store-secret'; readonly which: Which; readonly secretArn: string }
  | { readonly do: 'grant-permission'; readonly which: Which }
  | {
      readonly do: 'claim-identifier-uris';
      readonly which: Which;
      /** All that it has afterwards. */
      readonly uris: readonly string[];
    };

export interface Plan {
  /** In the order in which they are taken. */
  readonly steps: readonly Step[];
  /** What somebody should look at; it stays as it is. */
  readonly notices: readonly string[];
  /** Why no step may be taken at all. */
  readonly refusals: readonly string[];
}

/** The only permission that the factory needs: to make applications, and to manage those that it owns. */
export const PERMISSION = 'Application.ReadWrite.OwnedBy';

/** A password that ends sooner is renewed. */
const RENEW_BEFORE_MS = 30 * 86_400_000;

export function planTenant(desired: DesiredTenant, seen: SeenTenant): Plan {
  const parts = [planFactory(desired, seen), planReservation(desired, seen)];
  return {
    steps: parts.flatMap(({ steps }) => steps),
    notices: parts.flatMap(({ notices }) => notices),
    refusals: parts.flatMap(({ refusals }) => refusals),
  };
}

function planFactory({ factory, login }: DesiredTenant, seen: SeenTenant): Plan {
  const which = 'factory';
  const application = seen.factory;
  if (application === undefined && factory.appId !== undefined) {
    return refused(
      `entra.factoryAppId ${factory.appId} is no application of this tenant: take it out of the config to have one made`,
    );
  }
  const { displayName, uniqueName } = factory;
  const principal = application?.principal;
  const consented = hasConsent(application);
  const passwords = judgePasswords(login, application, seen.now);
  const federated = judgeFederated(login, application);
  const steps: Step[] = [
    ...when(!application, { do: 'create-application', which, displayName, uniqueName }),
    ...when(application && !application.declared.includes(GRAPH_PERMISSIONS[PERMISSION]), {
      do: 'declare-permission',
      which,
    }),
    // An owner may add credentials, and this one would be the factory itself.
    ...(principal && application?.ownerIds.includes(principal.id)
      ? [{ do: 'remove-owner', which, ownerId: principal.id } as const]
      : []),
    // Before the permission makes them worth anything.
    ...(consented
      ? []
      : passwords.strays.map(({ keyId }): Step => ({ do: 'remove-password', which, keyId }))),
    ...federated,
    ...when(!principal, { do: 'create-principal', which, enabled: true }),
    ...(login.kind === 'secret' && passwords.missing
      ? [{ do: 'store-secret', which, secretArn: login.secretArn } as const]
      : []),
    ...when(!principal?.granted.includes(GRAPH_PERMISSIONS[PERMISSION]), { do: 'grant-permission', which }),
  ];
  // Named in the config or consented to, it was an administrator's choice before.
  const vouched = factory.appId !== undefined || consented;
  return {
    steps,
    refusals: [
      ...unless(
        application === undefined || application.signInAudience === 'AzureADMyOrg',
        `${about(application)} signs in accounts of other tenants too (${application?.signInAudience})`,
      ),
      ...(vouched ? [] : foreignHands(application, seen.callerId)),
    ],
    notices: [
      ...(vouched ? foreignHands(application, seen.callerId) : []),
      ...(consented ? passwords.strays : []).map(
        ({ keyId, displayName: name }) =>
          `${about(application)} has a client secret that is not the factory's: ${name ?? 'without a name'}, ${keyId}`,
      ),
      ...unless(principal?.enabled !== false, `the service principal of ${about(application)} is disabled`),
      ...unless(
        !principal?.granted.includes(GRAPH_PERMISSIONS['Application.ReadWrite.All']),
        `${about(application)} also has Application.ReadWrite.All, which the factory does not need`,
      ),
      ...unless(
        login.kind !== 'issuer-unknown',
        'the federated credentials are missing: AWS has no issuer for the factory account yet. Deploy OidcFactory, which enables it, and run this again',
      ),
    ],
  };
}

/** Only an administrator can have consented, so that somebody has vouched for the application before. */
const hasConsent = (application: SeenApplication | undefined): boolean =>
  Object.values(GRAPH_PERMISSIONS).some((id) => application?.principal?.granted.includes(id));

function judgePasswords(login: DesiredLogin, application: SeenApplication | undefined, now: number) {
  const passwords = application?.passwords ?? [];
  const known = login.kind === 'secret' ? login.versions : [];
  return {
    strays: passwords.filter(({ keyId }) => !known.includes(keyId)),
    missing:
      login.kind === 'secret' &&
      !passwords.some(({ keyId, endsAt }) => keyId === login.current && endsAt > now + RENEW_BEFORE_MS),
  };
}

/** Exactly those wanted: an extra one is a way to be the factory. */
function judgeFederated(login: DesiredLogin, application: SeenApplication | undefined): Step[] {
  // What an administrator has consented to is not taken away for want of knowledge.
  if (login.kind === 'issuer-unknown' && hasConsent(application)) return [];
  const which = 'factory';
  const wanted = login.kind === 'federated' ? login.credentials : [];
  const present = application?.federated ?? [];
  const kept = present.filter((one) => wanted.some((token) => serves(one, token, wanted)));
  const extra = present.filter((one) => !kept.includes(one));
  const lacking = wanted.filter((token) => !kept.some((one) => serves(one, token, wanted)));
  return [
    // First, for they may hold a name, and twenty fit on an application.
    ...extra.map(({ id, ...token }): Step => ({ do: 'remove-federated', which, id, token })),
    ...lacking.map((token): Step => ({ do: 'add-federated', which, token })),
  ];
}

/** Whatever its name, unless that is the one of another that is wanted. */
const serves = (one: TrustedToken, token: TrustedToken, wanted: readonly TrustedToken[]): boolean =>
  one.issuer === token.issuer &&
  one.subject === token.subject &&
  one.audience === token.audience &&
  !wanted.some(({ name, subject }) => name === one.name && subject !== one.subject);

function planReservation({ reservation }: DesiredTenant, seen: SeenTenant): Plan {
  const { identifierUris, displayName, uniqueName } = reservation;
  const free = identifierUris.filter((uri) => !seen.holders.some((holder) => holder.uri === uri));
  const own = seen.reservation;
  const holds = ({ objectId }: SeenApplication): boolean =>
    seen.holders.some(({ application }) => application.objectId === objectId);
  const others = new Map(
    seen.holders
      .filter(({ application }) => application.objectId !== own?.objectId)
      .map(({ application }) => [application.objectId, application] as const),
  );
  const inUse = [...(own && (free.length > 0 || holds(own)) ? [own] : []), ...others.values()];
  const nameOf = (application: SeenApplication): Which =>
    application === own ? 'reservation' : application.objectId;
  const disabling = inUse.flatMap((application): Step[] => {
    const which = nameOf(application);
    if (!application.principal) return [{ do: 'create-principal', which, enabled: false }];
    return application.principal.enabled ? [{ do: 'disable-principal', which }] : [];
  });
  return {
    steps: [
      ...when(free.length > 0 && !own, {
        do: 'create-application',
        which: 'reservation',
        displayName,
        uniqueName,
      }),
      ...when(free.length > 0 && !own, { do: 'create-principal', which: 'reservation', enabled: false }),
      ...disabling,
      // Last: while its principal is enabled, a token with the placeholder could be had.
      ...when(free.length > 0, {
        do: 'claim-identifier-uris',
        which: 'reservation',
        uris: [...(own?.identifierUris ?? []), ...free],
      }),
    ],
    ...hands(inUse, seen.callerId),
  };
}

/** Who owns the holder of a placeholder can enable it again. Where that has been disabled before, it is told only. */
function hands(inUse: readonly SeenApplication[], callerId: string): Pick<Plan, 'notices' | 'refusals'> {
  const foreign = inUse.map((application) => ({
    disabled: application.principal?.enabled === false,
    texts: foreignHands(application, callerId),
  }));
  const texts = (disabled: boolean) =>
    foreign.filter((one) => one.disabled === disabled).flatMap((one) => one.texts);
  return { notices: texts(true), refusals: texts(false) };
}

/** Who but the caller can act as the application, or change it. */
function foreignHands(application: SeenApplication | undefined, callerId: string): string[] {
  if (application === undefined) return [];
  const { principal } = application;
  const owners = new Set(
    [...application.ownerIds, ...(principal?.ownerIds ?? [])].filter(
      (id) => id !== callerId && id !== principal?.id,
    ),
  );
  return [
    ...unless(owners.size === 0, `${about(application)} has owners: ${[...owners].join(', ')}`),
    ...unless(application.keys === 0, `${about(application)} has a certificate`),
    ...unless(
      (principal?.credentials ?? 0) === 0,
      `the service principal of ${about(application)} has credentials of its own`,
    ),
  ];
}

const about = (application: SeenApplication | undefined): string =>
  application === undefined ? 'the application' : `${application.displayName} (${application.appId})`;

const when = (holds: unknown, step: Step): Step[] => (holds ? [step] : []);
const unless = (holds: boolean, text: string): string[] => (holds ? [] : [text]);
const refused = (text: string): Plan => ({ steps: [], notices: [], refusals: [text] });
