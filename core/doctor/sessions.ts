import type { AccountId } from '../ids.ts';
import type { Principal } from '../policy/types.ts';

/** A session of a role, as policies of other accounts see it. */
export const sessionOf = (roleArn: string, accountId: AccountId): Principal => ({
  type: 'aws',
  accountId,
  arn: `${roleArn.replace(':iam:', ':sts:').replace(':role/', ':assumed-role/')}/doctor`,
  roleArn,
});
