/**
 * The roles of a run as the accounts' CloudTrail tells them: every incarnation, what its developer wrote, and what
 * the factory made of it. Records come in the order of the writes, so that each write is judged against the state
 * that it met.
 */
import type { CloudTrailRecord } from '../aws/cloudtrail.ts';
import { judgeAudienceRemoval, judgeTags, judgeTrustWrite } from './judge-write.ts';
import type { Shape, Trust } from './trust.ts';

export interface Written {
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly trust: Trust;
}

/** One life of a role. Times are milliseconds since the epoch. */
export interface Incarnation {
  readonly accountId: string;
  readonly providerArn: string;
  readonly roleName: string;
  readonly roleId: string;
  readonly roleArn: string;
  readonly shape: Shape;
  /** The policies that the developer wrote, oldest first. */
  readonly written: Written[];
  /** The policy as it is, whoever wrote it. */
  trust: Trust;
  /** When the developer last said, or unsaid, that the factory is to ignore the role. */
  ignored: { readonly since: number; readonly now: boolean } | undefined;
  deletedAt: number | undefined;
  /** What the factory let in: service principal by audience. */
  readonly admitted: Map<string, string | undefined>;
}

export interface Violation {
  /** Number of the rule in the design's list of what must always hold. */
  readonly rule: number;
  readonly accountId: string;
  readonly roleName?: string;
  readonly roleId?: string;
  readonly expected: string;
  readonly found: string;
}

/** What the product may do that is no violation, and that a report should tell all the same. */
export interface Tolerated {
  /** Edits of the trust policy that a write of the factory, based on what it had read before, has undone. */
  editsLost: number;
  /** Tags of a run for a former incarnation, on its successor. */
  strayTags: number;
}

export interface EstateOptions {
  readonly providerArnOf: (accountId: string) => string;
  /** Audiences that stood on a provider's list before the run, and are nobody's of it. */
  readonly foreignAudiences: ReadonlySet<string>;
  /** How long after a read the factory may still write, in milliseconds of real time. */
  readonly windowMs: number;
  readonly now: () => number;
}

interface Parameters {
  readonly roleName?: string;
  readonly assumeRolePolicyDocument?: string;
  readonly policyDocument?: string;
  readonly tags?: readonly { readonly key: string; readonly value: string }[];
  readonly tagKeys?: readonly string[];
  readonly clientID?: string;
}

export const IGNORE_TAG = 'oidc-factory:ignore';

export class Estate {
  readonly violations: Violation[] = [];
  readonly tolerated: Tolerated = { editsLost: 0, strayTags: 0 };
  readonly #options: EstateOptions;
  readonly #announced = new Map<string, Shape>();
  readonly #incarnations = new Map<string, Incarnation[]>();
  readonly #calls = new Map<string, string[]>();

  constructor(options: EstateOptions) {
    this.#options = options;
  }

  /** Says what the next CreateRole of this name asks for. */
  announce(accountId: string, roleName: string, shape: Shape): void {
    this.#announced.set(keyOf(accountId, roleName), shape);
  }

  /** Every incarnation of every name, in the order of creation under each. */
  all(): Incarnation[] {
    return [...this.#incarnations.values()].flat();
  }

  /** The incarnations of one name, in the order of creation. */
  of(accountId: string, roleName: string): readonly Incarnation[] {
    return this.#incarnations.get(keyOf(accountId, roleName)) ?? [];
  }

  living(): Incarnation[] {
    return this.all().filter(({ deletedAt }) => deletedAt === undefined);
  }

  /** Every write that concerned a name, oldest first. */
  callsAbout(accountId: string, roleName: string): readonly string[] {
    return this.#calls.get(keyOf(accountId, roleName)) ?? [];
  }

  observe(record: CloudTrailRecord): void {
    const parameters = (record.requestParameters ?? {}) as Parameters;
    const accountId = record.recipientAccountId;
    const byFactory = isByFactory(record);
    if (parameters.clientID !== undefined && record.errorCode === undefined && byFactory) {
      this.#audience(accountId, record.eventName, parameters.clientID);
    }
    if (parameters.roleName === undefined) return;
    const key = keyOf(accountId, parameters.roleName);
    if (!this.#announced.has(key)) return;
    const calls = this.#calls.get(key) ?? [];
    this.#calls.set(key, calls);
    calls.push(described(record, parameters));
    if (record.errorCode !== undefined) return;
    if (record.eventName === 'CreateRole') this.#created(key, record, parameters);
    else this.#changed(key, record, parameters, byFactory);
  }

  #changed(key: string, record: CloudTrailRecord, parameters: Parameters, byFactory: boolean): void {
    const role = this.#incarnations.get(key)?.at(-1);
    if (!role || role.deletedAt !== undefined) return;
    if (byFactory) this.#byFactory(role, record, parameters);
    else this.#byDeveloper(role, record, parameters);
  }

  #created(key: string, record: CloudTrailRecord, parameters: Parameters): void {
    const { role } = record.responseElements as { role: { roleId: string; arn: string; roleName: string } };
    const trust: Trust = JSON.parse(parameters.assumeRolePolicyDocument ?? '');
    const at = this.#options.now();
    const ignored = parameters.tags?.some((tag) => tag.key === IGNORE_TAG);
    const created: Incarnation = {
      accountId: record.recipientAccountId,
      providerArn: this.#options.providerArnOf(record.recipientAccountId),
      roleName: role.roleName,
      roleId: role.roleId,
      roleArn: role.arn,
      shape: this.#announced.get(key) ?? 'placeholder',
      written: [{ at, trust }],
      trust,
      ignored: ignored ? { since: at, now: true } : undefined,
      deletedAt: undefined,
      admitted: new Map(),
    };
    this.#incarnations.set(key, [...(this.#incarnations.get(key) ?? []), created]);
  }

  #byDeveloper(role: Incarnation, { eventName }: CloudTrailRecord, parameters: Parameters): void {
    const at = this.#options.now();
    if (eventName === 'DeleteRole') role.deletedAt = at;
    if (eventName === 'UpdateAssumeRolePolicy') {
      role.trust = JSON.parse(parameters.policyDocument ?? '');
      role.written.push({ at, trust: role.trust });
    }
    if (eventName === 'TagRole' && parameters.tags?.some(({ key }) => key === IGNORE_TAG)) {
      role.ignored = { since: at, now: true };
    }
    if (eventName === 'UntagRole' && parameters.tagKeys?.includes(IGNORE_TAG)) {
      role.ignored = { since: at, now: false };
    }
  }

  #byFactory(role: Incarnation, { eventName }: CloudTrailRecord, parameters: Parameters): void {
    const { now, windowMs } = this.#options;
    const since = now() - windowMs;
    if (eventName === 'UpdateAssumeRolePolicy') {
      role.trust = JSON.parse(parameters.policyDocument ?? '');
      this.#note(role, judgeTrustWrite(role, since));
    } else if (eventName === 'TagRole') {
      const tags = Object.fromEntries((parameters.tags ?? []).map(({ key, value }) => [key, value]));
      const former = this.of(role.accountId, role.roleName).filter((one) => one !== role);
      this.#note(role, judgeTags(role, former, tags, since));
    } else this.#note(role, { violation: { rule: 2, expected: 'no such call', found: eventName } });
  }

  #audience(accountId: string, eventName: string, audience: string): void {
    if (!eventName.startsWith('Remove')) return;
    const roles = this.all().filter((role) => role.accountId === accountId);
    const problem = judgeAudienceRemoval(audience, roles, this.#options.foreignAudiences);
    if (problem) this.violations.push({ accountId, ...problem });
  }

  #note(role: Incarnation, verdict: Verdict): void {
    const { accountId, roleName, roleId } = role;
    if (verdict.violation) this.violations.push({ accountId, roleName, roleId, ...verdict.violation });
    if (verdict.tolerated) this.tolerated[verdict.tolerated] += 1;
  }
}

export interface Verdict {
  readonly violation?: Pick<Violation, 'rule' | 'expected' | 'found'>;
  readonly tolerated?: keyof Tolerated;
}

const keyOf = (accountId: string, roleName: string): string => `${accountId}#${roleName.toLowerCase()}`;

/** Whether a function made the call, in a session of a member role. */
export const isByFactory = (record: CloudTrailRecord): boolean =>
  callerOf(record).includes(':assumed-role/oidc-factory-');

const callerOf = ({ userIdentity }: CloudTrailRecord): string =>
  'arn' in userIdentity ? String(userIdentity.arn) : '';

function described(record: CloudTrailRecord, { tags = [] }: Parameters): string {
  const by = callerOf(record).split(':').at(-1);
  const said = tags.map(({ key, value }) => `${key}=${value}`).join(' ');
  return [record.eventTime, record.eventName, `by ${by}`, record.errorCode ?? 'ok', said].join(' ').trim();
}
