import { createRequire } from 'node:module';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type AwsServer, startAwsServer } from '../../../sandbox/aws/http-server.ts';
import { createLab, document, eventually, FACTORY, type Lab, MEMBER, REGION } from './lambda-lab.ts';

let server: AwsServer;
let lab: Lab;
beforeAll(async () => {
  lab = await createLab(0.01, () => server.endpoint);
  server = await startAwsServer({
    cloud: lab.cloud,
    port: 0,
    control: () => undefined,
    report: (error) => lab.problems.push(error),
  });
});
afterAll(async () => {
  await lab.close();
  await server.close();
});

it('takes a role creation in a member account over the factory bus and a queue to a function, which answers as its own role', async () => {
  const bus = `arn:aws:events:${REGION}:${FACTORY}:event-bus/factory`;
  const rule = `arn:aws:events:${REGION}:${FACTORY}:rule/factory/intake`;
  const pattern = {
    source: ['aws.iam'],
    detail: { eventName: ['CreateRole'], errorCode: [{ exists: false }] },
  };
  const EventPattern = JSON.stringify(pattern);
  const answers = await lab.queue('answers');
  const queue = await lab.queue('intake', {
    Policy: document([
      {
        Effect: 'Allow',
        Principal: { Service: 'events.amazonaws.com' },
        Action: 'sqs:SendMessage',
        Resource: `arn:aws:sqs:${REGION}:${FACTORY}:intake`,
        Condition: { ArnEquals: { 'aws:SourceArn': rule } },
      },
    ]),
  });
  await lab.call('events', 'CreateEventBus', { Name: 'factory' });
  const admit = {
    Effect: 'Allow',
    Principal: '*',
    Action: 'events:PutEvents',
    Resource: bus,
    Condition: { ArnLike: { 'aws:PrincipalArn': 'arn:aws:iam::*:role/forwarder' } },
  };
  await lab.call('events', 'PutPermission', { EventBusName: 'factory', Policy: document([admit]) });
  await lab.call('events', 'PutRule', { Name: 'intake', EventBusName: 'factory', EventPattern });
  const Targets = [{ Id: 'queue', Arn: queue.arn }];
  await lab.call('events', 'PutTargets', { Rule: 'intake', EventBusName: 'factory', Targets });

  const RoleArn = await lab.role(MEMBER, 'forwarder', 'events.amazonaws.com', [
    { Effect: 'Allow', Action: 'events:PutEvents', Resource: bus },
  ]);
  await lab.call('events', 'PutRule', { Name: 'forward', EventPattern }, { accountId: MEMBER });
  const forwardTargets = [{ Id: 'bus', Arn: bus, RoleArn }];
  await lab.call('events', 'PutTargets', { Rule: 'forward', Targets: forwardTargets }, { accountId: MEMBER });

  const sdk = JSON.stringify(createRequire(import.meta.url).resolve('@aws-sdk/client-sqs'));
  const source = `const { SQSClient, SendMessageCommand } = process.getBuiltinModule('module').createRequire(${sdk})(${sdk});
    const client = new SQSClient({});
    exports.handler = async ({ Records }) => {
      for (const { body } of Records) {
        const MessageBody = JSON.parse(body).detail.requestParameters.roleName;
        await client.send(new SendMessageCommand({ QueueUrl: process.env.ANSWERS, MessageBody }));
      }
    };`;
  const Role = await lab.role(FACTORY, 'dispatcher', 'lambda.amazonaws.com', [
    {
      Effect: 'Allow',
      Action: ['sqs:ReceiveMessage', 'sqs:DeleteMessage', 'sqs:GetQueueAttributes'],
      Resource: queue.arn,
    },
    { Effect: 'Allow', Action: 'sqs:SendMessage', Resource: answers.arn },
  ]);
  await lab.call('lambda', 'CreateFunction', {
    FunctionName: 'dispatcher',
    Runtime: 'nodejs24.x',
    Handler: 'index.handler',
    Role,
    Timeout: 30,
    Code: { S3Key: lab.code(source) },
    Environment: { Variables: { ANSWERS: answers.url } },
  });
  const mapping = { FunctionName: 'dispatcher', EventSourceArn: queue.arn };
  await lab.call('lambda', 'CreateEventSourceMapping', mapping);

  const RoleName = 'made-in-member';
  const AssumeRolePolicyDocument = document([
    { Effect: 'Allow', Principal: { Service: 'x.amazonaws.com' }, Action: 'sts:AssumeRole' },
  ]);
  await lab.call('iam', 'CreateRole', { RoleName, AssumeRolePolicyDocument }, { accountId: MEMBER });

  const [answer] = await eventually(async () => {
    const found = await lab.messages(answers.url);
    return found.length > 0 && found;
  });
  expect(answer).toMatchObject({
    Body: RoleName,
    Attributes: { SenderId: `arn:aws:sts::${FACTORY}:assumed-role/dispatcher/dispatcher` },
  });
});
