/** AWS Lambda: functions as processes of their own, under their own roles, and SQS event source mappings. */
import { devNull } from 'node:os';
import type * as Lambda from '@aws-sdk/client-lambda';
import { ResourceConflictException } from '@aws-sdk/client-lambda';
import { type Caller, type ServiceCall, type ServiceDefinition, ServiceError } from '../cloud.ts';
import type { AwsCloud } from './cloud.ts';
import type { Iam } from './iam.ts';
import { Environment, type InvocationResult } from './lambda-environment.ts';
import { createEventSources } from './lambda-event-sources.ts';
import { openFunctionLog } from './lambda-logs.ts';
import { invalidParameter, type LambdaFunction, notFound } from './lambda-model.ts';
import { permissionOperations } from './lambda-permissions.ts';
import { EnvironmentPool } from './lambda-pool.ts';
import { startRuntimeApi } from './lambda-runtime-api.ts';
import { checkedPayload, configurationOf, parseName, settingsOf } from './lambda-settings.ts';
import type { LogsService } from './logs.ts';
import { arnOf, given, pageOf, Regional } from './regional.ts';
import type { SqsService } from './sqs.ts';

export interface LambdaService extends ServiceDefinition {
  /** Kills every process of a function, as a crash would; what it works on fails, the next invocation starts cold. */
  crash(functionArn: string): Promise<void>;
  /** Kills one process of a function in the middle of an invocation; false where none works. */
  crashOne(functionArn: string): boolean;
  /** Ends polling and every process. */
  close(): Promise<void>;
}

export interface LambdaOptions {
  readonly iam: Pick<Iam, 'passRole'>;
  readonly sqs: Pick<SqsService, 'queueUrl' | 'whenVisible'>;
  readonly logs: LogsService;
  /** Set over the template's variables: where the local clouds are, and their certificate. */
  readonly overrides: () => Readonly<Record<string, string>>;
  /** Every line that a function prints. */
  readonly onLine: (line: { functionName: string; line: string }) => void;
  /** How every invocation ended. */
  readonly onInvocation: (invocation: {
    readonly fn: Pick<LambdaFunction, 'name' | 'accountId' | 'region'>;
    readonly failed: boolean;
  }) => void;
  /** What the functions do not see: logs that their roles may not write. */
  readonly report: (problem: { functionName: string; error: unknown }) => void;
}

/** Environments of one function at the same time. */
const MAX_ENVIRONMENTS = 3;
/**
 * How long an invocation waits for one: less than by how much a task of the workflows outlasts its function, but
 * not so short that a process that starts, which takes real time, is too late for those behind it.
 */
const PATIENCE_SECONDS = 8;
const LEAST_PATIENCE_MILLISECONDS = 500;
const SESSION_SECONDS = 43_200;

/** Resolves when the Runtime API listens. */
export async function createLambda(cloud: AwsCloud, options: LambdaOptions): Promise<LambdaService> {
  const api = await startRuntimeApi();
  const regions = new Regional(() => new Map<string, { fn: LambdaFunction; pool: EnvironmentPool }>());

  function assume(roleArn: string, name: string, functionArn: string, accountId: string): Caller {
    try {
      return cloud.assumeRoleAsService(roleArn, 'lambda.amazonaws.com', name, {
        'aws:SourceArn': functionArn,
        'aws:SourceAccount': accountId,
        'lambda:SourceFunctionArn': functionArn,
      });
    } catch (cause) {
      const error = new ServiceError('AccessDeniedException', 'The role cannot be assumed by Lambda.', 403);
      throw Object.assign(error, { cause });
    }
  }
  const roleOf = (fn: LambdaFunction) => assume(fn.roleArn, fn.name, fn.arn, fn.accountId);

  function start(fn: LambdaFunction): Environment {
    const role = roleOf(fn);
    const onLoss = (error: unknown) => options.report({ functionName: fn.name, error });
    const log = openFunctionLog({ logs: options.logs, time: cloud.time, fn, role, onLoss });
    return new Environment({
      api,
      functionArn: fn.arn,
      codeFolder: fn.code,
      variables: {
        ...scaled(fn.variables, cloud.time.scale),
        ...runtimeVariables(fn, log.stream),
        ...credentialVariables(role),
        ...options.overrides(),
      },
      timeoutSeconds: fn.timeoutSeconds,
      scale: cloud.time.scale,
      onLine: (line) => {
        log.write(line);
        options.onLine({ functionName: fn.name, line });
      },
    });
  }

  function credentialVariables(role: Caller): Record<string, string> {
    const { accessKeyId, secretAccessKey, sessionToken } = cloud.issueCredentials(role, SESSION_SECONDS);
    return {
      AWS_ACCESS_KEY_ID: accessKeyId,
      AWS_SECRET_ACCESS_KEY: secretAccessKey,
      ...(sessionToken !== undefined && { AWS_SESSION_TOKEN: sessionToken }),
    };
  }

  function entryOf(name: string | undefined, call: Pick<ServiceCall, 'caller' | 'region'>) {
    const parsed = parseName(name ?? '');
    const accountId = parsed?.accountId ?? call.caller.accountId;
    const region = parsed?.region ?? call.region;
    const entry = region === call.region && regions.of(accountId, region).get(parsed?.name ?? '');
    if (!entry) throw notFound(name ?? '');
    return entry;
  }
  const find = (name: string | undefined, call: Pick<ServiceCall, 'caller' | 'region'>) =>
    entryOf(name, call).fn;

  function poolOf(functionArn: string): EnvironmentPool {
    const { accountId = '', region = '', name = '' } = parseName(functionArn) ?? {};
    const entry = regions.of(accountId, region).get(name);
    if (!entry) throw notFound(functionArn);
    return entry.pool;
  }

  function authorized(name: string | undefined, action: string, call: ServiceCall): LambdaFunction {
    const fn = find(name, call);
    call.authorize({
      action: `lambda:${action}`,
      resource: fn.arn,
      resourceAccountId: fn.accountId,
      ...(fn.policy && { resourcePolicy: fn.policy }),
    });
    return fn;
  }

  async function invoke(fn: LambdaFunction, payload: Uint8Array): Promise<InvocationResult> {
    const entry = regions.of(fn.accountId, fn.region).get(fn.name);
    if (entry?.fn !== fn) throw notFound(fn.arn);
    const result = await entry.pool.invoke(payload);
    options.onInvocation({ fn, failed: result.failed });
    return result;
  }

  const eventSources = createEventSources({
    cloud,
    sqs: options.sqs,
    find,
    roleOf,
    invoke,
    concurrency: MAX_ENVIRONMENTS,
  });

  return {
    id: 'lambda',
    crash: async (functionArn) => poolOf(functionArn).crash(),
    crashOne: (functionArn) => poolOf(functionArn).crashOne(),
    async close() {
      eventSources.close();
      const pools = [...regions.all()].flatMap((functions) =>
        [...functions.values()].map(({ pool }) => pool),
      );
      await Promise.all(pools.map((pool) => pool.close()));
      await api.close();
    },

    operations: {
      ...eventSources.operations,
      ...permissionOperations(authorized),

      CreateFunction(input: Lambda.CreateFunctionRequest, call) {
        const { accountId } = call.caller;
        const name = input.FunctionName ?? '';
        const arn = arnOf('lambda', call.region, accountId, `function:${name}`);
        call.authorize({ action: 'lambda:CreateFunction', resource: arn });
        options.iam.passRole(call, input.Role ?? '', 'lambda.amazonaws.com');
        const functions = regions.of(accountId, call.region);
        if (functions.has(name)) {
          const message = `Function already exist: ${name}`;
          throw new ResourceConflictException({ message, Type: 'User', $metadata: {} });
        }
        const fn: LambdaFunction = {
          name,
          arn,
          accountId,
          region: call.region,
          ...settingsOf(input),
          modifiedAt: new Date(cloud.time.now()),
          permissions: new Map(),
        };
        try {
          roleOf(fn);
        } catch (cause) {
          const message = 'The role defined for the function cannot be assumed by Lambda.';
          throw Object.assign(invalidParameter(message), { cause });
        }
        if (input.TracingConfig?.Mode === 'Active') checkMayTrace(cloud, roleOf(fn), fn);
        const pool = new EnvironmentPool({
          start: () => start(fn),
          limit: MAX_ENVIRONMENTS,
          patience: Math.max(LEAST_PATIENCE_MILLISECONDS, PATIENCE_SECONDS * 1000 * cloud.time.scale),
          reserved: () => fn.reservedConcurrency,
        });
        functions.set(name, { fn, pool });
        return configurationOf(fn);
      },

      GetFunction(input: Lambda.GetFunctionRequest, call) {
        const fn = authorized(input.FunctionName, 'GetFunction', call);
        const { reservedConcurrency } = fn;
        return {
          Configuration: configurationOf(fn),
          Code: { RepositoryType: 'S3', Location: fn.code },
          ...(reservedConcurrency !== undefined && {
            Concurrency: { ReservedConcurrentExecutions: reservedConcurrency },
          }),
        };
      },

      GetFunctionConfiguration: (input: Lambda.GetFunctionConfigurationRequest, call) =>
        configurationOf(authorized(input.FunctionName, 'GetFunctionConfiguration', call)),

      /** The environment alone; what is under way ends first, then all processes are new. */
      UpdateFunctionConfiguration(input: Lambda.UpdateFunctionConfigurationRequest, call) {
        const { FunctionName, Environment: environment, ...others } = input;
        const fn = authorized(FunctionName, 'UpdateFunctionConfiguration', call);
        if (!environment || given(others).length > 0) {
          throw invalidParameter('The sandbox changes the environment of a function, and nothing else.');
        }
        fn.variables = environment.Variables ?? {};
        entryOf(FunctionName, call).pool.retire();
        return configurationOf(fn);
      },

      ListFunctions(input: Lambda.ListFunctionsRequest, call) {
        call.authorize({ action: 'lambda:ListFunctions', resource: '*' });
        const functions = [...regions.of(call.caller.accountId, call.region).values()];
        const { items, next } = pageOf(functions, {
          limit: input.MaxItems,
          token: input.Marker,
          refuse: () => invalidParameter('Invalid marker.'),
        });
        return { Functions: items.map(({ fn }) => configurationOf(fn)), ...(next && { NextMarker: next }) };
      },

      async DeleteFunction(input: Lambda.DeleteFunctionRequest, call) {
        const fn = authorized(input.FunctionName, 'DeleteFunction', call);
        const { pool } = entryOf(input.FunctionName, call);
        regions.of(fn.accountId, fn.region).delete(fn.name);
        await pool.close();
        return {};
      },

      PutFunctionConcurrency(input: Lambda.PutFunctionConcurrencyRequest, call) {
        const fn = authorized(input.FunctionName, 'PutFunctionConcurrency', call);
        const { ReservedConcurrentExecutions: reserved } = input;
        if (reserved === undefined || reserved < 0) {
          throw invalidParameter('ReservedConcurrentExecutions must not be negative.');
        }
        fn.reservedConcurrency = reserved;
        return { ReservedConcurrentExecutions: reserved };
      },

      /** Waits for the answer, or only checks (`DryRun`); asynchronous invocation is not offered. */
      async Invoke(input: Lambda.InvocationRequest, call) {
        const fn = authorized(input.FunctionName, 'InvokeFunction', call);
        const { InvocationType: type = 'RequestResponse', LogType = 'None', Qualifier = '$LATEST' } = input;
        if (type === 'DryRun') return { StatusCode: 204 };
        if (type !== 'RequestResponse' || LogType !== 'None' || Qualifier !== '$LATEST') {
          throw invalidParameter('The sandbox invokes $LATEST, waits for the answer, and returns no log.');
        }
        const payload = checkedPayload(input.Payload);
        const result = await invoke(fn, payload);
        return {
          StatusCode: 200,
          ExecutedVersion: '$LATEST',
          ...(result.failed && { FunctionError: 'Unhandled' }),
          Payload: result.payload,
        };
      },
    },
  };
}

function checkMayTrace(cloud: AwsCloud, caller: Caller, { region }: LambdaFunction): void {
  const origin = { caller, region, userAgent: 'lambda.amazonaws.com', sourceIp: '' };
  for (const call of ['PutTraceSegments', 'PutTelemetryRecords']) {
    if (cloud.check(origin, { action: `xray:${call}`, resource: '*' }).allowed) continue;
    throw invalidParameter(`The provided execution role does not have permissions to call ${call} on XRAY`);
  }
}

/** The product's durations; what is no number stays, for the function to refuse. */
function scaled(variables: Readonly<Record<string, string>>, scale: number): Record<string, string> {
  return Object.fromEntries(
    Object.entries(variables).map(([name, value]) => {
      const seconds = name.endsWith('_SECONDS') && value.trim() !== '' ? Number(value) : Number.NaN;
      return [name, Number.isFinite(seconds) ? String(seconds * scale) : value];
    }),
  );
}

/** What Lambda sets, and what keeps the SDK from this machine's own AWS settings. */
const runtimeVariables = (fn: LambdaFunction, logStream: string): Record<string, string> => ({
  TZ: ':UTC',
  _HANDLER: fn.handler,
  LAMBDA_TASK_ROOT: fn.code,
  AWS_REGION: fn.region,
  AWS_DEFAULT_REGION: fn.region,
  AWS_EXECUTION_ENV: `AWS_Lambda_${fn.runtime}`,
  AWS_LAMBDA_FUNCTION_NAME: fn.name,
  AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
  AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(fn.memoryMb),
  AWS_LAMBDA_LOG_GROUP_NAME: fn.logGroup,
  AWS_LAMBDA_LOG_STREAM_NAME: logStream,
  AWS_CONFIG_FILE: devNull,
  AWS_SHARED_CREDENTIALS_FILE: devNull,
  AWS_EC2_METADATA_DISABLED: 'true',
});
