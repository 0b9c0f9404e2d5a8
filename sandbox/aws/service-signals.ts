/** What services say of themselves to CloudWatch and EventBridge. */
import type { Datum } from './cloudwatch.ts';
import type { EventEnvelope } from './events-model.ts';
import type { LambdaOptions } from './lambda.ts';
import { parseArn } from './regional.ts';
import type { SqsService } from './sqs.ts';
import type { Execution } from './states-execution.ts';

export function* queueDepths({ depths }: Pick<SqsService, 'depths'>): Generator<Datum> {
  for (const { queueArn, visible } of depths()) {
    const { accountId = '', region = '', resource = '' } = parseArn(queueArn) ?? {};
    yield {
      accountId,
      region,
      namespace: 'AWS/SQS',
      name: 'ApproximateNumberOfMessagesVisible',
      dimensions: { QueueName: resource },
      value: visible,
    };
  }
}

export const functionErrors = ({ fn, failed }: Parameters<LambdaOptions['onInvocation']>[0]): Datum => ({
  accountId: fn.accountId,
  region: fn.region,
  namespace: 'AWS/Lambda',
  name: 'Errors',
  dimensions: { FunctionName: fn.name },
  value: failed ? 1 : 0,
});

/** https://docs.aws.amazon.com/step-functions/latest/dg/eventbridge-integration.html */
export function statusChange(
  execution: Execution,
): Pick<EventEnvelope, 'source' | 'detail-type' | 'account' | 'region' | 'resources' | 'detail'> {
  const { accountId = '', region = '' } = parseArn(execution.arn) ?? {};
  const { executionArn, stateMachineArn, name, status, startDate, stopDate, input, output, error, cause } =
    execution.describe();
  return {
    source: 'aws.states',
    'detail-type': 'Step Functions Execution Status Change',
    account: accountId,
    region,
    resources: [execution.arn],
    detail: {
      executionArn,
      stateMachineArn,
      name,
      status,
      startDate: startDate?.getTime(),
      stopDate: stopDate?.getTime() ?? null,
      input,
      output: output ?? null,
      error: error ?? null,
      cause: cause ?? null,
    },
  };
}
