import { FactoryError } from '../../core/errors.ts';
import {
  type AccountId,
  type ProviderArn,
  type RoleName,
  roleArn,
  roleId,
  roleName,
  roleNameIn,
  roleNameKey,
} from '../../core/ids.ts';
import { providerArnOf, providerPath } from '../../core/issuer.ts';
import { MARK_KEY, tagOf } from '../../core/tags.ts';
import type {
  Clock,
  InspectAccess,
  MemberAccounts,
  ProviderView,
  RoleView,
  TrustAccess,
} from '../../lambdas/ports.ts';
import { Replicated } from './replicated.ts';

/** IAM's quotas that the factory meets. */
const MAX_CLIENT_IDS = 100;
const MAX_TAGS = 50;
const MAX_TRUST_POLICY = 2048;

export interface NewRole {
  readonly accountId: AccountId;
  readonly roleName: string;
  readonly trustPolicy: string | object;
  readonly path?: string;
  readonly tags?: Readonly<Record<string, string>>;
}

const keyOf = (accountId: AccountId, name: RoleName) => `${accountId}#${roleNameKey(name)}`;
const accountOf = (arn: string) => arn.split(':')[4] as AccountId;
const textOf = (policy: string | object) => (typeof policy === 'string' ? policy : JSON.stringify(policy));
const without = (list: readonly string[], value: string) => list.filter((other) => other !== value);

/** IAM of several accounts as the member roles see it, and what its administrators do there. */
export class MemoryMemberAccounts extends Replicated<RoleView | ProviderView> implements MemberAccounts {
  readonly #clock: Pick<Clock, 'now'>;
  #ids = 0;

  constructor(clock: Pick<Clock, 'now'>) {
    super(clock, (found) => accountOf('roleId' in found ? found.roleArn : found.providerArn));
    this.#clock = clock;
  }

  // What administrators and developers do.

  createProvider(accountId: AccountId, issuerUrl: string, clientIds: readonly string[]): ProviderArn {
    const providerArn = providerArnOf('aws', accountId, issuerUrl);
    this.put(providerArn, { providerArn, url: providerPath(issuerUrl), clientIds: [...clientIds] });
    return providerArn;
  }

  deleteProvider(arn: ProviderArn): void {
    this.put(arn, undefined);
  }

  setClientIds(arn: ProviderArn, clientIds: readonly string[]): void {
    const provider = this.#provider(arn);
    if (!provider) throw new Error(`NoSuchEntity: ${arn}`);
    this.put(arn, { ...provider, clientIds: [...clientIds] });
  }

  clientIds = (arn: ProviderArn): readonly string[] => this.#provider(arn)?.clientIds ?? [];

  createRole({ accountId, roleName: name, trustPolicy, path = '/', tags = {} }: NewRole): RoleView {
    const key = keyOf(accountId, roleName(name));
    if (this.latest(key)) throw new Error(`EntityAlreadyExists: ${name}`);
    const role: RoleView = {
      roleName: roleName(name),
      roleId: roleId(`AROA${(++this.#ids).toString(36).toUpperCase().padStart(17, '0')}`),
      roleArn: roleArn(`arn:aws:iam::${accountId}:role${path}${name}`),
      path,
      createdAt: new Date(Math.floor(this.#clock.now() / 1000) * 1000).toISOString(),
      trustPolicy: textOf(trustPolicy),
      tags: { ...tags },
    };
    this.put(key, role);
    return role;
  }

  deleteRole(accountId: AccountId, name: RoleName): void {
    if (!this.role(accountId, name)) throw new Error(`NoSuchEntity: ${name}`);
    this.put(keyOf(accountId, name), undefined);
  }

  /** Puts back the very incarnation that was deleted, which IAM cannot do but a stale read may show. */
  restore(accountId: AccountId, role: RoleView): void {
    this.put(keyOf(accountId, role.roleName), { ...role });
  }

  role = (accountId: AccountId, name: RoleName): RoleView | undefined =>
    this.latest(keyOf(accountId, name)) as RoleView | undefined;

  roles = (): readonly { readonly accountId: AccountId; readonly role: RoleView }[] =>
    this.current().flatMap((found) =>
      'roleId' in found ? [{ accountId: accountOf(found.roleArn), role: found }] : [],
    );

  providers = (): readonly (ProviderView & { readonly accountId: AccountId })[] =>
    this.current().flatMap((found) =>
      'roleId' in found ? [] : [{ ...found, accountId: accountOf(found.providerArn) }],
    );

  rolesOf = (accountId: AccountId): readonly RoleView[] => this.visibleOf(accountId).filter(isRole);
  providersOf = (accountId: AccountId): readonly ProviderView[] =>
    this.visibleOf(accountId).filter((found): found is ProviderView => !isRole(found));

  changeRole(
    accountId: AccountId,
    name: RoleName,
    change: { readonly trustPolicy?: string | object; readonly tags?: Readonly<Record<string, string>> },
  ): void {
    const role = this.#existing(accountId, name);
    const { trustPolicy = role.trustPolicy, tags = role.tags } = change;
    this.put(keyOf(accountId, name), { ...role, trustPolicy: textOf(trustPolicy), tags: { ...tags } });
  }

  // What the member roles may do.

  inspect: MemberAccounts['inspect'] = async ({ accountId, roleName: target }) =>
    this.#readAndTag(accountId, target);

  provider: MemberAccounts['provider'] = async ({ providerArn }) => {
    const listed = (arn: ProviderArn) => {
      if (arn !== providerArn) throw new FactoryError('MemberAccessDenied', `${arn} is not of this session`);
      return this.#provider(arn)?.clientIds;
    };
    return {
      addAudience: async (arn, audience) => {
        const clientIds = listed(arn);
        if (!clientIds) throw new FactoryError('ProviderMissing');
        if (clientIds.includes(audience)) return;
        if (clientIds.length >= MAX_CLIENT_IDS) throw new FactoryError('ProviderFull');
        this.setClientIds(arn, [...clientIds, audience]);
      },
      removeAudience: async (arn, audience) => {
        const clientIds = listed(arn);
        if (clientIds?.includes(audience)) this.setClientIds(arn, without(clientIds, audience));
      },
    };
  };

  trust: MemberAccounts['trust'] = async ({ accountId, roleArn: arn, roleId: id }): Promise<TrustAccess> => {
    const target = roleNameIn(arn);
    const readAndTag = this.#readAndTag(accountId, target);
    const assertMarked = (name: RoleName): void => {
      const { tags } = this.#existing(accountId, ofSession(name, target));
      if (tagOf(tags, MARK_KEY) !== id) throw new FactoryError('MemberAccessDenied');
    };
    return {
      ...readAndTag,
      tagRole: async (name, tags) => {
        assertMarked(name);
        await readAndTag.tagRole(name, tags);
      },
      updateTrustPolicy: async (name, document) => {
        assertMarked(name);
        if (document.replace(/\s/g, '').length > MAX_TRUST_POLICY) {
          throw new FactoryError('TrustPolicyTooLong');
        }
        if (!('Statement' in JSON.parse(document))) throw new FactoryError('TrustPolicyRejected');
        this.changeRole(accountId, name, { trustPolicy: document });
      },
    };
  };

  #readAndTag(accountId: AccountId, target: RoleName): InspectAccess {
    return {
      getRole: async (name) => this.shown(keyOf(accountId, ofSession(name, target))) as RoleView | undefined,
      getProvider: async (arn) => this.shown(arn) as ProviderView | undefined,
      tagRole: async (name, tags) => {
        const role = this.#existing(accountId, ofSession(name, target));
        const kept = Object.entries(role.tags).filter(([key]) => tagOf(tags, key) === undefined);
        const next = { ...Object.fromEntries(kept), ...tags };
        if (Object.keys(next).length > MAX_TAGS) throw new FactoryError('RoleNotTaggable');
        this.changeRole(accountId, name, { tags: next });
      },
    };
  }

  #provider = (arn: ProviderArn): ProviderView | undefined => this.latest(arn) as ProviderView | undefined;

  #existing(accountId: AccountId, name: RoleName): RoleView {
    const role = this.role(accountId, name);
    if (!role) throw new FactoryError('RoleGone');
    return role;
  }
}

const isRole = (found: RoleView | ProviderView): found is RoleView => 'roleId' in found;

/** Sessions are narrowed to one role. */
function ofSession(name: RoleName, target: RoleName): RoleName {
  if (roleNameKey(name) === roleNameKey(target)) return name;
  throw new FactoryError('MemberAccessDenied', `${name} is not of this session`);
}
