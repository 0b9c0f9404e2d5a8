/** AWS's own tools as they are installed on the machine: they get an endpoint and credentials, and know no more. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { ReadyLine } from '../../sandbox/start.ts';

const run = promisify(execFile);

interface Keys {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

export interface AwsTool {
  readonly name: string;
  /** The version; undefined where it is not installed. */
  version(): Promise<string | undefined>;
  /** The answer of an operation (`GetRole`) with its input; without keys it is not signed. */
  call(call: ToolCall): Promise<Answer>;
}

export interface ToolCall {
  readonly aws: Location;
  readonly keys?: Keys;
  readonly service: 'iam' | 'sts';
  readonly operation: string;
  readonly input: object;
}

// biome-ignore lint/suspicious/noExplicitAny: the answer's shape is the operation's business
type Answer = any;
type Location = Pick<ReadyLine['aws'], 'endpoint' | 'region'>;

const installed = (file: string, args: readonly string[]): Promise<string | undefined> =>
  run(file, args).then(
    ({ stdout, stderr }) => (stdout || stderr).trim(),
    () => undefined,
  );

/** No configuration of the user may reach the tool, and no metadata service of the machine. */
const environment = ({ region }: Location, keys: Keys | undefined) => ({
  PATH: process.env.PATH,
  AWS_CONFIG_FILE: '/dev/null',
  AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
  AWS_EC2_METADATA_DISABLED: 'true',
  AWS_REGION: region,
  AWS_DEFAULT_REGION: region,
  ...(keys && { AWS_ACCESS_KEY_ID: keys.accessKeyId, AWS_SECRET_ACCESS_KEY: keys.secretAccessKey }),
  ...(keys?.sessionToken && { AWS_SESSION_TOKEN: keys.sessionToken }),
});

const snakeCase = (operation: string, separator: string): string =>
  operation
    .replaceAll(/OpenIDConnect/g, 'OpenIdConnect')
    .replaceAll(/(?<!^)([A-Z])/g, `${separator}$1`)
    .toLowerCase();

const cli: AwsTool = {
  name: 'the AWS CLI',
  version: () => installed('aws', ['--version']),
  async call({ aws, keys, service, operation, input }) {
    const command = [service, snakeCase(operation, '-'), '--cli-input-json', JSON.stringify(input)];
    const options = ['--endpoint-url', aws.endpoint, '--output', 'json'];
    const { stdout } = await run('aws', [...command, ...options], { env: environment(aws, keys) });
    return stdout === '' ? {} : JSON.parse(stdout);
  },
};

const SCRIPT = `
import boto3, json, sys
endpoint, service, operation, parameters = sys.argv[1:]
answer = getattr(boto3.client(service, endpoint_url=endpoint), operation)(**json.loads(parameters))
print(json.dumps(answer, default=str))
`;

const boto3: AwsTool = {
  name: 'boto3',
  version: () => installed('python3', ['-c', 'import boto3; print(boto3.__version__)']),
  async call({ aws, keys, service, operation, input }) {
    const call = [aws.endpoint, service, snakeCase(operation, '_'), JSON.stringify(input)];
    const { stdout } = await run('python3', ['-c', SCRIPT, ...call], { env: environment(aws, keys) });
    return JSON.parse(stdout);
  },
};

export const AWS_TOOLS: readonly AwsTool[] = [cli, boto3];
