import { FactoryError } from '../../core/errors.ts';
import {
  type AccountId,
  type ProviderArn,
  type RoleName,
  roleArn,
  roleId,
  roleName,
  roleNameKey,
} from '../../core/ids.ts';
import { providerArnOf, providerPath } from '../../core/issuer.ts';
import { MARK_KEY, tagOf } from '../../core/tags.ts';
import type { Clock, InspectAccess, MemberAccounts, RoleView, TrustAccess } from '../../lambdas/ports.ts';

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

type Role = { -readonly [K in keyof RoleView]: RoleView[K] };
interface Account {
  readonly roles: Map<string, Role>;
  readonly providers: Map<ProviderArn, { readonly url: string; readonly clientIds: string[] }>;
}

/** IAM of several accounts as the member roles see it, and what its administrators do there. */
export class MemoryMemberAccounts implements MemberAccounts {
  readonly #clock: Pick<Clock, 'now'>;
  readonly #accounts = new Map<AccountId, Account>();
  #ids = 0;

  constructor(clock: Pick<Clock, 'now'>) {
    this.#clock = clock;
  }

  // What administrators and developers do.

  createProvider(accountId: AccountId, issuerUrl: string, clientIds: readonly string[]): ProviderArn {
    const arn = providerArnOf('aws', accountId, issuerUrl);
    this.#account(accountId).providers.set(arn, {
      url: providerPath(issuerUrl),
      clientIds: [...clientIds],
    });
    return arn;
  }

  deleteProvider(accountId: AccountId, arn: ProviderArn): void {
    this.#account(accountId).providers.delete(arn);
  }

  /** The provider's list itself: tests may change it. */
  clientIds(accountId: AccountId, arn: ProviderArn): string[] {
    return this.#account(accountId).providers.get(arn)?.clientIds ?? [];
  }

  createRole({ accountId, roleName: name, trustPolicy, path = '/', tags = {} }: NewRole): RoleView {
    const { roles } = this.#account(accountId);
    const key = roleNameKey(roleName(name));
    if (roles.has(key)) throw new Error(`EntityAlreadyExists: ${name}`);
    const role: Role = {
      roleName: roleName(name),
      roleId: roleId(`AROA${(++this.#ids).toString(36).toUpperCase().padStart(17, '0')}`),
      roleArn: roleArn(`arn:aws:iam::${accountId}:role${path}${name}`),
      path,
      createdAt: new Date(Math.floor(this.#clock.now() / 1000) * 1000).toISOString(),
      trustPolicy: typeof trustPolicy === 'string' ? trustPolicy : JSON.stringify(trustPolicy),
      tags: { ...tags },
    };
    roles.set(key, role);
    return structuredClone(role);
  }

  deleteRole(accountId: AccountId, name: RoleName): void {
    if (!this.#account(accountId).roles.delete(roleNameKey(name))) throw new Error(`NoSuchEntity: ${name}`);
  }

  /** Puts back the very incarnation that was deleted, which IAM cannot do but a stale read may show. */
  restore(accountId: AccountId, role: RoleView): void {
    this.#account(accountId).roles.set(roleNameKey(role.roleName), structuredClone(role));
  }

  role(accountId: AccountId, name: RoleName): RoleView | undefined {
    return structuredClone(this.#account(accountId).roles.get(roleNameKey(name)));
  }

  roles(): readonly { readonly accountId: AccountId; readonly role: RoleView }[] {
    return [...this.#accounts].flatMap(([accountId, { roles }]) =>
      [...roles.values()].map((role) => ({ accountId, role: structuredClone(role) })),
    );
  }

  providers(): readonly {
    readonly accountId: AccountId;
    readonly providerArn: ProviderArn;
    readonly clientIds: readonly string[];
  }[] {
    return [...this.#accounts].flatMap(([accountId, { providers }]) =>
      [...providers].map(([providerArn, { clientIds }]) => ({
        accountId,
        providerArn,
        clientIds: [...clientIds],
      })),
    );
  }

  changeRole(
    accountId: AccountId,
    name: RoleName,
    change: { readonly trustPolicy?: string | object; readonly tags?: Readonly<Record<string, string>> },
  ): void {
    const role = this.#existing(accountId, name);
    const { trustPolicy, tags } = change;
    if (trustPolicy)
      role.trustPolicy = typeof trustPolicy === 'string' ? trustPolicy : JSON.stringify(trustPolicy);
    if (tags) role.tags = { ...tags };
  }

  // What the member roles may do.

  inspect: MemberAccounts['inspect'] = async ({ accountId, roleName: target }) =>
    this.#readAndTag(accountId, target);

  provider: MemberAccounts['provider'] = async ({ accountId, providerArn }) => {
    const listed = (arn: ProviderArn) => {
      if (arn !== providerArn) throw new FactoryError('MemberAccessDenied', `${arn} is not of this session`);
      return this.#account(accountId).providers.get(arn)?.clientIds;
    };
    return {
      addAudience: async (arn, audience) => {
        const clientIds = listed(arn);
        if (!clientIds) throw new FactoryError('ProviderMissing');
        if (clientIds.includes(audience)) return;
        if (clientIds.length >= MAX_CLIENT_IDS) throw new FactoryError('ProviderFull');
        clientIds.push(audience);
      },
      removeAudience: async (arn, audience) => {
        const clientIds = listed(arn);
        const index = clientIds?.indexOf(audience) ?? -1;
        if (index >= 0) clientIds?.splice(index, 1);
      },
    };
  };

  trust: MemberAccounts['trust'] = async ({ accountId, roleArn: arn, roleId: id }): Promise<TrustAccess> => {
    const target = roleName(arn.slice(arn.lastIndexOf('/') + 1));
    const readAndTag = this.#readAndTag(accountId, target);
    const marked = (name: RoleName): Role => {
      const role = this.#existing(accountId, ofSession(name, target));
      if (tagOf(role.tags, MARK_KEY) !== id) throw new FactoryError('MemberAccessDenied');
      return role;
    };
    return {
      ...readAndTag,
      tagRole: async (name, tags) => {
        marked(name);
        await readAndTag.tagRole(name, tags);
      },
      updateTrustPolicy: async (name, document) => {
        const role = marked(name);
        if (document.replace(/\s/g, '').length > MAX_TRUST_POLICY) {
          throw new FactoryError('TrustPolicyTooLong');
        }
        if (!('Statement' in JSON.parse(document))) throw new FactoryError('TrustPolicyRejected');
        role.trustPolicy = document;
      },
    };
  };

  #readAndTag(accountId: AccountId, target: RoleName): InspectAccess {
    return {
      getRole: async (name) => this.role(accountId, ofSession(name, target)),
      getProvider: async (providerArn) => {
        const provider = this.#account(accountId).providers.get(providerArn);
        return provider && { providerArn, url: provider.url, clientIds: [...provider.clientIds] };
      },
      tagRole: async (name, tags) => {
        const role = this.#existing(accountId, ofSession(name, target));
        const kept = Object.entries(role.tags).filter(([key]) => tagOf(tags, key) === undefined);
        const next = { ...Object.fromEntries(kept), ...tags };
        if (Object.keys(next).length > MAX_TAGS) throw new FactoryError('RoleNotTaggable');
        role.tags = next;
      },
    };
  }

  #existing(accountId: AccountId, name: RoleName): Role {
    const role = this.#account(accountId).roles.get(roleNameKey(name));
    if (!role) throw new FactoryError('RoleGone');
    return role;
  }

  #account(accountId: AccountId): Account {
    const account = this.#accounts.get(accountId) ?? { roles: new Map(), providers: new Map() };
    this.#accounts.set(accountId, account);
    return account;
  }
}

/** Sessions are narrowed to one role. */
function ofSession(name: RoleName, target: RoleName): RoleName {
  if (roleNameKey(name) === roleNameKey(target)) return name;
  throw new FactoryError('MemberAccessDenied', `${name} is not of this session`);
}
