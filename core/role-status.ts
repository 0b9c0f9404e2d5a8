/** What the factory says on a role. Tags can be copied and forged: they say what to try next, never what is true. */
import { isGuid, type RoleId } from './ids.ts';
import { hasIgnoreTag, MARK_KEY, TAGS, tagOf } from './tags.ts';

export const STATUSES = ['pending', 'ready', 'ignored', 'failed', 'none'] as const;

export interface RoleStatus {
  /** `none`: the factory has said nothing about this incarnation. */
  readonly status: (typeof STATUSES)[number];
  readonly detail: string;
  /** With `ready`, and only then. */
  readonly application?: { readonly clientId: string; readonly audience: string };
}

/** What its developer does next. */
export const NEXT_STEPS: Readonly<Record<RoleStatus['status'], string>> = {
  pending: 'Wait: oidc-factory status --role-arn <role> --wait.',
  ready: 'Connect the workload: oidc-factory connect --role-arn <role> --for <where it runs>.',
  ignored: `Take the tag ${TAGS.ignore} off, or choose the placeholder as audience, and create the role again.`,
  failed: 'Mend what it says; then have the platform team run it again, or create the role again.',
  none: 'Wait a few minutes after its creation; then find out why: oidc-factory doctor --role-arn <role>.',
};

/**
 * Reads a role's tags. Those of an earlier incarnation, which IaC writes on a role that it creates again, count as
 * none: their mark names another role id.
 */
export function roleStatus(role: {
  readonly roleId: RoleId;
  readonly tags: Readonly<Record<string, string>>;
}): RoleStatus {
  const { roleId, tags } = role;
  const [status, mark] = [tagOf(tags, TAGS.status), tagOf(tags, MARK_KEY)];
  const detail = tagOf(tags, TAGS.detail) ?? '';
  const none = (why: string): RoleStatus => ({ status: 'none', detail: why });
  if (mark !== undefined && mark !== roleId)
    return none('Its tags are those of an earlier role of this name');
  switch (status) {
    case 'pending':
    case 'failed':
    case 'ignored':
      return { status, detail };
    case 'ready': {
      const [clientId = '', audience = ''] = [tagOf(tags, TAGS.clientId), tagOf(tags, TAGS.audience)];
      return mark === roleId && isGuid(clientId) && audience !== ''
        ? { status, detail, application: { clientId, audience } }
        : none('Its tags say ready, but the factory writes more than that: they are not its own');
    }
    default:
      return hasIgnoreTag(tags)
        ? { status: 'ignored', detail: `The role carries the tag ${TAGS.ignore}` }
        : none('The factory has not served this role');
  }
}
