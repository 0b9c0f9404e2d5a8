/** GetRole's answer about a role of a member account, as IAM gives it. */
import { GetRoleCommand, IAMClient, type Role } from '@aws-sdk/client-iam';
import { mockClient } from 'aws-sdk-client-mock';
import { roleId } from '../../core/ids.ts';
import { MARK_KEY, readyTags } from '../../core/tags.ts';
import { ACCOUNT, APP_ID, AUDIENCE, key, policyWith, SERVICE_PRINCIPAL } from '../fixtures/domain.ts';

export const ROLE_ID = roleId('AROAEXAMPLEROLE00001');
export const ROLE_ARN = `arn:aws:iam::${ACCOUNT}:role/deploy`;

export const READY: Readonly<Record<string, string>> = {
  [MARK_KEY]: ROLE_ID,
  ...readyTags({ appId: APP_ID, audience: AUDIENCE }),
};
/** As the factory leaves it. */
export const SERVED = policyWith({
  StringEquals: { [key('aud')]: AUDIENCE, [key('sub')]: SERVICE_PRINCIPAL },
});

export const roleAnswer = (
  tags: Readonly<Record<string, string>>,
  { trustPolicy = SERVED, arn = ROLE_ARN }: { trustPolicy?: string; arn?: string } = {},
): Role => ({
  Path: arn.slice(arn.indexOf('/'), arn.lastIndexOf('/') + 1),
  RoleName: arn.slice(arn.lastIndexOf('/') + 1),
  RoleId: ROLE_ID,
  Arn: arn,
  CreateDate: new Date('2026-03-02T09:15:27Z'),
  AssumeRolePolicyDocument: encodeURIComponent(trustPolicy),
  Tags: Object.entries(tags).map(([Key, Value]) => ({ Key, Value })),
});

/** Runs with an IAM that gives these answers to GetRole, the last one again and again; and refuses all other calls. */
export async function withRole<T>(answers: readonly (Role | Error)[], work: () => Promise<T>): Promise<T> {
  const iam = mockClient(IAMClient);
  iam.onAnyCommand().rejects(new Error('Only GetRole may be called'));
  const role = iam.on(GetRoleCommand);
  for (const answer of answers) {
    if (answer instanceof Error) role.rejectsOnce(answer);
    else role.resolvesOnce({ Role: answer });
  }
  const last = answers.at(-1);
  if (last instanceof Error) role.rejects(last);
  else role.resolves({ Role: last });
  try {
    return await work();
  } finally {
    iam.restore();
  }
}
