/**
 * CloudWatch Logs, as far as log groups are deployed and functions write into them. It is not on the wire: the
 * project has no SDK client of it. Calls are authorized, logged and struck by faults like all others.
 */
import { type Caller, type Cloud, ServiceError } from '../cloud.ts';
import { callerName } from './authorization.ts';
import type { AwsControlPlane } from './cloud.ts';
import type { Datum } from './cloudwatch.ts';
import { embeddedMetrics } from './embedded-metrics.ts';
import { arnOf, Regional } from './regional.ts';

export interface LogEvent {
  /** Milliseconds since the epoch. */
  readonly timestamp: number;
  readonly message: string;
}

interface LogGroup {
  readonly name: string;
  readonly arn: string;
  retentionInDays?: number;
  readonly streams: Map<string, LogEvent[]>;
}

export interface LogGroupView {
  readonly logGroupName: string;
  /** Ends in `:*`, as policies use it. */
  readonly arn: string;
  readonly retentionInDays?: number;
}

/** Each method is the API's operation of that name. */
export interface LogsService {
  createLogGroup(input: { logGroupName: string }, as: Caller, region: string): Promise<void>;
  deleteLogGroup(input: { logGroupName: string }, as: Caller, region: string): Promise<void>;
  putRetentionPolicy(
    input: { logGroupName: string; retentionInDays: number },
    as: Caller,
    region: string,
  ): Promise<void>;
  describeLogGroups(input: { prefix?: string }, as: Caller, region: string): Promise<LogGroupView[]>;
  createLogStream(input: StreamName, as: Caller, region: string): Promise<void>;
  putLogEvents(
    input: StreamName & { logEvents: readonly LogEvent[] },
    as: Caller,
    region: string,
  ): Promise<void>;
  /** Every event of the group that contains the text, oldest first. */
  filterLogEvents(
    input: { logGroupName: string; containing?: string },
    as: Caller,
    region: string,
  ): Promise<(LogEvent & { logStreamName: string })[]>;
}

interface StreamName {
  readonly logGroupName: string;
  readonly logStreamName: string;
}

const RETENTIONS = [
  1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
];

/** `onMetric` gets what lines in the embedded metric format say. */
export function createLogs(
  cloud: Cloud & Pick<AwsControlPlane, 'check'>,
  onMetric: (datum: Datum) => void,
): LogsService {
  const regions = new Regional(() => new Map<string, LogGroup>());

  /** Groups belong to the caller's account: Logs has no calls across accounts here. */
  function call<Output>(
    operation: string,
    { as, region, resource }: { as: Caller; region: string; resource: string },
    run: (groups: Map<string, LogGroup>) => Output,
  ): Promise<Output> {
    const about = {
      cloud: 'aws',
      service: 'logs',
      operation,
      caller: callerName(as),
      input: resource,
    } as const;
    return cloud.recorder.observe(about, async () => {
      const origin = { caller: as, region, userAgent: 'aws-internal', sourceIp: '' };
      const verdict = cloud.check(origin, {
        action: `logs:${operation}`,
        resource: arnOf('logs', region, as.accountId, resource),
      });
      if (!verdict.allowed) throw new ServiceError('AccessDeniedException', verdict.message);
      return run(regions.of(as.accountId, region));
    });
  }

  const streamOf = (groups: Map<string, LogGroup>, { logGroupName, logStreamName }: StreamName) => {
    const stream = groupOf(groups, logGroupName).streams.get(logStreamName);
    if (!stream) throw notFound('log stream');
    return stream;
  };

  return {
    createLogGroup: ({ logGroupName: name }, as, region) =>
      call('CreateLogGroup', { as, region, resource: `log-group:${name}` }, (groups) => {
        if (!/^[\w./#-]{1,512}$/.test(name)) throw invalid('logGroupName');
        if (groups.has(name)) throw exists('log group');
        const arn = arnOf('logs', region, as.accountId, `log-group:${name}:*`);
        groups.set(name, { name, arn, streams: new Map() });
      }),

    deleteLogGroup: ({ logGroupName }, as, region) =>
      call('DeleteLogGroup', { as, region, resource: `log-group:${logGroupName}` }, (groups) => {
        groups.delete(groupOf(groups, logGroupName).name);
      }),

    putRetentionPolicy: ({ logGroupName, retentionInDays }, as, region) =>
      call('PutRetentionPolicy', { as, region, resource: `log-group:${logGroupName}` }, (groups) => {
        if (!RETENTIONS.includes(retentionInDays)) throw invalid('retentionInDays');
        groupOf(groups, logGroupName).retentionInDays = retentionInDays;
      }),

    describeLogGroups: ({ prefix = '' }, as, region) =>
      call('DescribeLogGroups', { as, region, resource: 'log-group:' }, (groups) =>
        [...groups.values()]
          .filter(({ name }) => name.startsWith(prefix))
          .map(({ name, arn, retentionInDays }) => ({
            logGroupName: name,
            arn,
            ...(retentionInDays !== undefined && { retentionInDays }),
          })),
      ),

    createLogStream: (input, as, region) =>
      call(
        'CreateLogStream',
        { as, region, resource: `log-group:${input.logGroupName}:log-stream:` },
        (groups) => {
          const { streams } = groupOf(groups, input.logGroupName);
          if (!/^[^:*]{1,512}$/.test(input.logStreamName)) throw invalid('logStreamName');
          if (streams.has(input.logStreamName)) throw exists('log stream');
          streams.set(input.logStreamName, []);
        },
      ),

    putLogEvents: (input, as, region) =>
      call(
        'PutLogEvents',
        { as, region, resource: `log-group:${input.logGroupName}:log-stream:${input.logStreamName}` },
        (groups) => {
          streamOf(groups, input).push(...input.logEvents);
          for (const metric of input.logEvents.flatMap(({ message }) => embeddedMetrics(message))) {
            onMetric({ accountId: as.accountId, region, ...metric });
          }
        },
      ),

    filterLogEvents: ({ logGroupName, containing = '' }, as, region) =>
      call('FilterLogEvents', { as, region, resource: `log-group:${logGroupName}` }, (groups) =>
        [...groupOf(groups, logGroupName).streams]
          .flatMap(([logStreamName, events]) => events.map((event) => ({ ...event, logStreamName })))
          .filter(({ message }) => message.includes(containing))
          .sort((a, b) => a.timestamp - b.timestamp),
      ),
  };
}

function groupOf(groups: ReadonlyMap<string, LogGroup>, name: string): LogGroup {
  const group = groups.get(name);
  if (!group) throw notFound('log group');
  return group;
}

const notFound = (what: string) =>
  new ServiceError('ResourceNotFoundException', `The specified ${what} does not exist.`);
const exists = (what: string) =>
  new ServiceError('ResourceAlreadyExistsException', `The specified ${what} already exists`);
const invalid = (member: string) => new ServiceError('InvalidParameterException', `${member} is not valid`);
