// biome-ignore-all lint/suspicious/noTemplateCurlyInString: placeholders of CloudFormation and Step Functions
import { describe, expect, it } from 'vitest';
import type { Caller, Cloud } from '../../../sandbox/cloud.ts';
import { deployStack } from '../../../sandbox/cloudformation/deploy-stack.ts';

interface Invocation {
  readonly call: string;
  readonly input: Record<string, unknown>;
  readonly as: Caller;
}

/** A cloud that answers what the creators ask for, and remembers it. */
function fakeCloud(answers: Readonly<Record<string, unknown>> = {}) {
  const invocations: Invocation[] = [];
  const cloud = {
    invoke: async (service: string, operation: string, input: Record<string, unknown>, as: Caller) => {
      const call = `${service}:${operation}`;
      invocations.push({ call, input, as });
      const answer = answers[call] ?? {};
      if (answer instanceof Error) throw answer;
      return answer;
    },
  } as unknown as Cloud;
  return { cloud, invocations };
}

const ADMIN: Caller = {
  principal: { type: 'aws', accountId: '111122223333', arn: 'arn:aws:iam::111122223333:user/admin' },
  accountId: '111122223333',
};

function deploy(
  template: object,
  more: { answers?: Readonly<Record<string, unknown>>; parameters?: Record<string, string> } = {},
) {
  const { cloud, invocations } = fakeCloud(more.answers);
  const groups: string[] = [];
  const deployed = deployStack({
    cloud,
    logs: {
      createLogGroup: async ({ logGroupName }) => void groups.push(logGroupName),
      putRetentionPolicy: async () => {},
    },
    stackName: 'Stack',
    template,
    accountId: '111122223333',
    region: 'us-east-1',
    as: ADMIN,
    assetFolder: (bucket, key) =>
      bucket === 'cdk-assets' && key === 'code.zip' ? '/assembly/code' : undefined,
    ...(more.parameters && { parameters: more.parameters }),
  });
  return { deployed, invocations, groups };
}

const queue = (properties: object = {}, more: object = {}) => ({
  Type: 'AWS::SQS::Queue',
  Properties: properties,
  ...more,
});
const refused = (template: object) => deploy(template).deployed;

describe('deployStack', () => {
  it('creates as the administrator through CloudFormation, each resource after what it refers to', async () => {
    const { deployed, invocations } = deploy(
      {
        Resources: {
          Policy: {
            Type: 'AWS::SQS::QueuePolicy',
            Properties: { PolicyDocument: { Statement: [] }, Queues: [{ Ref: 'Queue' }] },
          },
          Queue: queue({
            QueueName: 'q',
            RedrivePolicy: { deadLetterTargetArn: { 'Fn::GetAtt': ['Dead', 'Arn'] }, maxReceiveCount: 5 },
          }),
          Dead: queue({ QueueName: 'dead', MessageRetentionPeriod: 1209600 }),
        },
        Outputs: { Url: { Value: { Ref: 'Queue' } } },
      },
      { answers: { 'sqs:CreateQueue': { QueueUrl: 'http://queue' } } },
    );
    expect((await deployed).outputs).toEqual({ Url: 'http://queue' });
    expect(invocations.map(({ call, input }) => [call, input])).toEqual([
      ['sqs:CreateQueue', { QueueName: 'dead', Attributes: { MessageRetentionPeriod: '1209600' } }],
      [
        'sqs:CreateQueue',
        {
          QueueName: 'q',
          Attributes: {
            RedrivePolicy:
              '{"deadLetterTargetArn":"arn:aws:sqs:us-east-1:111122223333:dead","maxReceiveCount":5}',
          },
        },
      ],
      ['sqs:SetQueueAttributes', { QueueUrl: 'http://queue', Attributes: { Policy: '{"Statement":[]}' } }],
    ]);
    expect(invocations[0]?.as).toEqual({
      ...ADMIN,
      context: { 'aws:CalledVia': 'cloudformation.amazonaws.com' },
    });
  });

  it('names what has no name after the stack and the resource, within the limit', async () => {
    const { deployed, invocations } = deploy({ Resources: { [`Q${'x'.repeat(100)}`]: queue() } });
    await deployed;
    expect(invocations[0]?.input.QueueName).toMatch(/^Stack-Qx+-[0-9A-F]{12}$/);
    expect(String(invocations[0]?.input.QueueName)).toHaveLength(80);
  });

  it('leaves out what its condition excludes', async () => {
    const template = {
      Parameters: { Create: { Type: 'String', Default: 'true', AllowedValues: ['true', 'false'] } },
      Conditions: { Creates: { 'Fn::Equals': [{ Ref: 'Create' }, 'true'] } },
      Resources: { A: queue({}, { Condition: 'Creates' }), B: queue({}, { DependsOn: 'A' }) },
    };
    const without = deploy(template, { parameters: { Create: 'false' } });
    expect([...(await without.deployed).resources.keys()]).toEqual(['B']);
    const both = deploy(template);
    expect([...(await both.deployed).resources.keys()]).toEqual(['A', 'B']);
  });

  it('gives a function its asset’s folder', async () => {
    const { deployed, invocations } = deploy(
      {
        Resources: {
          Function: {
            Type: 'AWS::Lambda::Function',
            Properties: {
              FunctionName: 'f',
              Code: { S3Bucket: 'cdk-assets', S3Key: 'code.zip' },
              Role: 'r',
              Timeout: 60,
            },
          },
        },
      },
      { answers: { 'lambda:CreateFunction': { FunctionArn: 'arn:f' } } },
    );
    expect((await deployed).resources.get('Function')).toEqual({ ref: 'f', attributes: { Arn: 'arn:f' } });
    expect(invocations[0]?.input).toEqual({
      FunctionName: 'f',
      Code: { S3Bucket: 'assets', S3Key: '/assembly/code' },
      Role: 'r',
      Timeout: 60,
    });
  });

  it('fills a definition, inside its JSON strings', async () => {
    const { deployed, invocations } = deploy({
      Resources: {
        Machine: {
          Type: 'AWS::StepFunctions::StateMachine',
          Properties: {
            StateMachineName: 'm',
            DefinitionString: '{"Resource":"${Arn}"}',
            DefinitionSubstitutions: { Arn: 'a"b' },
            RoleArn: 'r',
          },
        },
      },
    });
    await deployed;
    expect(invocations[0]?.input).toEqual({ name: 'm', definition: '{"Resource":"a\\"b"}', roleArn: 'r' });
  });

  it('adds the statements of a bus policy up', async () => {
    const { deployed, invocations } = deploy(
      {
        Resources: {
          Policy: {
            Type: 'AWS::Events::EventBusPolicy',
            Properties: { EventBusName: 'bus', StatementId: 'b', Statement: { Effect: 'Allow' } },
          },
        },
      },
      {
        answers: {
          'events:DescribeEventBus': { Policy: '{"Statement":[{"Sid":"a"},{"Sid":"b","Effect":"Deny"}]}' },
        },
      },
    );
    await deployed;
    expect(JSON.parse(String(invocations[1]?.input.Policy)).Statement).toEqual([
      { Sid: 'a' },
      { Sid: 'b', Effect: 'Allow' },
    ]);
  });

  it('says which resource failed', async () => {
    const { deployed } = deploy(
      { Resources: { Q: queue() } },
      { answers: { 'sqs:CreateQueue': Object.assign(new Error('too many'), { name: 'OverLimit' }) } },
    );
    await expect(deployed).rejects.toThrow('Stack: Q (AWS::SQS::Queue) failed: OverLimit: too many');
  });

  it.each<[string, object, string]>([
    [
      'a type that it does not know',
      { Resources: { A: { Type: 'AWS::S3::Bucket' } } },
      'AWS::S3::Bucket is not understood',
    ],
    [
      'a property that it does not know',
      { Resources: { A: queue({ FifoQueue: true }) } },
      'Resources.A.FifoQueue: not interpreted',
    ],
    [
      'an attribute of a resource',
      { Resources: { A: queue({}, { CreationPolicy: {} }) } },
      'Resources.A.CreationPolicy',
    ],
    ['a section', { Resources: {}, Mappings: {} }, 'Template.Mappings'],
    ['a transform', { Resources: {}, Transform: 'x' }, 'Template.Transform'],
    [
      'a circle',
      { Resources: { A: queue({ QueueName: { Ref: 'B' } }), B: queue({ QueueName: { Ref: 'A' } }) } },
      'circular',
    ],
    [
      'a dependency on nothing',
      { Resources: { A: queue({}, { DependsOn: ['B'] }) } },
      'Resources.A.DependsOn: there is no B',
    ],
    [
      'a parameter without a value',
      { Parameters: { P: { Type: 'String' } }, Resources: {} },
      'Parameters.P: no value',
    ],
    [
      'a parameter of another type',
      { Parameters: { P: { Type: 'CommaDelimitedList' } }, Resources: {} },
      'Parameters.P.Type',
    ],
    [
      'a value that is not allowed',
      { Parameters: { P: { Type: 'String', Default: 'c', AllowedValues: ['a'] } }, Resources: {} },
      'Parameters.P: not allowed: c',
    ],
    [
      'code that is no asset',
      {
        Resources: {
          F: { Type: 'AWS::Lambda::Function', Properties: { Code: { S3Bucket: 'x', S3Key: 'y' } } },
        },
      },
      'no asset',
    ],
    [
      'a placeholder without a value',
      {
        Resources: {
          M: {
            Type: 'AWS::StepFunctions::StateMachine',
            Properties: { DefinitionString: '${A}', RoleArn: 'r' },
          },
        },
      },
      'no A',
    ],
    [
      'an archive under a key of its own',
      {
        Resources: {
          A: { Type: 'AWS::Events::Archive', Properties: { SourceArn: 'a', KmsKeyIdentifier: 'k' } },
        },
      },
      'KmsKeyIdentifier',
    ],
  ])('refuses %s', async (_, template, message) => {
    await expect(refused(template)).rejects.toThrow(message);
  });

  it('creates nothing of a resource of which it would ignore something', async () => {
    const { deployed, invocations } = deploy({ Resources: { A: queue({ FifoQueue: true }) } });
    await expect(deployed).rejects.toThrow();
    expect(invocations).toEqual([]);
  });
});
