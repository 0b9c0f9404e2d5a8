/** IAM's errors, in the SDK's own classes. Texts follow AWS's; no live account has been asked for each of them. */
import {
  DeleteConflictException,
  EntityAlreadyExistsException,
  InvalidInputException,
  LimitExceededException,
  MalformedPolicyDocumentException,
  NoSuchEntityException,
  UnmodifiableEntityException,
} from '@aws-sdk/client-iam';
import { ServiceError } from '../../cloud.ts';

const options = (message: string) => ({ message, $metadata: {} });

export const noSuchEntity = (message: string) => new NoSuchEntityException(options(message));
export const alreadyExists = (message: string) => new EntityAlreadyExistsException(options(message));
export const limitExceeded = (quota: string) =>
  new LimitExceededException(options(`Cannot exceed quota for ${quota}`));
export const invalidInput = (message: string) => new InvalidInputException(options(message));
export const malformedPolicy = (message: string) => new MalformedPolicyDocumentException(options(message));
export const deleteConflict = (message: string) => new DeleteConflictException(options(message));
export const unmodifiable = (message: string) => new UnmodifiableEntityException(options(message));

/** A value that breaks a constraint of the API. */
export const invalidValue = (value: string, member: string, constraint: string) =>
  new ServiceError(
    'ValidationError',
    `1 validation error detected: Value '${value}' at '${member}' failed to satisfy constraint: Member must ${constraint}`,
  );
