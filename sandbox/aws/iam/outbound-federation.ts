/** The account's switch for tokens that AWS issues to the outside; STS issues them. */
import { randomUUID } from 'node:crypto';
import {
  type EnableOutboundWebIdentityFederationResponse,
  FeatureDisabledException,
  FeatureEnabledException,
  type GetOutboundWebIdentityFederationInfoResponse,
} from '@aws-sdk/client-iam';
import type { OperationHandler } from '../../cloud.ts';
import { accountOf, authorize, type IamEnvironment } from './access.ts';
import type { IamAccount } from './store.ts';

/** What will be the account's issuer once it is switched on. */
export function reserveOutbound(account: IamAccount, issuerId: string): string {
  const issuer = issuerOf(issuerId);
  account.outbound = { issuer, enabled: false };
  return issuer;
}

const issuerOf = (id: string): string => `https://${id}.tokens.sts.global.api.aws`;

/** Switches it on and returns the issuer, which an account keeps however often it is switched. */
export function enableOutbound(account: IamAccount): string {
  const issuer = account.outbound?.issuer ?? issuerOf(randomUUID());
  account.outbound = { issuer, enabled: true };
  return issuer;
}

export function disableOutbound(account: IamAccount): void {
  if (account.outbound) account.outbound = { ...account.outbound, enabled: false };
}

export function outboundFederationOperations(env: IamEnvironment): Record<string, OperationHandler> {
  const enabledIn = (account: IamAccount): string => {
    if (account.outbound?.enabled) return account.outbound.issuer;
    const message = 'Outbound web identity federation is disabled for this account';
    throw new FeatureDisabledException({ message, $metadata: {} });
  };
  return {
    EnableOutboundWebIdentityFederation(_input: object, call): EnableOutboundWebIdentityFederationResponse {
      authorize(call, '*');
      const account = accountOf(env, call);
      if (account.outbound?.enabled) {
        const message = 'Outbound web identity federation is enabled for this account already';
        throw new FeatureEnabledException({ message, $metadata: {} });
      }
      return { IssuerIdentifier: enableOutbound(account) };
    },
    DisableOutboundWebIdentityFederation(_input: object, call) {
      authorize(call, '*');
      const account = accountOf(env, call);
      enabledIn(account);
      disableOutbound(account);
    },
    GetOutboundWebIdentityFederationInfo(_input: object, call): GetOutboundWebIdentityFederationInfoResponse {
      authorize(call, '*');
      return { IssuerIdentifier: enabledIn(accountOf(env, call)), JwtVendingEnabled: true };
    },
  };
}
