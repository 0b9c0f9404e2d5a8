/** What developers write into trust policies, and what each of it means: known here by construction. */
import type { AccountId } from '../core/ids.ts';
import type { Issuer } from '../core/issuer.ts';
import { conditionKey, providerArnOf } from '../core/issuer.ts';
import type { Shape } from './schedule.ts';
import { PLACEHOLDER } from './settings.ts';

/** Stands in every policy, and must never be seen in a log, the ledger or an execution. */
export const CANARY = 'CanaryOfThePolicy';
/** A managed identity that a developer lets in. */
export const IDENTITY = 'bbbbbbbb-0000-4000-8000-000000000003';
const MICROSOFT = 'api://1462b192-27f7-4cb9-8523-0f4ecb54b47e';

const CONSENTING: ReadonlySet<Shape> = new Set(['placeholder', 'listed', 'word', 'pinned', 'beside']);
export const consentsBy = (shape: Shape): boolean => CONSENTING.has(shape);

/** `others`: audiences and policies that a developer copies, where there are any. */
export function trustPolicyOf(
  shape: Shape,
  accountId: AccountId,
  issuer: Issuer,
  others: { readonly audience?: string | undefined; readonly former?: string | undefined },
): string {
  const provider = providerArnOf('aws', accountId, issuer.url);
  const key = (claim: string) => conditionKey(provider, claim);
  const web = (condition: object) => ({
    Sid: CANARY,
    Effect: 'Allow',
    Action: 'sts:AssumeRoleWithWebIdentity',
    Principal: { Federated: provider },
    Condition: condition,
  });
  const policy = (...statements: object[]) =>
    JSON.stringify({ Version: '2012-10-17', Statement: statements });
  const audience = (value: unknown, more: object = {}) =>
    web({ StringEquals: { [key('aud')]: value, ...more } });
  switch (shape) {
    case 'placeholder':
      return policy(audience(PLACEHOLDER));
    case 'listed':
      return policy(audience([PLACEHOLDER]));
    case 'word':
      return policy(audience('dummy-value'));
    case 'pinned':
      return policy(audience(PLACEHOLDER, { [key('sub')]: IDENTITY }));
    case 'beside':
      return policy(
        {
          Sid: 'People',
          Effect: 'Allow',
          Action: 'sts:AssumeRole',
          Principal: { AWS: `arn:aws:iam::${accountId}:root` },
        },
        audience(PLACEHOLDER),
        { Effect: 'Allow', Action: 'sts:TagSession', Principal: { Service: 'ec2.amazonaws.com' } },
      );
    case 'foreign':
      return policy(audience(MICROSOFT));
    case 'copied':
      return policy(audience(others.audience ?? MICROSOFT));
    case 'former':
      return others.former ?? policy(audience(MICROSOFT));
    case 'open':
      return policy(web({ StringLike: { 'sts:RoleSessionName': 'web-*' } }));
  }
}
