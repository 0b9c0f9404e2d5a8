import {
  DescribeExecutionCommand,
  type ExecutionStatus,
  SFNClient,
  SFNServiceException,
  StartExecutionCommand,
} from '@aws-sdk/client-sfn';
import { mockClient } from 'aws-sdk-client-mock';
import { beforeEach, describe, expect, it } from 'vitest';
import type { ErrorCode } from '../../../core/errors.ts';
import { accountId, eventId, executionArn, roleId, roleName } from '../../../core/ids.ts';
import { runningExecutions, stepFunctionsExecutions } from '../../../lambdas/adapters/executions.ts';

const sfn = mockClient(SFNClient);
beforeEach(() => sfn.reset());
const client = new SFNClient({ region: 'us-east-1' });
const executions = stepFunctionsExecutions({
  stateMachineArns: {
    'create-role': 'arn:aws:states:us-east-1:999999999999:stateMachine:oidc-factory-create-role',
    'enrol-account': 'arn:aws:states:us-east-1:111122223333:stateMachine:oidc-factory-enrol-account',
    'delete-role': 'arn:aws:states:us-east-1:999999999999:stateMachine:oidc-factory-delete-role',
  },
  client,
});
const run = {
  accountId: accountId('111122223333'),
  roleName: roleName('deploy'),
  roleId: roleId('AROAEXAMPLEEXAMPLE001'),
  eventId: eventId('11111111-aaaa-4bbb-8ccc-000000000001'),
  deletedAt: null,
};
const execution = executionArn('arn:aws:states:us-east-1:999999999999:execution:oidc-factory-delete-role:e1');
const sfnError = (name: string, status = 400) =>
  new SFNServiceException({
    name,
    message: 'from Step Functions',
    $fault: 'client',
    $metadata: { httpStatusCode: status },
  });

describe('executions', () => {
  it('start under their name with the run as input', async () => {
    sfn.on(StartExecutionCommand).resolves({});
    await expect(executions.start('delete-role', 'e1', run)).resolves.toBe('started');
    expect(sfn.commandCalls(StartExecutionCommand)[0]?.args[0].input).toEqual({
      stateMachineArn: 'arn:aws:states:us-east-1:999999999999:stateMachine:oidc-factory-delete-role',
      name: 'e1',
      input: JSON.stringify(run),
    });
  });

  it('of a name that is taken exist already', async () => {
    sfn.on(StartExecutionCommand).rejects(sfnError('ExecutionAlreadyExists'));
    await expect(executions.start('delete-role', 'e1', run)).resolves.toBe('exists');
  });

  it.each<[ExecutionStatus, boolean, boolean]>([
    ['RUNNING', true, true],
    ['PENDING_REDRIVE', true, true],
    ['SUCCEEDED', true, false],
    ['FAILED', false, false],
    ['TIMED_OUT', false, false],
    ['ABORTED', false, false],
  ])('with status %s: done or running %s, running %s', async (status, doneOrRunning, running) => {
    sfn.on(DescribeExecutionCommand, { executionArn: execution }).resolves({ status });
    await expect(executions.isDoneOrRunning('delete-role', 'e1')).resolves.toBe(doneOrRunning);
    await expect(executions.isRunning(execution)).resolves.toBe(running);
    await expect(runningExecutions(client).isRunning(execution)).resolves.toBe(running);
  });

  it('that nobody knows neither run nor are done', async () => {
    sfn.on(DescribeExecutionCommand).rejects(sfnError('ExecutionDoesNotExist'));
    await expect(executions.isDoneOrRunning('create-role', 'e1')).resolves.toBe(false);
    await expect(executions.isRunning(execution)).resolves.toBe(false);
  });

  it.each<[string, number, ErrorCode]>([
    ['StateMachineDoesNotExist', 400, 'InvalidSettings'],
    ['ThrottlingException', 400, 'Throttled'],
    ['InternalServerError', 500, 'Unavailable'],
    ['AccessDeniedException', 400, 'Unexpected'],
  ])('fail on %s with %3$s', async (name, status, code) => {
    sfn.onAnyCommand().rejects(sfnError(name, status));
    await expect(executions.start('create-role', 'e1', run)).rejects.toMatchObject({ name: code });
    await expect(executions.isRunning(execution)).rejects.toMatchObject({ name: code });
  });
});
