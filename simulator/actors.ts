/** Developers, their tools, administrators, operators, and whoever means harm. What cannot be done is not done. */
import { uniqueName } from '../core/naming.ts';
import { FEDERATED_CREDENTIAL_KEY, MARK_KEY, TAGS } from '../core/tags.ts';
import type { RoleView } from '../lambdas/ports.ts';
import { type Chronicle, PLACES, type Story } from './chronicle.ts';
import { createRoleCall, deleteRoleCall } from './events.ts';
import type { Deed, RoleKey, Shape, TagName, TagValue } from './schedule.ts';
import { PLACEHOLDER, WORKLOADS } from './settings.ts';
import { consentsBy, trustPolicyOf } from './trust-policies.ts';
import type { World } from './world.ts';

const TAG_KEYS: Readonly<Record<TagName, string>> = {
  mark: MARK_KEY,
  ignore: TAGS.ignore,
  status: TAGS.status,
  workload: FEDERATED_CREDENTIAL_KEY,
};
const workload = (value: TagValue): string =>
  value === 'nonsense' ? 'https://nobody.example it' : `${WORKLOADS.issuer} ${WORKLOADS.subjects[0]}${value}`;

export class Actors {
  readonly #world: World;
  readonly #chronicle: Chronicle;
  /** What the IaC of a role puts back. */
  readonly #inCode = new Map<RoleKey, string>();
  #replays = 0;

  constructor(world: World, chronicle: Chronicle) {
    this.#world = world;
    this.#chronicle = chronicle;
  }

  act(deed: Deed): void {
    switch (deed.do) {
      case 'create':
        this.#create(deed.role, deed.shape, deed.mark);
        break;
      case 'delete':
        if (this.#role(deed.role)) this.#world.delete(PLACES[deed.role].accountId, PLACES[deed.role].name);
        return;
      case 'edit-trust':
        this.#write(deed.role, this.#policy(deed.role, deed.shape));
        break;
      case 'restore-trust':
        this.#write(deed.role, this.#inCode.get(deed.role));
        break;
      case 'tag':
        this.#tag(
          deed.role,
          TAG_KEYS[deed.tag],
          deed.tag === 'workload' ? workload(deed.value) : this.#value(deed.role, deed.value),
        );
        break;
      case 'untag':
        this.#tag(deed.role, TAG_KEYS[deed.tag], undefined);
        break;
      case 'restore-client-ids':
        this.#setClientIds(deed.role, () => [PLACEHOLDER]);
        break;
      case 'remove-audience':
        this.#setClientIds(deed.role, (ids) => ids.filter((id) => id !== this.#entry(deed.role)?.audience));
        break;
      case 'fill-provider':
        this.#setClientIds(deed.role, (ids) => [
          ...ids,
          ...Array.from({ length: 100 - ids.length }, (_, index) => `https://other.example/${index}`),
        ]);
        break;
      case 'delete-application':
      case 'delete-principal':
      case 'add-credential':
        this.#changeApplication(deed.role, deed.do);
        break;
      case 'squat':
        this.#squat(deed.role, deed.generation);
        break;
      case 'forge':
        this.#forge(deed.role, deed.event, deed.from);
        break;
      case 'fill-directory':
        this.#world.directory.quota = 0;
        break;
      case 'pause':
        this.#world.control.pause();
        this.#world.clock.after(deed.forMs, () => this.#world.control.resume());
        break;
      case 'again':
        this.#again(deed.event, deed.replay);
        break;
    }
  }

  #story = (role: RoleKey): Story => this.#chronicle.story(PLACES[role]);

  #role = (role: RoleKey): RoleView | undefined =>
    this.#world.accounts.role(PLACES[role].accountId, PLACES[role].name);

  /** What the factory last recorded for the role's newest incarnation. */
  #entry(role: RoleKey) {
    const id = this.#story(role).incarnations.at(-1);
    return this.#world.ledger.all().find(({ roleId }) => roleId === id);
  }

  #provider = (role: RoleKey) =>
    this.#world.accounts.providers().find(({ accountId }) => accountId === PLACES[role].accountId);

  #policy(role: RoleKey, shape: Shape): string {
    const { accountId } = PLACES[role];
    const other = this.#world.ledger
      .all()
      .find((entry) => entry.accountId === accountId && entry.roleName !== PLACES[role].name);
    const former = this.#story(role).incarnations.at(-2);
    const text = trustPolicyOf(shape, accountId, this.#world.settings.issuer, {
      audience: other?.audience,
      former: former && this.#chronicle.writtenFor(former).at(-1),
    });
    this.#chronicle.means(text, consentsBy(shape));
    return text;
  }

  #create(role: RoleKey, shape: Shape, mark: TagValue | undefined): void {
    if (this.#role(role)) return;
    const { accountId, name } = PLACES[role];
    const story = this.#story(role);
    const trustPolicy = this.#policy(role, shape);
    const value = mark && this.#value(role, mark);
    const created = this.#world.create({
      accountId,
      roleName: name,
      trustPolicy,
      ...(value ? { tags: { [MARK_KEY]: value } } : {}),
    });
    if (value) story.isMarkForged = true;
    this.#inCode.set(role, trustPolicy);
    story.incarnations.push(created.roleId);
  }

  #write(role: RoleKey, trustPolicy: string | undefined): void {
    const current = this.#role(role);
    if (!current || trustPolicy === undefined || trustPolicy === current.trustPolicy) return;
    const { accountId, name } = PLACES[role];
    this.#world.accounts.changeRole(accountId, name, { trustPolicy });
    this.#story(role).roleEditedAt = this.#world.clock.now();
  }

  #value(role: RoleKey, value: TagValue): string {
    const { incarnations } = this.#story(role);
    const other = this.#story(role === 'a' ? 'b' : 'a').incarnations.at(-1);
    const ids = { own: this.#role(role)?.roleId, former: incarnations.at(-1), other, nonsense: undefined };
    return (value === 'former' && this.#role(role) ? incarnations.at(-2) : ids[value]) ?? 'nonsense';
  }

  #tag(role: RoleKey, key: string, value: string | undefined): void {
    const current = this.#role(role);
    if (!current || current.tags[key] === value) return;
    const { [key]: _, ...others } = current.tags;
    const tags = value === undefined ? others : { ...others, [key]: value };
    this.#world.accounts.changeRole(PLACES[role].accountId, PLACES[role].name, { tags });
    if (key === MARK_KEY) this.#story(role).isMarkForged = true;
    if (key === FEDERATED_CREDENTIAL_KEY) this.#story(role).tagsEditedAt = this.#world.clock.now();
    this.#story(role).roleEditedAt = this.#world.clock.now();
  }

  #setClientIds(role: RoleKey, change: (ids: readonly string[]) => readonly string[]): void {
    const provider = this.#provider(role);
    if (!provider) return;
    this.#world.accounts.setClientIds(provider.providerArn, change(provider.clientIds));
    for (const key of Object.keys(PLACES) as RoleKey[]) {
      if (PLACES[key].accountId === PLACES[role].accountId) {
        this.#story(key).providerEditedAt = this.#world.clock.now();
      }
    }
  }

  #changeApplication(role: RoleKey, how: 'delete-application' | 'delete-principal' | 'add-credential'): void {
    const { directory } = this.#world;
    const id = this.#story(role).incarnations.at(-1);
    const application = directory
      .active()
      .find((found) => found.uniqueName?.includes(`-${id}-`) && this.#isFactorys(found.createdByAppId));
    if (!application) return;
    const { appId } = application;
    const principal = directory.activePrincipals().find((found) => found.appId === appId);
    if (how === 'delete-application') directory.delete(application.objectId);
    // As the portal does, which takes both.
    if (how !== 'add-credential' && principal) directory.delete(principal.id);
    if (how === 'add-credential') {
      directory.change(application.objectId, { passwords: application.passwords + 1 });
    }
    this.#story(role).applicationEditedAt = this.#world.clock.now();
  }

  #isFactorys = (createdByAppId: string | null) => createdByAppId === this.#world.settings.factoryAppId;

  #squat(role: RoleKey, generation: number): void {
    const roleId = this.#story(role).incarnations.at(-1);
    if (!roleId) return;
    const name = uniqueName({ accountId: PLACES[role].accountId, roleId, generation });
    if (!this.#world.directory.isNameTaken(name)) this.#world.directory.squat(name);
  }

  /** EventBridge admits no forged `aws.iam` event; this is what an account could send if it did. */
  #forge(role: RoleKey, event: 'create' | 'delete', from: 'home' | 'abroad'): void {
    const { accountId, name } = PLACES[role];
    const current = this.#role(role);
    if (event === 'create' && !current) return;
    const call =
      event === 'create' && current ? createRoleCall(accountId, current) : deleteRoleCall(accountId, name);
    const genuine = this.#world.eventOf(call);
    const abroad = PLACES[role === 'c' ? 'a' : 'c'].accountId;
    this.#world.send(from === 'abroad' ? { ...genuine, account: abroad } : genuine);
    if (from === 'home') this.#story(role).isForged = true;
  }

  #again(index: number, isReplay: boolean): void {
    const event = this.#world.events[index];
    if (!event) return;
    this.#world.send(isReplay ? { ...event, 'replay-name': `replay-${++this.#replays}` } : event);
  }
}
