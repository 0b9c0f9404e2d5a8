import type { CloudTrailRecord } from '../../sandbox/aws/cloudtrail.ts';

interface Told {
  readonly record: CloudTrailRecord;
  readonly deliver: () => void;
}

/** CloudTrail with everything that may happen between a call and its event: late, twice, in another order, never. */
export class Trail {
  readonly #told: Told[] = [];
  readonly #held = new Set<string>();

  /** For the factory's start: gets every record of an IAM write. */
  readonly receive = (record: CloudTrailRecord, deliver: () => void): void => {
    this.#told.push({ record, deliver });
    if (!this.#held.has(roleOf(record)) && !this.#held.has(record.eventName)) deliver();
  };

  /** Everything that was recorded so far, oldest first. */
  records = (): readonly CloudTrailRecord[] => this.#told.map(({ record }) => record);

  /** Events of roles of this name, or of this call, do not arrive by themselves until they are let go. */
  hold(name: string): void {
    this.#held.add(name);
  }

  letGo(name: string): void {
    this.#held.delete(name);
  }

  /** Successful calls for roles of this name, oldest first. */
  of(eventName: 'CreateRole' | 'DeleteRole', roleName: string): CloudTrailRecord[] {
    return this.records().filter(
      (record) =>
        record.eventName === eventName && record.errorCode === undefined && roleOf(record) === roleName,
    );
  }

  /** The event arrives (once more). */
  deliver(wanted: CloudTrailRecord | undefined): void {
    const told = this.#told.find(({ record }) => record === wanted);
    if (!told) throw new Error('CloudTrail has no such record');
    told.deliver();
  }
}

/** Name of the role that an IAM call was for; empty where it was for none. */
export const roleOf = ({ requestParameters }: CloudTrailRecord): string => {
  const name: unknown = (requestParameters as { roleName?: unknown } | null)?.roleName;
  return typeof name === 'string' ? name : '';
};

/** Id of the role that a CreateRole call made. */
export function roleIdOf({ responseElements }: CloudTrailRecord): string {
  const id = (responseElements as { role?: { roleId?: unknown } } | null)?.role?.roleId;
  if (typeof id !== 'string') throw new Error('The record is not of a role that was created');
  return id;
}
