import { Match, type Template } from 'aws-cdk-lib/assertions';
import { beforeAll, describe, expect, it } from 'vitest';
import { forwardingPattern } from '../../core/event-patterns.ts';
import { FUNCTION_NAMES } from '../../core/naming.ts';
import { FUNCTIONS } from '../../lib/bundling.ts';
import { parseConfig, settingsOf } from '../../lib/config/config.ts';
import { CONFIG, factoryTemplate, policyStatements, resourcesOf } from './stacks.ts';

let template: Template;
beforeAll(() => {
  template = factoryTemplate();
}, 30_000);

const DAY = 86_400;

describe('the bus', () => {
  it('admits forwarded role events of the organization, from the forwarder role, and nothing else', () => {
    template.resourceCountIs('AWS::Events::EventBusPolicy', 1);
    template.hasResourceProperties('AWS::Events::EventBusPolicy', {
      Statement: {
        Effect: 'Allow',
        Action: 'events:PutEvents',
        Principal: '*',
        Condition: {
          StringEquals: {
            'aws:PrincipalOrgID': CONFIG.organizationId,
            'events:source': 'aws.iam',
            'events:detail-type': 'AWS API Call via CloudTrail',
          },
          Bool: { 'events:eventBusInvocation': 'true' },
          ArnLike: { 'aws:PrincipalArn': 'arn:*:iam::*:role/oidc-factory-forwarder' },
        },
      },
    });
  });

  it('keeps role events in an archive that can be replayed', () => {
    template.hasResourceProperties('AWS::Events::Archive', {
      EventPattern: forwardingPattern(settingsOf(parseConfig(CONFIG, 'config'))),
      RetentionDays: 90,
    });
  });
});

describe('queues', () => {
  it('keep events for four days and dead letters for two weeks, encrypted', () => {
    const queues = resourcesOf(template, 'AWS::SQS::Queue');
    const kept = queues.map(({ properties }) => [
      properties.MessageRetentionPeriod / DAY,
      'RedrivePolicy' in properties,
    ]);
    expect(kept.sort()).toEqual(
      // Of role events and of notifications: the queue, its dead letters, those of the rules before it. Of the sweep's
      // schedule: dead letters.
      [
        [14, false],
        [14, false],
        [14, false],
        [14, false],
        [14, false],
        [4, true],
        [4, true],
      ].sort(),
    );
    expect(queues.every(({ properties }) => properties.SqsManagedSseEnabled === true)).toBe(true);
  });

  it('speak TLS only', () => {
    const policies = resourcesOf(template, 'AWS::SQS::QueuePolicy');
    expect(policies).toHaveLength(resourcesOf(template, 'AWS::SQS::Queue').length);
    for (const { properties } of policies)
      expect(properties.PolicyDocument.Statement).toContainEqual(
        expect.objectContaining({
          Effect: 'Deny',
          Principal: { AWS: '*' },
          Action: 'sqs:*',
          Condition: { Bool: { 'aws:SecureTransport': 'false' } },
        }),
      );
  });

  it('of dead letters raise an alarm at the first message', () => {
    const alarms = resourcesOf(template, 'AWS::CloudWatch::Alarm')
      .map(({ properties }) => properties)
      .filter(({ MetricName }) => MetricName === 'ApproximateNumberOfMessagesVisible');
    expect(alarms).toHaveLength(5);
    for (const alarm of alarms) {
      expect(alarm).toMatchObject({
        Threshold: 1,
        EvaluationPeriods: 1,
        ComparisonOperator: 'GreaterThanOrEqualToThreshold',
      });
    }
  });

  it('take messages from the rule alone, which has a dead-letter queue', () => {
    const rule = resourcesOf(template, 'AWS::Events::Rule').find(({ id }) => id.startsWith('RoleEvents'));
    expect(rule?.properties.Targets).toEqual([
      expect.objectContaining({ DeadLetterConfig: { Arn: expect.anything() } }),
    ]);
    const senders = resourcesOf(template, 'AWS::SQS::QueuePolicy')
      .filter(({ id }) => id.startsWith('RoleEvents'))
      .flatMap(({ properties }) => properties.PolicyDocument.Statement)
      .filter(({ Effect }) => Effect === 'Allow');
    expect(senders).toHaveLength(2);
    for (const sender of senders)
      expect(sender).toMatchObject({
        Action: 'sqs:SendMessage',
        Principal: { Service: 'events.amazonaws.com' },
        Condition: { ArnEquals: { 'aws:SourceArn': [{ 'Fn::GetAtt': [rule?.id, 'Arn'] }] } },
      });
  });

  it('feed the dispatcher in batches whose failures are reported one by one', () => {
    template.hasResourceProperties('AWS::Lambda::EventSourceMapping', {
      FunctionResponseTypes: ['ReportBatchItemFailures'],
    });
  });
});

describe('functions', () => {
  it('run on Node 24 and arm64, each with its own log and under its own role', () => {
    const functions = resourcesOf(template, 'AWS::Lambda::Function');
    // Beside those of the workflows: outbound federation, notifications.
    expect(functions).toHaveLength(FUNCTION_NAMES.length + 2);
    for (const { properties } of functions)
      expect(properties).toMatchObject({
        Runtime: 'nodejs24.x',
        Architectures: ['arm64'],
        Handler: 'index.handler',
      });
    for (const part of ['Role', 'LoggingConfig'])
      expect(new Set(functions.map(({ properties }) => JSON.stringify(properties[part]))).size).toBe(
        functions.length,
      );
    template.allResourcesProperties('AWS::Logs::LogGroup', { RetentionInDays: 90 });
  });

  it.each(FUNCTION_NAMES)('have roles of fixed names under no path, for Lambda alone: %s', (name) => {
    template.hasResourceProperties('AWS::IAM::Role', {
      RoleName: `oidc-factory-${name}`,
      Path: Match.absent(),
      ManagedPolicyArns: Match.absent(),
      AssumeRolePolicyDocument: {
        Statement: [
          { Effect: 'Allow', Action: 'sts:AssumeRole', Principal: { Service: 'lambda.amazonaws.com' } },
        ],
      },
    });
  });

  it('log in to Entra with a token that AWS signs, where they log in at all', () => {
    const withToken = FUNCTIONS.filter(({ name }) =>
      actionsOf(name, template).includes('sts:GetWebIdentityToken'),
    );
    expect(withToken).toEqual(FUNCTIONS.filter(({ needsEntra }) => needsEntra));
    for (const { name } of withToken) {
      const [statement] = policyStatements(template, `oidc-factory-${name}`).filter(
        ({ Action }) => Action === 'sts:GetWebIdentityToken',
      );
      expect(statement?.Condition).toEqual({
        'ForAllValues:StringEquals': { 'sts:IdentityTokenAudience': 'api://AzureADTokenExchange' },
        Null: { 'sts:IdentityTokenAudience': 'false' },
        StringEquals: { 'sts:SigningAlgorithm': 'RS256' },
        NumericLessThanEquals: { 'sts:DurationSeconds': '300' },
      });
    }
  });

  it('assume member roles inside the organization only', () => {
    const assuming = FUNCTION_NAMES.flatMap((name) =>
      policyStatements(template, `oidc-factory-${name}`),
    ).filter(({ Action }) => [Action].flat().includes('sts:AssumeRole'));
    expect(assuming).toHaveLength(8);
    for (const { Condition } of assuming)
      expect(Condition).toEqual({ StringEquals: { 'aws:ResourceOrgID': CONFIG.organizationId } });
  });

  it('are allowed no wildcard but in names that the accounts and events give', () => {
    const wide = FUNCTION_NAMES.flatMap((name) => policyStatements(template, `oidc-factory-${name}`)).filter(
      ({ Action, Resource }) => /\*/.test(JSON.stringify([Action, Resource])),
    );
    expect(new Set(wide.map(({ Sid }) => Sid))).toEqual(
      new Set(['Trace', 'Member', 'Describe', 'EntraAssertion', 'Units', 'Organization']),
    );
  });
});

describe('with a client secret instead', () => {
  const secretArn = 'arn:aws:secretsmanager:eu-central-1:111122223333:secret:entra-AbCdEf';
  let withSecret: Template;
  beforeAll(() => {
    withSecret = factoryTemplate({
      ...CONFIG,
      entra: { ...CONFIG.entra, login: { kind: 'secret', secretArn } },
    });
  }, 30_000);

  it('functions may read that secret, where they log in at all, and ask for no token', () => {
    const readers = FUNCTIONS.filter(({ name }) =>
      policyStatements(withSecret, `oidc-factory-${name}`).some(
        ({ Action, Resource }) => Action === 'secretsmanager:GetSecretValue' && Resource === secretArn,
      ),
    );
    expect(readers).toEqual(FUNCTIONS.filter(({ needsEntra }) => needsEntra));
    expect(JSON.stringify(withSecret.toJSON())).not.toContain('GetWebIdentityToken');
  });

  it('functions are told where it is, and never what it is', () => {
    const told = resourcesOf(withSecret, 'AWS::Lambda::Function')
      .map(({ properties }) => properties.Environment.Variables)
      .filter(({ ENTRA_LOGIN }) => ENTRA_LOGIN !== undefined);
    expect(told).toHaveLength(FUNCTION_NAMES.length);
    for (const variables of told) {
      expect(variables).toMatchObject({ ENTRA_LOGIN: 'secret', ENTRA_SECRET_ARN: secretArn });
    }
  });
});

describe('the ledger', () => {
  it('outlives the stack, can be restored, and forgets removed entries', () => {
    template.hasResource('AWS::DynamoDB::Table', {
      DeletionPolicy: 'Retain',
      UpdateReplacePolicy: 'Retain',
      Properties: {
        DeletionProtectionEnabled: true,
        PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
        TimeToLiveSpecification: { AttributeName: 'expiresAt', Enabled: true },
      },
    });
  });
});

describe('control', () => {
  it('is read by every step, and written by none but for the breaker', () => {
    const steps = FUNCTION_NAMES.filter((name) => variablesOf(name).includes('CONTROL_SECONDS'));
    const writers = steps.filter((name) =>
      writesTo(name).some((keys) => keys.some((key) => matches(key, 'control'))),
    );
    expect(writers).toEqual(['register-application']);
    for (const name of ['inspect-role', 'assign-audience', 'delete-application', 'record-outcome']) {
      expect(actionsOf(name, template)).toContain('dynamodb:BatchGetItem');
    }
  });

  it('of places of the hour is for claims alone', () => {
    const counting = FUNCTION_NAMES.filter((name) =>
      writesTo(name).some((keys) => keys.some((key) => matches(key, 'count#111122223333'))),
    );
    expect(counting).toEqual(['inspect-role', 'confirm-role-gone']);
  });

  const variablesOf = (name: string): string[] => {
    const fn = resourcesOf(template, 'AWS::Lambda::Function').find(({ properties }) =>
      JSON.stringify(properties.Role).includes(roleIdOf(name)),
    );
    return Object.keys(fn?.properties.Environment.Variables ?? {});
  };
  const roleIdOf = (name: string): string =>
    resourcesOf(template, 'AWS::IAM::Role').find(
      ({ properties }) => properties.RoleName === `oidc-factory-${name}`,
    )?.id ?? 'no such role';
  /** Partition keys of the ledger that each statement allows to write: `*` where it does not say. */
  const writesTo = (name: string): string[][] =>
    policyStatements(template, `oidc-factory-${name}`)
      .filter(({ Action }) => /dynamodb:(Put|Update|Delete|BatchWrite)/.test([Action].flat().join()))
      .map(({ Condition }) =>
        [Condition?.['ForAllValues:StringLike']?.['dynamodb:LeadingKeys'] ?? '*'].flat(),
      );
  const matches = (pattern: string, key: string): boolean =>
    new RegExp(`^${pattern.replaceAll('?', '.').replaceAll('*', '.*')}$`).test(key);
});

describe('the workflows', () => {
  it.each(['create-role', 'delete-role'])('%s has a fixed name and is a Standard one', (name) => {
    template.hasResourceProperties('AWS::StepFunctions::StateMachine', {
      StateMachineName: `oidc-factory-${name}`,
      StateMachineType: Match.absent(),
    });
  });
});

const actionsOf = (name: string, of: Template): string[] =>
  policyStatements(of, `oidc-factory-${name}`).flatMap(({ Action }) => Action);
