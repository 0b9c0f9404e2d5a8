/** What truly happened to every role: not what the factory believes. */
import type { AccountId, RoleId, RoleName } from '../core/ids.ts';
import { roleName, roleNameKey } from '../core/ids.ts';
import type { RoleView } from '../lambdas/ports.ts';
import type { RoleKey } from './schedule.ts';
import { MEMBER, OTHER_MEMBER } from './settings.ts';

export interface Place {
  readonly accountId: AccountId;
  readonly name: RoleName;
}

export const PLACES: Readonly<Record<RoleKey, Place>> = {
  a: { accountId: MEMBER, name: roleName('Role-A') },
  b: { accountId: MEMBER, name: roleName('Role-B') },
  c: { accountId: OTHER_MEMBER, name: roleName('Role-C') },
};

export const placeKey = ({ accountId, name }: Place): string => `${accountId}#${roleNameKey(name)}`;

/** One name in one account. Times are milliseconds; never is minus infinity. */
export interface Story {
  readonly place: Place;
  readonly incarnations: RoleId[];
  /** Others changed the role, what its tags ask for, the provider, the application. */
  roleEditedAt: number;
  tagsEditedAt: number;
  providerEditedAt: number;
  applicationEditedAt: number;
  /** What the factory saw last, as of when. */
  roleSeenAt: number;
  tagsSeenAt: number;
  providerSeenAt: number;
  applicationSeenAt: number;
  /** Events about it never arrived, or were made up. */
  isUntold: boolean;
  isForged: boolean;
  /** Others set the mark. */
  isMarkForged: boolean;
}

export class Chronicle {
  readonly stories = new Map<string, Story>();
  /** Policies of developers, and whether they consent. */
  readonly #intents = new Map<string, boolean>();
  /** Policies as the factory wrote them, by incarnation. */
  readonly #written = new Map<RoleId, string[]>();

  story(place: Place): Story {
    const key = placeKey(place);
    const known = this.stories.get(key);
    if (known) return known;
    const story: Story = {
      place,
      incarnations: [],
      roleEditedAt: Number.NEGATIVE_INFINITY,
      tagsEditedAt: Number.NEGATIVE_INFINITY,
      providerEditedAt: Number.NEGATIVE_INFINITY,
      applicationEditedAt: Number.NEGATIVE_INFINITY,
      roleSeenAt: Number.NEGATIVE_INFINITY,
      tagsSeenAt: Number.NEGATIVE_INFINITY,
      providerSeenAt: Number.NEGATIVE_INFINITY,
      applicationSeenAt: Number.NEGATIVE_INFINITY,
      isUntold: false,
      isForged: false,
      isMarkForged: false,
    };
    this.stories.set(key, story);
    return story;
  }

  means(trustPolicy: string, consents: boolean): void {
    // What the factory wrote itself means what it meant.
    if (!this.#intents.has(trustPolicy)) this.#intents.set(trustPolicy, consents);
  }

  wrote(roleId: RoleId, trustPolicy: string): void {
    this.#written.set(roleId, [...this.writtenFor(roleId), trustPolicy]);
  }

  /** Policies that the factory wrote for an incarnation, oldest first. */
  writtenFor = (roleId: RoleId): readonly string[] => this.#written.get(roleId) ?? [];

  /** Whether the factory may change the role as it is: it asks for that, or carries what the factory wrote for it. */
  consents({ roleId, trustPolicy, tags }: RoleView): boolean {
    if (Object.keys(tags).some((key) => key.toLowerCase() === 'oidc-factory:ignore')) return false;
    return this.writtenFor(roleId).includes(trustPolicy) || this.#intents.get(trustPolicy) === true;
  }
}
