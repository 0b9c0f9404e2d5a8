// biome-ignore-all lint/suspicious/noTemplateCurlyInString: placeholders of CloudFormation and Step Functions
import { describe, expect, it } from 'vitest';
import type { Caller, Cloud } from '../../../sandbox/cloud.ts';
import { deployStack } from '../../../sandbox/cloudformation/deploy-stack.ts';
import type { StackResponses } from '../../../sandbox/cloudformation/responses.ts';

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
  more: {
    answers?: Readonly<Record<string, unknown>>;
    parameters?: Record<string, string>;
    cloud?: Cloud;
    responses?: StackResponses;
  } = {},
) {
  const { cloud, invocations } = fakeCloud(more.answers);
  const groups: string[] = [];
  const deployed = deployStack({
    cloud: more.cloud ?? cloud,
    logs: {
      createLogGroup: async ({ logGroupName }) => void groups.push(logGroupName),
      deleteLogGroup: async ({ logGroupName }) => void groups.splice(groups.indexOf(logGroupName), 1),
      putRetentionPolicy: async () => {},
    },
    responses: more.responses ?? { open: () => ({ url: 'https://answer', taken: () => undefined }) },
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
    expect((await deployed).resources.get('Function')).toMatchObject({
      ref: 'f',
      attributes: { Arn: 'arn:f' },
    });
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
      'what an assertion of a rule forbids',
      {
        Rules: {
          Region: {
            Assertions: [
              {
                Assert: { 'Fn::Equals': [{ Ref: 'AWS::Region' }, 'eu-west-1'] },
                AssertDescription: 'only in Ireland',
              },
            ],
          },
        },
        Resources: { A: queue() },
      },
      'only in Ireland',
    ],
    [
      'a rule with a condition',
      { Rules: { Region: { RuleCondition: {}, Assertions: [] } }, Resources: { A: queue() } },
      'Rules.Region.RuleCondition',
    ],
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

describe('a custom resource', () => {
  const custom = (properties: object = {}) => ({
    Resources: {
      Custom: {
        Type: 'AWS::CloudFormation::CustomResource',
        Properties: { ServiceToken: 'arn:f', ServiceTimeout: 600, ...properties },
      },
    },
    Outputs: { Issuer: { Value: { 'Fn::GetAtt': ['Custom', 'Issuer'] } } },
  });
  const STACK_ID = 'arn:aws:cloudformation:us-east-1:111122223333:stack/Stack/local';

  /** Deploys it; the function answers what it was asked, and `answer`. */
  function deployed(answer: object) {
    let text: string | undefined;
    const asked: Record<string, unknown>[] = [];
    const cloud = {
      invoke: async (_: string, operation: string, input: { FunctionName: string; Payload: Buffer }) => {
        const request = JSON.parse(input.Payload.toString('utf8'));
        asked.push({ operation, FunctionName: input.FunctionName, ...request });
        const { StackId, RequestId, LogicalResourceId } = request;
        text = JSON.stringify({ StackId, RequestId, LogicalResourceId, ...answer });
      },
    } as unknown as Cloud;
    const responses = { open: () => ({ url: 'https://answer', taken: () => text }) };
    return { asked, stack: deploy(custom(), { cloud, responses }).deployed };
  }

  it('is its function, asked as CloudFormation asks, and what it answers', async () => {
    const { asked, stack } = deployed({
      Status: 'SUCCESS',
      PhysicalResourceId: 'id',
      Data: { Issuer: 'https://issuer' },
    });
    expect((await stack).outputs).toEqual({ Issuer: 'https://issuer' });
    expect(asked).toEqual([
      expect.objectContaining({
        operation: 'Invoke',
        FunctionName: 'arn:f',
        RequestType: 'Create',
        ResponseURL: 'https://answer',
        StackId: STACK_ID,
        LogicalResourceId: 'Custom',
      }),
    ]);
  });

  it('is asked once more when its stack goes', async () => {
    const { asked, stack } = deployed({
      Status: 'SUCCESS',
      PhysicalResourceId: 'id',
      Data: { Issuer: 'https://issuer' },
    });
    await (await stack).remove();
    expect(asked[1]).toMatchObject({
      RequestType: 'Delete',
      PhysicalResourceId: 'id',
      LogicalResourceId: 'Custom',
    });
  });

  it.each([
    ['a failure', { Status: 'FAILED', Reason: 'denied', PhysicalResourceId: 'id' }, /Custom .* denied/],
    ['no physical id', { Status: 'SUCCESS' }, /PhysicalResourceId/],
    ['another request', { Status: 'SUCCESS', PhysicalResourceId: 'id', RequestId: 'r' }, /another RequestId/],
    ['more than is understood', { Status: 'SUCCESS', PhysicalResourceId: 'id', NoEcho: true }, /NoEcho/],
  ])('fails on %s in the answer', async (_, answer, problem) => {
    await expect(deployed(answer).stack).rejects.toThrow(problem);
  });

  it('fails without an answer, and is refused with properties of its own', async () => {
    await expect(deploy(custom()).deployed).rejects.toThrow('no answer');
    await expect(refused(custom({ Own: 1 }))).rejects.toThrow('Own: not interpreted');
  });
});

describe('removal of a stack', () => {
  const template = {
    Resources: {
      Kept: queue({ QueueName: 'kept' }, { DeletionPolicy: 'Retain' }),
      Dead: queue({ QueueName: 'dead' }, { DeletionPolicy: 'Delete' }),
      Queue: queue({
        QueueName: 'q',
        RedrivePolicy: { deadLetterTargetArn: { 'Fn::GetAtt': ['Dead', 'Arn'] }, maxReceiveCount: 5 },
      }),
    },
  };
  const removals = (invocations: readonly Invocation[]) =>
    invocations.filter(({ call }) => call === 'sqs:DeleteQueue').length;

  it('deletes what is not retained, the last first', async () => {
    let made = 0;
    const deleted: unknown[] = [];
    const cloud = {
      invoke: async (_: string, operation: string, input: Record<string, unknown>) => {
        if (operation === 'CreateQueue') return { QueueUrl: `${++made} ${input.QueueName}` };
        deleted.push(input.QueueUrl);
        return {};
      },
    } as unknown as Cloud;
    const stack = await deploy(template, { cloud }).deployed;
    await stack.remove();
    expect(deleted).toEqual(['3 q', '2 dead']);
  });

  it('that fails names the resource, and goes on from there', async () => {
    const answers: Record<string, unknown> = { 'sqs:DeleteQueue': new Error('in use') };
    const { deployed, invocations } = deploy(template, { answers });
    const stack = await deployed;
    await expect(stack.remove()).rejects.toThrow(
      'Stack: Queue (AWS::SQS::Queue) could not be deleted: Error: in use',
    );
    answers['sqs:DeleteQueue'] = {};
    await stack.remove();
    expect(removals(invocations)).toBe(3);
    await stack.remove();
    expect(removals(invocations)).toBe(3);
  });

  it('is refused by a policy that is not understood', async () => {
    await expect(
      refused({ Resources: { Q: queue({}, { DeletionPolicy: 'Snapshot' }) } }),
    ).rejects.toMatchObject({ path: 'Resources.Q.DeletionPolicy' });
  });
});
