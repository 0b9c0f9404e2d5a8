import { DescribeTableCommand, DynamoDBClient, GetItemCommand } from '@aws-sdk/client-dynamodb';
import { DescribeEventBusCommand, EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { GetOutboundWebIdentityFederationInfoCommand } from '@aws-sdk/client-iam';
import { LambdaClient, ListEventSourceMappingsCommand } from '@aws-sdk/client-lambda';
import { DescribeExecutionCommand, ListExecutionsCommand, SFNClient } from '@aws-sdk/client-sfn';
import { isFactoryError } from '../../core/errors.ts';
import { partitionOfRegion } from '../../core/issuer.ts';
import { knownAccountIn } from '../../lambdas/adapters/accounts.ts';
import { awsErrorName } from '../../lambdas/adapters/aws-errors.ts';
import { accountKeyOf, unitsOf } from '../../lambdas/adapters/control-items.ts';
import { dynamoLedger } from '../../lambdas/adapters/ledger.ts';
import type { FactoryConfig } from '../../lib/config/config.ts';
import { type AwsOptions, calling, clientConfig, lookingUp } from '../aws.ts';
import { readControl } from '../control/document.ts';
import { deployedWorkflow, environmentOf } from '../factory.ts';
import { iamClient } from '../iam.ts';
import type { Io } from '../io.ts';
import { eventReads } from './event-reads.ts';
import type { FactoryReads } from './reads.ts';

/** The factory account, in the factory's region. */
export function factoryReads(
  io: Io,
  { profile }: AwsOptions,
  { factory, prefix }: FactoryConfig,
): FactoryReads {
  const { accountId, region } = factory;
  const partition = partitionOfRegion(region);
  const options = { ...(profile && { profile }), region };
  const config = clientConfig(io, options);
  const events = new EventBridgeClient(config);
  const lambda = new LambdaClient(config);
  const states = new SFNClient(config);
  const dynamo = new DynamoDBClient(config);
  const iam = iamClient(io, options, partition);
  const caller = { accountId, arn: '', partition, region };
  return {
    ...eventReads(io, options),
    bus: async (name) => {
      const bus = await lookingUp(`events:DescribeEventBus ${name}`, () =>
        events.send(new DescribeEventBusCommand({ Name: name })),
      );
      return bus && { policy: bus.Policy };
    },
    mappings: async (queueArn) => {
      const { EventSourceMappings = [] } = await calling('lambda:ListEventSourceMappings', () =>
        lambda.send(new ListEventSourceMappingsCommand({ EventSourceArn: queueArn })),
      );
      return EventSourceMappings.map(({ State = '' }) => State);
    },
    workflow: (workflow) => deployedWorkflow(io, options, { caller, prefix, workflow }),
    runs: async (stateMachineArn, count) => {
      const list = await lookingUp('states:ListExecutions', () =>
        states.send(new ListExecutionsCommand({ stateMachineArn, maxResults: count })),
      );
      return (list?.executions ?? []).map(({ executionArn = '', name = '', status = '', startDate }) => ({
        executionArn,
        name,
        status,
        startedAt: startDate?.getTime() ?? 0,
      }));
    },
    failure: async (executionArn) => {
      const { error = '', cause = '' } = await calling('states:DescribeExecution', () =>
        states.send(new DescribeExecutionCommand({ executionArn })),
      );
      return { error, cause };
    },
    variables: (functionArn) => environmentOf(io, options, functionArn),
    table: async (name) => {
      const found = await lookingUp(`dynamodb:DescribeTable ${name}`, () =>
        dynamo.send(new DescribeTableCommand({ TableName: name })),
      );
      return found && { status: found.Table?.TableStatus ?? '' };
    },
    outboundIssuer: () =>
      calling('iam:GetOutboundWebIdentityFederationInfo', async () => {
        try {
          const info = await iam.send(new GetOutboundWebIdentityFederationInfoCommand({}));
          return info.JwtVendingEnabled ? info.IssuerIdentifier : undefined;
        } catch (error) {
          if (awsErrorName(error) === 'FeatureDisabled') return undefined;
          throw error;
        }
      }),
    incarnations: (table, account, role) =>
      calling(`dynamodb:Query ${table}`, async () => {
        try {
          return await dynamoLedger({ table, client: dynamo }).incarnations(account, role);
        } catch (error) {
          // The ledger's own codes speak to the factory: here AWS's refusal counts.
          throw isFactoryError(error) && error.cause ? error.cause : error;
        }
      }),
    control: (table) => readControl(io, { options, ledger: table }),
    account: (table, account) =>
      calling(`dynamodb:GetItem ${table}`, async () => {
        const { Item: item } = await dynamo.send(
          new GetItemCommand({ TableName: table, Key: accountKeyOf(account), ConsistentRead: true }),
        );
        return item?.enrolledAt && { ...knownAccountIn(item), organizationalUnits: unitsOf(item) };
      }),
  };
}
