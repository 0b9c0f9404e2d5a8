/** A tenant in memory, in which the steps of a plan are taken. */
import type { Step } from '../../../core/bootstrap/plan.ts';
import {
  type DesiredTenant,
  desiredTenant,
  type FactoryInTenant,
  type SeenApplication,
  type SeenTenant,
  trustedTokens,
} from '../../../core/bootstrap/tenant.ts';
import { GRAPH_PERMISSIONS } from '../../../core/doctor/tenant.ts';
import { appId, appObjectId, audience, servicePrincipalId } from '../../../core/ids.ts';
import { ACCOUNT, TENANT } from '../../fixtures/domain.ts';

export const NOW = Date.parse('2026-11-20T12:00:00Z');
export const DAY = 86_400_000;
export const CALLER = 'ca11e400-0000-4000-8000-000000000001';
export const STRANGER = 'ba5eba11-0000-4000-8000-000000000001';
export const ISSUER = 'https://c0ffee.tokens.sts.global.api.aws';
export const OWNED_BY = GRAPH_PERMISSIONS['Application.ReadWrite.OwnedBy'];
export const SECRET_ARN = 'arn:aws:secretsmanager:eu-central-1:111122223333:secret:entra-abcdef';
export const PLACEHOLDER = audience(`api://${TENANT}/oidc-factory-placeholder`);

export const FACTORY: FactoryInTenant = {
  tenantId: TENANT,
  cloud: 'public',
  partition: 'aws',
  accountId: ACCOUNT,
  prefix: 'oidc-factory',
  placeholders: [PLACEHOLDER, audience('please-fill-in')],
  appId: undefined,
};
export const TOKENS = trustedTokens(FACTORY, ISSUER);
export const FEDERATED = desiredTenant(FACTORY, { kind: 'federated', credentials: TOKENS });
export const EMPTY: SeenTenant = {
  callerId: CALLER,
  now: NOW,
  factory: undefined,
  reservation: undefined,
  holders: [],
};

let last = 0;
export const newId = (): string => `00000000-0000-4000-8000-${String(++last).padStart(12, '0')}`;

export const application = (more: Partial<SeenApplication> = {}): SeenApplication => ({
  objectId: appObjectId(newId()),
  appId: appId(newId()),
  displayName: 'an application',
  signInAudience: 'AzureADMyOrg',
  identifierUris: [],
  declared: [],
  ownerIds: [CALLER],
  passwords: [],
  keys: 0,
  federated: [],
  principal: undefined,
  ...more,
});

export const principal = (more: Partial<SeenApplication['principal'] & object> = {}) => ({
  id: servicePrincipalId(newId()),
  enabled: true,
  ownerIds: [],
  credentials: 0,
  granted: [],
  ...more,
});

export interface World {
  readonly seen: SeenTenant;
  readonly desired: DesiredTenant;
}

/** The tenant after a step, and what is desired then: a secret that was stored is the current one. */
export function take({ seen, desired }: World, step: Step): World {
  const { which } = step;
  const apply = (change: (one: SeenApplication) => Partial<SeenApplication>): World => {
    const changed = (one: SeenApplication) => ({ ...one, ...change(one) });
    const { factory, reservation, holders } = seen;
    const target =
      which === 'factory'
        ? factory
        : which === 'reservation'
          ? reservation
          : holders.find(({ application: one }) => one.objectId === which)?.application;
    if (!target) throw new Error(`${step.do}: there is no ${which}`);
    const replaced = <T extends SeenApplication | undefined>(one: T) =>
      one === target ? changed(target) : one;
    const next = replaced(reservation);
    return {
      desired,
      seen: {
        ...seen,
        factory: replaced(factory),
        reservation: next,
        holders: [
          ...holders.map(({ uri, application: one }) => ({
            uri,
            application: one.objectId === target.objectId ? changed(one) : one,
          })),
          ...(next?.identifierUris ?? [])
            .filter((uri) => !holders.some((holder) => holder.uri === uri))
            .flatMap((uri) => (next ? [{ uri: audience(uri), application: next }] : [])),
        ],
      },
    };
  };
  const withPrincipal = (change: object) =>
    apply((one) => {
      if (!one.principal) throw new Error(`${step.do}: ${which} has no service principal`);
      return { principal: { ...one.principal, ...change } };
    });
  switch (step.do) {
    case 'create-application': {
      const declared = which === 'factory' ? [OWNED_BY] : [];
      const made = application({ displayName: step.displayName, declared });
      return { desired, seen: { ...seen, [step.which]: made } };
    }
    case 'create-principal':
      return apply(() => ({ principal: principal({ enabled: step.enabled }) }));
    case 'disable-principal':
      return withPrincipal({ enabled: false });
    case 'grant-permission':
      return withPrincipal({ granted: [...(seen.factory?.principal?.granted ?? []), OWNED_BY] });
    case 'declare-permission':
      return apply(() => ({ declared: [OWNED_BY] }));
    case 'claim-identifier-uris':
      return apply(() => ({ identifierUris: step.uris }));
    case 'remove-owner':
      return apply(({ ownerIds }) => ({ ownerIds: ownerIds.filter((id) => id !== step.ownerId) }));
    case 'remove-password':
      return apply(({ passwords }) => ({ passwords: passwords.filter(({ keyId }) => keyId !== step.keyId) }));
    case 'remove-federated':
      return apply(({ federated }) => ({ federated: federated.filter(({ id }) => id !== step.id) }));
    case 'add-federated':
      return apply(({ federated }) => {
        const taken = federated.some(
          ({ name, issuer, subject }) =>
            name === step.token.name || (issuer === step.token.issuer && subject === step.token.subject),
        );
        if (taken) throw new Error(`Graph refuses a second ${step.token.name}`);
        return { federated: [...federated, { id: newId(), ...step.token }] };
      });
    case 'store-secret': {
      const keyId = newId();
      const added = { keyId, displayName: 'oidc-factory', endsAt: NOW + 180 * DAY };
      const { seen: after } = apply(({ passwords }) => ({ passwords: [...passwords, added] }));
      const { login } = desired;
      if (login.kind !== 'secret') throw new Error('no secret is desired');
      const stored = { ...login, current: keyId, versions: [...login.versions, keyId] };
      return { seen: after, desired: { ...desired, login: stored } };
    }
  }
}
