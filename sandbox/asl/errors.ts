/** Error names of Step Functions, and which retrier or catcher they match. */

/** A state failed: `name` is the error name, `message` the cause. */
export class StateError extends Error {
  constructor(name: string, cause = '') {
    super(cause);
    this.name = name;
  }
}

export const queryError = (where: string, cause: string): StateError =>
  new StateError('States.QueryEvaluationError', `${where}: ${cause}`);

/**
 * Names with these prefixes belong to the platform: only the ones listed here can occur, so that a definition that
 * waits for any other one (a typing error) is refused.
 */
export const PLATFORM_ERRORS: readonly string[] = [
  'States.ALL',
  'States.TaskFailed',
  'States.Timeout',
  'States.QueryEvaluationError',
  'States.NoChoiceMatched',
  'States.ExceedToleratedFailureThreshold',
  'Sandbox.Timedout',
  'Runtime.ExitError',
  'Lambda.Unknown',
  'Lambda.ServiceException',
  'Lambda.AWSLambdaException',
  'Lambda.SdkClientException',
  'Lambda.ClientExecutionTimeoutException',
  'Lambda.TooManyRequestsException',
  'Lambda.ResourceNotFoundException',
  'StepFunctions.AWSStepFunctionsException',
  'StepFunctions.SdkClientException',
  'StepFunctions.ThrottlingException',
  'StepFunctions.ExecutionAlreadyExistsException',
  'StepFunctions.ExecutionLimitExceededException',
  'StepFunctions.InvalidArnException',
  'StepFunctions.InvalidExecutionInputException',
  'StepFunctions.InvalidNameException',
  'StepFunctions.StateMachineDoesNotExistException',
  'StepFunctions.StateMachineDeletingException',
];

/** These end the execution; no retrier and no catcher sees them (Step Functions guide, "Error names"). */
const TERMINAL = new Set(['States.DataLimitExceeded', 'States.Runtime']);

/** Whether an `ErrorEquals` list matches; `States.TaskFailed` is every error but a timeout, `States.ALL` every one. */
export function matches(errorEquals: readonly string[], error: StateError): boolean {
  if (TERMINAL.has(error.name)) return false;
  return errorEquals.some(
    (wanted) =>
      wanted === error.name ||
      wanted === 'States.ALL' ||
      (wanted === 'States.TaskFailed' && error.name !== 'States.Timeout'),
  );
}
