import { Aspects, CfnResource, Stack } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as kms from 'aws-cdk-lib/aws-kms';
import type { Construct, IConstruct } from 'constructs';
import { FactoryFunction } from './factory-function.ts';
import { Workflow } from './workflows.ts';

/** What each type of resource is told of the key. */
const PROPERTIES: Readonly<Record<string, (keyArn: string) => Readonly<Record<string, unknown>>>> = {
  'AWS::SQS::Queue': (keyArn) => ({ SqsManagedSseEnabled: undefined, KmsMasterKeyId: keyArn }),
  'AWS::SNS::Topic': (keyArn) => ({ KmsMasterKeyId: keyArn }),
  'AWS::Logs::LogGroup': (keyArn) => ({ KmsKeyId: keyArn }),
  'AWS::DynamoDB::Table': (keyArn) => ({
    SSESpecification: { SSEEnabled: true, SSEType: 'KMS', KMSMasterKeyId: keyArn },
  }),
};

/**
 * One customer-managed key for every table, queue, topic and log group of the stack, of constructs that come later too.
 * It stays when the stack goes, as the ledger does, which nobody could read without it.
 */
export function encryptWithOwnKey(scope: Construct): void {
  const stack = Stack.of(scope);
  const key = new kms.Key(scope, 'Key', {
    description: 'OIDC factory: tables, queues, topics and logs',
    enableKeyRotation: true,
  });
  for (const statement of servicesThatWrite(stack)) key.addToResourcePolicy(statement);
  Aspects.of(stack).add({
    visit: (node: IConstruct) => {
      // Workflows touch nothing that is encrypted: their functions do.
      if (node instanceof iam.Role && !isOfWorkflow(node)) allowUse(node, key);
      if (!CfnResource.isCfnResource(node)) return;
      for (const [name, value] of Object.entries(PROPERTIES[node.cfnResourceType]?.(key.keyArn) ?? {})) {
        node.addPropertyOverride(name, value);
      }
    },
  });
}

const isOfWorkflow = (role: iam.Role): boolean =>
  role.node.scope instanceof Workflow && role === role.node.scope.role;

/** Services that put something where the key is, in their own name and for this account alone. */
function servicesThatWrite({ account, region, partition, urlSuffix }: Stack): iam.PolicyStatement[] {
  const resources = ['*'];
  return [
    new iam.PolicyStatement({
      sid: 'RulesAndAlarms',
      principals: [
        new iam.ServicePrincipal('events.amazonaws.com'),
        new iam.ServicePrincipal('cloudwatch.amazonaws.com'),
      ],
      actions: ['kms:Decrypt', 'kms:GenerateDataKey'],
      resources,
      conditions: { StringEquals: { 'aws:SourceAccount': account } },
    }),
    new iam.PolicyStatement({
      sid: 'Logs',
      principals: [new iam.ServicePrincipal(`logs.${region}.${urlSuffix}`)],
      actions: [
        'kms:Decrypt',
        'kms:DescribeKey',
        'kms:Encrypt',
        'kms:GenerateDataKey',
        'kms:GenerateDataKeyWithoutPlaintext',
        'kms:ReEncryptFrom',
        'kms:ReEncryptTo',
      ],
      resources,
      conditions: {
        ArnLike: {
          'kms:EncryptionContext:aws:logs:arn': `arn:${partition}:logs:${region}:${account}:log-group:*`,
        },
      },
    }),
  ];
}

/**
 * Every role that is left, through the services alone: nobody decrypts anything itself, and without a permission on a
 * table, queue or topic the key opens nothing.
 */
function allowUse(role: iam.Role, key: kms.Key): void {
  const { region, urlSuffix } = Stack.of(role);
  const { policyDependable } = role.addToPrincipalPolicy(
    new iam.PolicyStatement({
      sid: 'Key',
      actions: ['kms:Decrypt', 'kms:DescribeKey', 'kms:Encrypt', 'kms:GenerateDataKey'],
      resources: [key.keyArn],
      conditions: {
        StringEquals: {
          'kms:ViaService': ['dynamodb', 'sqs', 'sns'].map((service) => `${service}.${region}.${urlSuffix}`),
        },
      },
    }),
  );
  const owner = role.node.scope;
  if (policyDependable && owner instanceof FactoryFunction) {
    owner.function.node.addDependency(policyDependable);
  }
}
