/** What requests say of functions, checked, and how functions are shown. */
import { existsSync } from 'node:fs';
import { isAbsolute, join } from 'node:path';
import type * as Lambda from '@aws-sdk/client-lambda';
import { ServiceError } from '../cloud.ts';
import { invalidParameter, type LambdaFunction } from './lambda-model.ts';
import { given } from './regional.ts';

const MAX_PAYLOAD = 6 * 1024 * 1024;

/** A function's name, ARN or partial ARN, with `$LATEST` as only qualifier. */
export function parseName(text: string): { name: string; accountId?: string; region?: string } | undefined {
  const form = /^(?:(?:arn:[\w-]+:lambda:([\w-]+):)?(\d{12}):function:)?([\w-]{1,64})(?::\$LATEST)?$/;
  const [, region, accountId, name] = form.exec(text) ?? [];
  if (name === undefined) return undefined;
  return { name, ...(accountId !== undefined && { accountId }), ...(region !== undefined && { region }) };
}

/** The payload of an invocation: JSON of at most 6 MB, `{}` where there is none. */
export function checkedPayload(payload: Uint8Array | undefined): Uint8Array {
  const body = payload && payload.length > 0 ? payload : Buffer.from('{}');
  if (body.length > MAX_PAYLOAD) {
    throw new ServiceError(
      'RequestTooLargeException',
      `Request must be smaller than ${MAX_PAYLOAD} bytes`,
      413,
    );
  }
  try {
    JSON.parse(Buffer.from(body).toString('utf8'));
  } catch {
    throw new ServiceError('InvalidRequestContentException', 'Could not parse request body into json');
  }
  return body;
}

/** A new function's settings. `Code.S3Key` is the folder that holds the code; what the sandbox lacks is refused. */
export function settingsOf(input: Lambda.CreateFunctionRequest) {
  const {
    FunctionName = '',
    Runtime = '',
    Role = '',
    Handler = '',
    Code,
    Description = '',
    Timeout = 3,
    MemorySize = 128,
    Environment: environment,
    Architectures = ['x86_64'],
    LoggingConfig,
    // Nothing is traced here; whether the role may is checked.
    TracingConfig: _,
    PackageType = 'Zip',
    ...others
  } = input;
  const folder = Code?.S3Key ?? '';
  const [file] = Handler.split('.');
  const problem = [
    [/^[\w-]{1,64}$/.test(FunctionName), 'FunctionName is not valid.'],
    [given(others).length === 0, `The sandbox does not support ${given(others).join(', ')}.`],
    [/^nodejs\d+\.x$/.test(Runtime) && PackageType === 'Zip', 'The sandbox runs Node.js functions only.'],
    [/^[\w-]+\.[\w-]+$/.test(Handler), 'Handler is not valid.'],
    [Timeout >= 1 && Timeout <= 900, 'Timeout must be between 1 and 900 seconds.'],
    [MemorySize >= 128 && MemorySize <= 10_240, 'MemorySize must be between 128 and 10240 MB.'],
    [isAbsolute(folder), 'Code.S3Key must be the absolute path of the folder with the code.'],
    [
      ['js', 'mjs', 'cjs'].some((extension) => existsSync(join(folder, `${file}.${extension}`))),
      `There is no ${file} in ${folder}.`,
    ],
  ].find(([holds]) => !holds);
  if (problem) throw invalidParameter(String(problem[1]));
  return {
    description: Description,
    runtime: Runtime,
    architectures: Architectures,
    handler: Handler,
    roleArn: Role,
    code: folder,
    timeoutSeconds: Timeout,
    memoryMb: MemorySize,
    variables: environment?.Variables ?? {},
    logGroup: LoggingConfig?.LogGroup ?? `/aws/lambda/${FunctionName}`,
  };
}

export const configurationOf = (fn: LambdaFunction) => ({
  FunctionName: fn.name,
  FunctionArn: fn.arn,
  Description: fn.description,
  Runtime: fn.runtime,
  Role: fn.roleArn,
  Handler: fn.handler,
  Timeout: fn.timeoutSeconds,
  MemorySize: fn.memoryMb,
  LastModified: fn.modifiedAt.toISOString(),
  Version: '$LATEST',
  Environment: { Variables: fn.variables },
  Architectures: [...fn.architectures],
  PackageType: 'Zip',
  State: 'Active',
  LastUpdateStatus: 'Successful',
  LoggingConfig: { LogFormat: 'Text', LogGroup: fn.logGroup },
});
