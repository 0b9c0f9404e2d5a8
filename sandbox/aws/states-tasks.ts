/** What a Task state may call, as the state machine's role: Lambda functions, and other state machines. */
import type { InvocationResponse } from '@aws-sdk/client-lambda';
import type { StartExecutionOutput } from '@aws-sdk/client-sfn';
import type { InvokeTask } from '../asl/surroundings.ts';
import type { Caller, Cloud } from '../cloud.ts';

const FUNCTION = /^arn:aws[a-z-]*:lambda:[a-z0-9-]+:\d{12}:function:[A-Za-z0-9_-]+$/;
const START_EXECUTION = /^arn:aws[a-z-]*:states:::states:startExecution$/;

/** Whether the sandbox performs this `Resource` of a Task. */
export const isKnownResource = (resource: string): boolean =>
  FUNCTION.test(resource) || START_EXECUTION.test(resource);

/** Performs tasks in `region` with the rights of `as`. */
export function taskRunner(cloud: Cloud, region: string, as: () => Caller): InvokeTask {
  return (resource, args) =>
    FUNCTION.test(resource)
      ? invokeFunction(cloud, resource, args, as(), region)
      : startExecution(cloud, args, as(), region);
}

async function invokeFunction(
  cloud: Cloud,
  functionArn: string,
  args: unknown,
  as: Caller,
  region: string,
): Promise<unknown> {
  const input = { FunctionName: functionArn, Payload: Buffer.from(JSON.stringify(args)) };
  let answer: InvocationResponse;
  try {
    answer = await cloud.invoke<InvocationResponse>('lambda', 'Invoke', input, as, region);
  } catch (error) {
    throw taskError(LAMBDA_ERRORS, 'Lambda.AWSLambdaException', error);
  }
  const payload = Buffer.from(answer.Payload ?? []).toString() || 'null';
  if (!answer.FunctionError) return JSON.parse(payload);
  const { errorType } = JSON.parse(payload) as { errorType?: string };
  throw failure(errorType ?? 'Lambda.Unknown', payload);
}

async function startExecution(cloud: Cloud, args: unknown, as: Caller, region: string): Promise<unknown> {
  const { StateMachineArn, Name, Input, ...unknown } = args as Record<string, unknown>;
  if (Object.keys(unknown).length > 0) {
    throw failure('States.Runtime', `startExecution has no parameter ${Object.keys(unknown).join(', ')}`);
  }
  const input = {
    stateMachineArn: StateMachineArn,
    ...(Name !== undefined && { name: Name }),
    // The integration takes JSON; the API takes text.
    ...(Input !== undefined && { input: typeof Input === 'string' ? Input : JSON.stringify(Input) }),
  };
  try {
    const answer = await cloud.invoke<StartExecutionOutput>('states', 'StartExecution', input, as, region);
    return { ExecutionArn: answer.executionArn, StartDate: answer.startDate?.toISOString() };
  } catch (error) {
    throw taskError(STATES_ERRORS, 'StepFunctions.AWSStepFunctionsException', error);
  }
}

/** Names that Step Functions gives to errors of an SDK call; anything else comes under the service's general one. */
const LAMBDA_ERRORS: Readonly<Record<string, string>> = {
  ServiceException: 'Lambda.ServiceException',
  InternalFailure: 'Lambda.ServiceException',
  RequestTimeout: 'Lambda.SdkClientException',
  TooManyRequestsException: 'Lambda.TooManyRequestsException',
  ThrottlingException: 'Lambda.TooManyRequestsException',
  ResourceNotFoundException: 'Lambda.ResourceNotFoundException',
};
const STATES_ERRORS: Readonly<Record<string, string>> = {
  RequestTimeout: 'StepFunctions.SdkClientException',
  ThrottlingException: 'StepFunctions.ThrottlingException',
  ExecutionAlreadyExists: 'StepFunctions.ExecutionAlreadyExistsException',
  ExecutionLimitExceeded: 'StepFunctions.ExecutionLimitExceededException',
  InvalidArn: 'StepFunctions.InvalidArnException',
  InvalidExecutionInput: 'StepFunctions.InvalidExecutionInputException',
  InvalidName: 'StepFunctions.InvalidNameException',
  StateMachineDoesNotExist: 'StepFunctions.StateMachineDoesNotExistException',
};

function taskError(names: Readonly<Record<string, string>>, general: string, error: unknown): Error {
  if (!(error instanceof Error)) throw error;
  return failure(names[error.name] ?? general, error.message);
}

const failure = (name: string, cause: string): Error => Object.assign(new Error(cause), { name });
