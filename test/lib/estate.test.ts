/** What holds of everything that is deployed, whatever it is: the guard on and off, either kind of keys. */
import { describe, expect, it } from 'vitest';
import type { FactoryConfigInput } from '../../lib/config/config.ts';
import { CONFIG, factoryTemplate, memberTemplate, resourcesOf } from './stacks.ts';

type Templates = Readonly<Record<'factory' | 'member', ReturnType<typeof factoryTemplate>>>;
const templates = (config: FactoryConfigInput): Templates => ({
  factory: factoryTemplate(config),
  member: memberTemplate(config),
});

const PLAIN = templates(CONFIG);
const GUARDED = templates({ ...CONFIG, guard: {} });
const OWN_KEY = templates({ ...CONFIG, guard: {}, encryption: 'customer' });
const ESTATES = Object.entries({ plain: PLAIN, 'with the guard': GUARDED, 'with its own key': OWN_KEY });

// biome-ignore lint/suspicious/noExplicitAny: resources of templates
type Resource = any;
const every = (estate: Templates, type: string): Resource[] =>
  Object.values(estate).flatMap((template) => resourcesOf(template, type));

const refOf = (value: Resource): string | undefined => value?.['Fn::GetAtt']?.[0] ?? value?.Ref;

describe.each(ESTATES)('the estate %s', (name, estate) => {
  it('runs every function on arm64 and Node 24, with bounds, a trace and a log that ends', () => {
    const groups = new Map(
      every(estate, 'AWS::Logs::LogGroup').map(({ id, properties }) => [id, properties]),
    );
    const functions = every(estate, 'AWS::Lambda::Function');
    expect(functions.length).toBeGreaterThan(10);
    for (const { properties } of functions) {
      expect(properties).toMatchObject({
        Architectures: ['arm64'],
        Runtime: 'nodejs24.x',
        Timeout: expect.any(Number),
        MemorySize: expect.any(Number),
        TracingConfig: { Mode: 'Active' },
      });
      expect(groups.get(refOf(properties.LoggingConfig.LogGroup) ?? '')).toMatchObject({
        RetentionInDays: expect.any(Number),
      });
    }
  });

  it('gives every way that events take a dead-letter queue', () => {
    const queues = new Map(every(estate, 'AWS::SQS::Queue').map((queue) => [queue.id, queue.properties]));
    for (const { properties } of every(estate, 'AWS::Lambda::EventSourceMapping')) {
      expect(queues.get(refOf(properties.EventSourceArn) ?? '')).toHaveProperty('RedrivePolicy');
    }
    for (const { properties } of every(estate, 'AWS::Events::Rule')) {
      // The clock asks again: without dead letters, what is missed comes with the next time.
      if (properties.ScheduleExpression) continue;
      for (const target of properties.Targets) expect(target).toHaveProperty('DeadLetterConfig.Arn');
    }
  });

  it('encrypts every queue, and lets nobody speak to it without TLS', () => {
    const policies = every(estate, 'AWS::SQS::QueuePolicy').map(({ properties }) => properties);
    for (const { id, properties } of every(estate, 'AWS::SQS::Queue')) {
      expect(properties.SqsManagedSseEnabled === true || properties.KmsMasterKeyId !== undefined).toBe(true);
      const own = policies.filter(({ Queues }) => Queues.some((queue: Resource) => refOf(queue) === id));
      expect(own.flatMap(({ PolicyDocument }) => PolicyDocument.Statement)).toContainEqual(
        expect.objectContaining({ Effect: 'Deny', Condition: { Bool: { 'aws:SecureTransport': 'false' } } }),
      );
    }
  });

  it('retains what nobody could make again', () => {
    for (const resource of resources(estate)) {
      if (!['AWS::DynamoDB::Table', 'AWS::KMS::Key'].includes(resource.Type)) continue;
      expect(resource).toMatchObject({ DeletionPolicy: 'Retain', UpdateReplacePolicy: 'Retain' });
    }
    expect(every(estate, 'AWS::KMS::Key')).toHaveLength(name === 'with its own key' ? 1 : 0);
  });

  it('names nothing that CloudFormation could name, but what others must know', () => {
    const mustBe = new Set(MUST_BE_NAMED.map(([type]) => type));
    expect(namesIn(estate).filter(([type]) => !mustBe.has(type))).toEqual([]);
  });
});

const resources = (estate: Templates): Resource[] =>
  Object.values(estate).flatMap((template) => Object.values(template.toJSON().Resources));

/** What templates name themselves, by type. `EventBusName` of a rule names another resource. */
const namesIn = (estate: Templates): [type: string, name: string][] =>
  resources(estate).flatMap(({ Type, Properties = {} }) =>
    ['Name', `${Type.split('::')[2]}Name`, 'ManagedPolicyName']
      .filter((property) => Object.hasOwn(Properties, property))
      .map((property): [string, string] => [Type, JSON.stringify(Properties[property])]),
  );

const MUST_BE_NAMED: readonly (readonly [type: string, reason: string])[] = [
  ['AWS::Events::EventBus', 'the member stack, in other accounts, sends to it'],
  ['AWS::IAM::Role', 'member roles and function roles know each other by their ARNs, across accounts'],
  ['AWS::IAM::ManagedPolicy', 'the guard attaches it in every account'],
  ['AWS::StepFunctions::StateMachine', 'functions are allowed to describe executions, without a circle'],
  ['AWS::Logs::LogGroup', 'vended logs of Step Functions need the prefix /aws/vendedlogs'],
  ['AWS::Lambda::Function', 'the command line finds the guard and the queue of notify-team by it'],
  ['AWS::IAM::Policy', 'inline: the name is one of its role'],
  ['AWS::Scheduler::Schedule', 'people start and stop sweeps by it'],
  ['AWS::Events::Rule', 'service control policies protect the forwarding rules by it'],
  ['AWS::SQS::Queue', 'the member stack is one template for every account, read by name from outside'],
];

describe('two factories', () => {
  it('under different prefixes have no name in common', () => {
    const other = templates({ ...CONFIG, guard: {}, prefix: 'second-factory' });
    const account = (estate: Templates) =>
      namesIn(estate)
        .filter(([type]) => type !== 'AWS::IAM::Policy')
        .map((one) => one.join(' '));
    const first = new Set(account(GUARDED));
    expect(first.size).toBeGreaterThan(10);
    expect(account(other).filter((one) => first.has(one))).toEqual([]);
  });
});

describe('a key of its own', () => {
  it('is on every table, queue, topic and log group, and every role but those of workflows may use it through the services', () => {
    const on = {
      'AWS::SQS::Queue': 'KmsMasterKeyId',
      'AWS::SNS::Topic': 'KmsMasterKeyId',
      'AWS::Logs::LogGroup': 'KmsKeyId',
      'AWS::DynamoDB::Table': 'SSESpecification',
    };
    for (const [type, property] of Object.entries(on)) {
      for (const { properties } of resourcesOf(OWN_KEY.factory, type)) {
        expect(JSON.stringify(properties[property])).toMatch(/"Key[0-9A-F]{8}"/);
      }
    }
    const policies = resourcesOf(OWN_KEY.factory, 'AWS::IAM::Policy').filter(({ properties }) =>
      JSON.stringify(properties.PolicyDocument).includes('kms:ViaService'),
    );
    const roles = resourcesOf(OWN_KEY.factory, 'AWS::IAM::Role');
    const workflows = resourcesOf(OWN_KEY.factory, 'AWS::StepFunctions::StateMachine');
    expect(policies).toHaveLength(roles.length - workflows.length);
  });

  it('lets services of this account alone use it in their own name', () => {
    const [key] = resourcesOf(OWN_KEY.factory, 'AWS::KMS::Key');
    const services = key?.properties.KeyPolicy.Statement.filter(
      ({ Principal }: Resource) => Principal.Service !== undefined,
    );
    expect(services).toHaveLength(2);
    for (const { Condition } of services) {
      expect(JSON.stringify(Condition)).toContain(CONFIG.factory.accountId);
    }
  });
});
