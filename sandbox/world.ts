/** Who lives in the local cloud. Fixed, so that templates synthesized for it fit every start; secrets are random. */
import { accountId } from '../core/ids.ts';
import type { Partition } from '../core/issuer.ts';
import { ENTRA_FUNCTIONS, functionRoleArn } from '../core/naming.ts';

const FACTORY_ACCOUNT = '111122223333';
const ROOT = 'r-a1b2';
const WORKLOADS = 'ou-a1b2-workload';

export interface World {
  readonly partition: Partition;
  /** The factory's; IAM's events are where the partition has them. */
  readonly region: string;
  readonly organizationId: string;
  readonly managementAccountId: string;
  readonly rootId: string;
  /** The second within the first; they hold the member accounts by turns. */
  readonly organizationalUnits: readonly { readonly id: string; readonly parentId: string }[];
  readonly factoryAccountId: string;
  readonly memberAccountIds: readonly string[];
  /** Of nobody's organization. */
  readonly outsideAccountId: string;
  readonly tenantId: string;
  /** The application that the factory logs in as: client id, and object id of its service principal. */
  readonly factoryAppId: string;
  readonly factoryServicePrincipalId: string;
  /** Reserves the placeholder as identifier URI; its service principal is disabled. */
  readonly reservationAppId: string;
  readonly reservationServicePrincipalId: string;
  /** Roles whose tokens from AWS log in as the factory: those of the functions that call Graph. */
  readonly entraSubjects: readonly string[];
  /** First label of the issuer that AWS gives the factory account for outbound federation. */
  readonly outboundIssuerId: string;
  /** Where the factory's client secret is; undefined where it logs in with tokens that AWS signs. */
  readonly secretArn: string | undefined;
}

/**
 * At most 999 member accounts; `region` is the factory's, by default us-east-1; `login` by default federated. The same
 * for the same options.
 */
export function createWorld(options: {
  members: number;
  region?: string;
  login?: 'federated' | 'secret';
}): World {
  const { members, region = 'us-east-1', login = 'federated' } = options;
  if (!Number.isInteger(members) || members < 0 || members > 999) {
    throw new RangeError(`members: expected 0 to 999, got ${members}`);
  }
  return {
    partition: 'aws',
    region,
    organizationId: 'o-a1b2c3d4e5',
    managementAccountId: '111122220000',
    rootId: ROOT,
    organizationalUnits: [
      { id: WORKLOADS, parentId: ROOT },
      { id: 'ou-a1b2-product1', parentId: WORKLOADS },
    ],
    factoryAccountId: FACTORY_ACCOUNT,
    memberAccountIds: Array.from({ length: members }, (_, index) => String(444455556001 + index)),
    outsideAccountId: '999988887777',
    tenantId: '11111111-2222-4333-8444-555555555555',
    factoryAppId: 'fac70000-0000-4000-8000-000000000001',
    factoryServicePrincipalId: 'fac70000-0000-4000-8000-000000000002',
    reservationAppId: 'b0000000-0000-4000-8000-000000000001',
    reservationServicePrincipalId: 'b0000000-0000-4000-8000-000000000002',
    entraSubjects: ENTRA_FUNCTIONS.map((name) =>
      functionRoleArn('aws', accountId(FACTORY_ACCOUNT), 'oidc-factory', name),
    ),
    outboundIssuerId: 'c0000000-0000-4000-8000-000000000001',
    secretArn:
      login === 'secret'
        ? `arn:aws:secretsmanager:${region}:${FACTORY_ACCOUNT}:secret:oidc-factory-entra-a1b2c3`
        : undefined,
  };
}
