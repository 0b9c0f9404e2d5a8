import { RemovalPolicy } from 'aws-cdk-lib';
import * as dynamodb from 'aws-cdk-lib/aws-dynamodb';
import type { Construct } from 'constructs';

/** A record that outlives its stack: it is the only proof of what the factory did. Items may carry `expiresAt`. */
export const retainedTable = (
  scope: Construct,
  keys: { readonly partition: string; readonly sort: string },
): dynamodb.Table =>
  new dynamodb.Table(scope, 'Table', {
    partitionKey: { name: keys.partition, type: dynamodb.AttributeType.STRING },
    sortKey: { name: keys.sort, type: dynamodb.AttributeType.STRING },
    billingMode: dynamodb.BillingMode.PAY_PER_REQUEST,
    pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
    timeToLiveAttribute: 'expiresAt',
    deletionProtection: true,
    removalPolicy: RemovalPolicy.RETAIN,
  });
