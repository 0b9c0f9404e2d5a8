import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import * as logs from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { type AnyFunctionName, functionRoleName } from '../../core/naming.ts';
import { DURATIONS } from '../durations.ts';
import { acknowledgeWide, type WideStatement } from './wide-statement.ts';

export interface FactoryFunctionProps {
  readonly name: AnyFunctionName;
  /** For a function that others than its workflow invoke. @default CloudFormation's choice */
  readonly functionName?: string;
  /** Begins the role's name. */
  readonly prefix: string;
  /** Folder with the bundle, which is `index.js` alone. */
  readonly code: string;
  readonly environment: Readonly<Record<string, string>>;
  /** All that the function may do, its own log apart. */
  readonly statements: readonly (iam.PolicyStatement | WideStatement)[];
}

/**
 * One function under a role of its own. The role's name is fixed and its path is `/`: member roles and Entra's
 * federated credential know it by its ARN.
 */
export class FactoryFunction extends Construct {
  readonly function: lambda.Function;
  readonly role: iam.Role;

  constructor(scope: Construct, id: string, props: FactoryFunctionProps) {
    super(scope, id);
    const logGroup = new logs.LogGroup(this, 'Log', {
      retention: logs.RetentionDays.THREE_MONTHS,
      removalPolicy: RemovalPolicy.RETAIN,
    });
    this.role = new iam.Role(this, 'Role', {
      roleName: functionRoleName(props.prefix, props.name),
      assumedBy: new iam.ServicePrincipal('lambda.amazonaws.com'),
      inlinePolicies: {
        function: new iam.PolicyDocument({
          statements: [
            new iam.PolicyStatement({
              sid: 'Log',
              actions: ['logs:CreateLogStream', 'logs:PutLogEvents'],
              resources: [logGroup.logGroupArn],
            }),
            TRACE.statement,
            ...props.statements.map((given) => ('reason' in given ? given.statement : given)),
          ],
        }),
      },
    });
    for (const wide of [TRACE, ...props.statements]) if ('reason' in wide) acknowledgeWide(this.role, wide);
    this.function = new lambda.Function(this, 'Function', {
      ...(props.functionName !== undefined && { functionName: props.functionName }),
      runtime: lambda.Runtime.NODEJS_24_X,
      architecture: lambda.Architecture.ARM_64,
      handler: 'index.handler',
      // CDK's own hash would be kept in a cache in the home folder of whoever synthesizes.
      code: lambda.Code.fromAsset(props.code, { assetHash: sha256(join(props.code, 'index.js')) }),
      // They hold about 100 MB, but Lambda gives CPU by memory, and a cold start is bound by it.
      memorySize: 256,
      timeout: Duration.seconds(DURATIONS.functionTimeout),
      // What it may do is above; CDK would add a policy for the trace.
      role: this.role.withoutPolicyUpdates(),
      logGroup,
      // Lambda's own segment: how long what took. A tracer in the bundle would cost 27 to 45 ms a start.
      tracing: lambda.Tracing.ACTIVE,
      environment: { NODE_OPTIONS, ...props.environment },
    });
  }
}

const TRACE: WideStatement = {
  statement: new iam.PolicyStatement({
    sid: 'Trace',
    actions: ['xray:PutTraceSegments', 'xray:PutTelemetryRecords'],
    resources: ['*'],
  }),
  reason: 'The actions know no resource; they only write traces.',
};

/** Of the 12 MB that they keep, V8 would let garbage grow to ten times as much; this costs no time. */
const NODE_OPTIONS = '--max-semi-space-size=2 --max-old-space-size=64';

const sha256 = (file: string): string => createHash('sha256').update(readFileSync(file)).digest('hex');
