import {
  EnableOutboundWebIdentityFederationCommand,
  GetOutboundWebIdentityFederationInfoCommand,
  IAMClient,
} from '@aws-sdk/client-iam';
import { FactoryError } from '../../core/errors.ts';
import type { OutboundFederation } from '../enable-outbound-federation/handler.ts';
import { CLIENT_OPTIONS } from './aws-client.ts';
import { awsErrorName, calling } from './aws-errors.ts';

/** In the function's own account. */
export function outboundFederation(): OutboundFederation {
  const iam = new IAMClient(CLIENT_OPTIONS);
  // IAM may not know yet what it allowed the function's role a moment ago.
  const meanings = { AccessDenied: 'NotSettled' } as const;
  return {
    enable: () =>
      calling('EnableOutboundWebIdentityFederation', meanings, async () => {
        try {
          await iam.send(new EnableOutboundWebIdentityFederationCommand({}));
        } catch (error) {
          if (awsErrorName(error) !== 'FeatureEnabled') throw error;
        }
      }),
    issuer: () =>
      calling('GetOutboundWebIdentityFederationInfo', meanings, async () => {
        const { IssuerIdentifier } = await iam.send(new GetOutboundWebIdentityFederationInfoCommand({}));
        if (IssuerIdentifier) return IssuerIdentifier;
        throw new FactoryError('Unavailable', 'GetOutboundWebIdentityFederationInfo: no issuer');
      }),
  };
}
