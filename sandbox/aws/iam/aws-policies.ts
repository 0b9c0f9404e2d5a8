/** The managed policies of AWS that exist here. */
import type { Statement } from '../../../core/policy/types.ts';
import type { ManagedPolicy } from './store.ts';

function awsPolicy(policy: {
  readonly name: string;
  readonly id: string;
  readonly description: string;
  readonly createDate: string;
  readonly actions: readonly string[];
}): ManagedPolicy {
  const { name, id, description, actions } = policy;
  const createDate = new Date(policy.createDate);
  const statement: Statement = {
    index: 0,
    effect: 'Allow',
    action: actions,
    resource: ['*'],
    conditions: [],
  };
  const [Action = ''] = actions;
  const version = {
    id: 'v1',
    createDate,
    document: {
      text: JSON.stringify({
        Version: '2012-10-17',
        Statement: [{ Effect: 'Allow', Action: actions.length === 1 ? Action : actions, Resource: '*' }],
      }),
      policy: { name, version: '2012-10-17', statements: [statement] },
    },
  } as const;
  return {
    accountId: 'aws',
    name,
    id,
    path: '/',
    arn: `arn:aws:iam::aws:policy/${name}`,
    description,
    createDate,
    versions: [version],
    inForce: version,
    tags: new Map(),
  };
}

export const ADMINISTRATOR_ACCESS = awsPolicy({
  name: 'AdministratorAccess',
  id: 'ANPAIWMBCKSKIEE64ZLYK',
  description: 'Provides full access to AWS services and resources.',
  createDate: '2015-02-06T18:39:46Z',
  actions: ['*'],
});

/** Of AWS's thousand actions and more those of the services that the sandbox serves, and of S3, which examples name. */
const READ_ONLY_ACCESS = awsPolicy({
  name: 'ReadOnlyAccess',
  id: 'ANPAILL3HVNFSB6DCOWYQ',
  description: 'Provides read-only access to AWS services and resources.',
  createDate: '2015-02-06T18:39:48Z',
  actions: [
    'dynamodb:BatchGetItem',
    'dynamodb:Describe*',
    'dynamodb:GetItem',
    'dynamodb:List*',
    'dynamodb:Query',
    'dynamodb:Scan',
    'events:Describe*',
    'events:List*',
    'iam:Get*',
    'iam:List*',
    'lambda:Get*',
    'lambda:List*',
    'logs:Describe*',
    'logs:FilterLogEvents',
    'logs:Get*',
    's3:Get*',
    's3:List*',
    'secretsmanager:Describe*',
    'secretsmanager:GetResourcePolicy',
    'secretsmanager:List*',
    'sqs:Get*',
    'sqs:List*',
    'ssm:Describe*',
    'ssm:Get*',
    'ssm:List*',
    'states:Describe*',
    'states:GetExecutionHistory',
    'states:List*',
  ],
});

export const AWS_POLICIES: readonly ManagedPolicy[] = [ADMINISTRATOR_ACCESS, READ_ONLY_ACCESS];
