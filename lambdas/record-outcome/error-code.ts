import { ERRORS, type ErrorCode } from '../../core/errors.ts';

/** Errors that Step Functions and Lambda report when the function itself said nothing. */
const UNANSWERED: Readonly<Record<string, ErrorCode>> = {
  'States.Timeout': 'Unavailable',
  'States.TaskFailed': 'Unavailable',
  'Sandbox.Timedout': 'Unavailable',
  'Runtime.ExitError': 'Unavailable',
  'Lambda.Unknown': 'Unavailable',
  'Lambda.ServiceException': 'Unavailable',
  'Lambda.AWSLambdaException': 'Unavailable',
  'Lambda.SdkClientException': 'Unavailable',
  'Lambda.ClientExecutionTimeoutException': 'Unavailable',
  'Lambda.TooManyRequestsException': 'Throttled',
};

/** The code for an error name as a workflow caught it; Unexpected where nobody foresaw it. */
export function errorCodeOf(name: string): ErrorCode {
  if (Object.hasOwn(ERRORS, name)) return name as ErrorCode;
  return (Object.hasOwn(UNANSWERED, name) ? UNANSWERED[name] : undefined) ?? 'Unexpected';
}
