/** STS: who am I, role sessions, and tokens for the outside. */
import type { GetCallerIdentityResponse } from '@aws-sdk/client-sts';
import { type ServiceCall, type ServiceDefinition, ServiceError } from '../cloud.ts';
import { callerName, identityOf } from './authorization.ts';
import type { AwsCloud } from './cloud.ts';
import { assumeRole } from './sts/assume-role.ts';
import { createOutboundFederation } from './sts/outbound.ts';
import { assumeRoleWithWebIdentity, type FetchJson } from './sts/web-identity.ts';

export interface Sts extends ServiceDefinition {
  readonly id: 'sts';
  /** Settles what the issuer of an account will be, `https://<issuerId>.tokens.…`, without switching it on. */
  reserveOutboundIssuer(accountId: string, issuerId: string): string;
  /** Switches outbound identity federation of an account on; returns its issuer. */
  enableOutboundFederation(accountId: string): string;
  disableOutboundFederation(accountId: string): void;
  /** Discovery document or key set of an outbound issuer at this URL; undefined: there is none. */
  outboundDocument(url: string): Promise<object | undefined>;
}

/** `fetchJson` reaches the issuers whose tokens are exchanged. Register the result with the cloud. */
export function createSts(cloud: AwsCloud, { fetchJson }: { fetchJson: FetchJson }): Sts {
  const outbound = createOutboundFederation(cloud);
  return {
    id: 'sts',
    operations: {
      // Needs no permission; not even a Deny keeps anyone from it.
      GetCallerIdentity: (_input: object, call) => callerIdentity(cloud, call),
      AssumeRole: assumeRole(cloud),
      AssumeRoleWithWebIdentity: assumeRoleWithWebIdentity(cloud, fetchJson),
      GetWebIdentityToken: outbound.getWebIdentityToken,
    },
    reserveOutboundIssuer: outbound.reserve,
    enableOutboundFederation: outbound.enable,
    disableOutboundFederation: outbound.disable,
    outboundDocument: outbound.document,
  };
}

function callerIdentity(cloud: AwsCloud, { caller }: ServiceCall): GetCallerIdentityResponse {
  const userId = caller.context?.['aws:userid'] ?? identityOf(cloud.iam, caller)?.id;
  if (typeof userId !== 'string') throw new ServiceError('AccessDenied', 'Access denied', 403);
  return { UserId: userId, Account: caller.accountId, Arn: callerName(caller) };
}
