import { CfnCustomResource, CfnOutput } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import { OUTBOUND_FUNCTION } from '../../core/naming.ts';
import { FactoryFunction } from './factory-function.ts';

export interface OutboundFederationProps {
  readonly prefix: string;
  /** Folder with the bundle of the function. */
  readonly bundle: string;
}

/**
 * Switches on that AWS signs tokens for the factory account's roles, with which the functions log in to Entra.
 * CloudFormation has no resource for it. The switch stays on when the stack goes.
 */
export class OutboundFederation extends Construct {
  constructor(scope: Construct, id: string, { prefix, bundle }: OutboundFederationProps) {
    super(scope, id);
    const fn = new FactoryFunction(this, 'Function', {
      name: OUTBOUND_FUNCTION,
      prefix,
      code: bundle,
      environment: {},
      statements: [
        {
          statement: new iam.PolicyStatement({
            sid: 'Enable',
            actions: ['iam:EnableOutboundWebIdentityFederation', 'iam:GetOutboundWebIdentityFederationInfo'],
            resources: ['*'],
          }),
          reason: 'The switch belongs to the account: the actions know no resource.',
        },
      ],
    });
    const resource = new CfnCustomResource(this, 'Resource', {
      serviceToken: fn.function.functionArn,
      // The function answers within its own timeout; Lambda tries it twice again, after one minute and two.
      serviceTimeout: 600,
    });
    new CfnOutput(this, 'Issuer', {
      value: resource.getAtt('Issuer').toString(),
      description: "Issuer of the federated credentials on the factory's application in Entra",
    });
  }
}
