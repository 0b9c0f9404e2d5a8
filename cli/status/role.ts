/** The developer's view: what the factory has written on one role. */
import { type RoleArn, roleArn } from '../../core/ids.ts';
import { NEXT_STEPS, type RoleStatus, roleStatus } from '../../core/role-status.ts';
import { systemClock } from '../../lambdas/adapters/clock.ts';
import type { Clock } from '../../lambdas/ports.ts';
import type { AwsOptions } from '../aws.ts';
import { CommandFailure, EXIT } from '../failure.ts';
import { roleOf } from '../iam.ts';
import type { Io, Style } from '../io.ts';

export interface RoleQuery extends AwsOptions {
  readonly roleArn: string;
  readonly wait?: true;
  /** Seconds. */
  readonly timeout: number;
  readonly json?: true;
}

export async function showRole(io: Io, options: RoleQuery, clock: Clock = systemClock): Promise<void> {
  const arn = roleArn(options.roleArn);
  const look = async () => roleStatus(await roleOf(io, options, arn));
  const found = options.wait ? await settled(io, look, options.timeout, clock) : await look();
  if (options.json) io.out(JSON.stringify(asJson(arn, found)));
  else print(io, arn, found);
  io.exitCode = found.status === 'ready' ? EXIT.ok : EXIT.no;
}

const asJson = (arn: RoleArn, { status, detail, application }: RoleStatus) => ({
  roleArn: arn,
  status,
  detail,
  ...application,
});

const STYLES: Readonly<Record<RoleStatus['status'], Style>> = {
  pending: 'yellow',
  ready: 'green',
  ignored: 'red',
  failed: 'red',
  none: 'yellow',
};

function print(io: Io, arn: RoleArn, { status, detail, application }: RoleStatus): void {
  io.out(`${io.paint(STYLES[status], status)}: ${detail}`);
  if (application) {
    io.out(`  client id  ${application.clientId}`);
    io.out(`  audience   ${application.audience}`);
  }
  io.out(NEXT_STEPS[status].replace('<role>', arn));
}

/** IAM allows few calls, and a run takes seconds at least. */
const PAUSE_SECONDS = 5;

const OVER: readonly RoleStatus['status'][] = ['ready', 'ignored', 'failed'];

/** Looks until the role's run is over. What passes by itself does not end the waiting; its time does. */
async function settled(
  io: Io,
  look: () => Promise<RoleStatus>,
  timeout: number,
  clock: Clock,
): Promise<RoleStatus> {
  const end = clock.now() + timeout * 1000;
  let told = '';
  for (;;) {
    const found = await look().catch(passing);
    if (!(found instanceof CommandFailure) && OVER.includes(found.status)) return found;
    const left = end - clock.now();
    if (left <= 0) throw found instanceof CommandFailure ? found : tooLate(found, timeout);
    const news = found instanceof CommandFailure ? found.message : `${found.status}: ${found.detail}`;
    if (news !== told) io.tell(`${news} …`);
    told = news;
    await clock.sleep(Math.min(left, PAUSE_SECONDS * 1000));
  }
}

function passing(error: unknown): CommandFailure {
  if (error instanceof CommandFailure && error.outcome === 'unavailable') return error;
  throw error;
}

const tooLate = ({ status, detail }: RoleStatus, timeout: number): CommandFailure =>
  new CommandFailure(
    'unavailable',
    'NotReadyInTime',
    `After ${timeout} s the role is not ready, its status is ${status}: ${detail}`,
    { remedy: NEXT_STEPS.none },
  );
