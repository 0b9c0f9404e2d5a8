/** What Lambda keeps of a function. */
import { InvalidParameterValueException, ResourceNotFoundException } from '@aws-sdk/client-lambda';
import type { Policy } from '../../core/policy/types.ts';

export interface LambdaFunction {
  readonly name: string;
  readonly arn: string;
  readonly accountId: string;
  readonly region: string;
  readonly description: string;
  readonly runtime: string;
  readonly architectures: readonly string[];
  /** `index.handler`. */
  readonly handler: string;
  readonly roleArn: string;
  /** Folder that holds the code, unpacked. */
  readonly code: string;
  readonly timeoutSeconds: number;
  readonly memoryMb: number;
  variables: Readonly<Record<string, string>>;
  readonly logGroup: string;
  readonly modifiedAt: Date;
  /** Undefined: as many environments as the sandbox runs at most. */
  reservedConcurrency?: number;
  /** Statements of the resource policy by id, as AddPermission made them. */
  readonly permissions: Map<string, object>;
  /** The same for the evaluator. */
  policy?: Policy;
}

export const notFound = (arn: string) =>
  new ResourceNotFoundException({ message: `Function not found: ${arn}`, Type: 'User', $metadata: {} });

export const invalidParameter = (message: string) =>
  new InvalidParameterValueException({ message, Type: 'User', $metadata: {} });
