import type { EventSourceMappingConfiguration, FunctionConfiguration } from '@aws-sdk/client-lambda';
import { FieldError, fields } from '../fields.ts';
import { type CreationContext, type Creator, copied, present } from './creator.ts';

export const LAMBDA_CREATORS: Readonly<Record<string, Creator>> = {
  'AWS::Lambda::Function': (properties, context) => {
    const FunctionName = properties.optional('FunctionName', 'string') ?? context.physicalName(64);
    const concurrency = properties.optional('ReservedConcurrentExecutions', 'number');
    const input = {
      FunctionName,
      Code: {
        S3Bucket: 'assets',
        S3Key: folderOf(properties.required('Code', 'object'), properties.path, context),
      },
      ...copied(properties, [
        'Architectures',
        'DeadLetterConfig',
        'Description',
        'Environment',
        'Handler',
        'LoggingConfig',
        'MemorySize',
        'Role',
        'Runtime',
        'Timeout',
        'TracingConfig',
      ]),
    };
    return async () => {
      const { FunctionArn = '' } = await context.invoke<FunctionConfiguration>(
        'lambda',
        'CreateFunction',
        input,
      );
      if (concurrency !== undefined) {
        const reserved = { FunctionName, ReservedConcurrentExecutions: concurrency };
        await context.invoke('lambda', 'PutFunctionConcurrency', reserved);
      }
      return {
        ref: FunctionName,
        attributes: { Arn: FunctionArn },
        remove: () => context.invoke('lambda', 'DeleteFunction', { FunctionName }),
      };
    };
  },

  'AWS::Lambda::EventSourceMapping': (properties, { invoke }) => {
    const input = copied(properties, [
      'BatchSize',
      'Enabled',
      'EventSourceArn',
      'FunctionName',
      'FunctionResponseTypes',
      'MaximumBatchingWindowInSeconds',
      'ScalingConfig',
    ]);
    return async () => {
      const { UUID = '' } = await invoke<EventSourceMappingConfiguration>(
        'lambda',
        'CreateEventSourceMapping',
        input,
      );
      return {
        ref: UUID,
        attributes: { Id: UUID },
        remove: () => invoke('lambda', 'DeleteEventSourceMapping', { UUID }),
      };
    };
  },

  'AWS::Lambda::Permission': (properties, { invoke, physicalName }) => {
    const StatementId = physicalName(100);
    const input = present({
      StatementId,
      ...copied(properties, ['Action', 'FunctionName', 'Principal', 'SourceArn', 'SourceAccount']),
    });
    return async () => {
      await invoke('lambda', 'AddPermission', input);
      return {
        ref: StatementId,
        remove: () => invoke('lambda', 'RemovePermission', { FunctionName: input.FunctionName, StatementId }),
      };
    };
  },
};

/** The sandbox's Lambda takes a local folder where AWS takes an object in S3. */
function folderOf(value: unknown, path: string, context: CreationContext): string {
  const code = fields(value, `${path}.Code`);
  const bucket = code.required('S3Bucket', 'string');
  const key = code.required('S3Key', 'string');
  code.done();
  const folder = context.assetFolder(bucket, key);
  if (folder === undefined)
    throw new FieldError(code.path, `no asset of the assembly goes to ${bucket}/${key}`);
  return folder;
}
