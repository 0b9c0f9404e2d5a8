/** Breaks what runs, at seeded moments: kills functions, stops executions, takes rights away for a while. */
import { setTimeout as delay } from 'node:timers/promises';
import { GetRoleCommand, UpdateAssumeRolePolicyCommand } from '@aws-sdk/client-iam';
import { LambdaClient, paginateListFunctions } from '@aws-sdk/client-lambda';
import type { MemberClient } from '../clients.ts';
import type { Sandbox } from '../start.ts';
import type { Chance } from './chance.ts';
import type { Executions } from './executions.ts';
import type { Operator } from './operator.ts';
import type { Trail } from './trail.ts';

export interface MonkeyCounts {
  /** Function processes killed in the middle of an invocation. */
  kills: number;
  /** Times that every process of every function was killed. */
  restarts: number;
  /** Executions that an operator stopped. */
  stops: number;
  /** Times that a member role could not be assumed for a while. */
  revoked: number;
}

export interface MonkeyOptions {
  readonly sandbox: Sandbox;
  readonly members: readonly MemberClient[];
  readonly executions: Executions;
  readonly operator: Operator;
  readonly trail: Trail;
  readonly draw: Chance;
}

type Prank = 'kill' | 'stop' | 'revoke' | 'replay' | 'restart';
const PRANKS: readonly (readonly [Prank, chance: number])[] = [
  ['kill', 0.68],
  ['stop', 0.18],
  ['revoke', 0.06],
  ['replay', 0.05],
  ['restart', 0.03],
];
const MEMBER_ROLES = ['inspect', 'provider', 'trust'] as const;
const PAUSE_MS = [300, 1_000] as const;

export class Monkey {
  readonly counts: MonkeyCounts = { kills: 0, restarts: 0, stops: 0, revoked: 0 };
  readonly #options: MonkeyOptions;
  readonly #stop = new AbortController();
  readonly #begun: Promise<void>[] = [];
  readonly #problems: unknown[] = [];
  #loop: Promise<void> | undefined;

  constructor(options: MonkeyOptions) {
    this.#options = options;
  }

  start(): void {
    this.#loop = this.#run();
  }

  /** Resolves when everything that was taken away has been given back. Rejects with what went wrong. */
  async end(): Promise<void> {
    this.#stop.abort();
    await this.#loop;
    await Promise.all(this.#begun);
    if (this.#problems.length > 0) throw new AggregateError(this.#problems, 'Some pranks failed');
  }

  async #run(): Promise<void> {
    const { draw } = this.#options;
    const functions = await this.#functions();
    while (await this.#pause(draw.between(...PAUSE_MS))) {
      const prank = drawn(draw.next());
      if (prank === 'kill') this.#kill(functions);
      if (prank === 'restart') await this.#restart(functions);
      if (prank === 'stop') this.#begin(this.#stopOne());
      if (prank === 'revoke') this.#begin(this.#revoke());
      if (prank === 'replay') this.#begin(this.#replay());
    }
  }

  #begin(work: Promise<void>): void {
    this.#begun.push(work.catch((error: unknown) => void this.#problems.push(error)));
  }

  /** False: the run is over. */
  async #pause(milliseconds: number): Promise<boolean> {
    await delay(milliseconds, undefined, { signal: this.#stop.signal }).catch(() => undefined);
    return !this.#stop.signal.aborted;
  }

  async #functions(): Promise<string[]> {
    const { endpoint, region, factory } = this.#options.sandbox.ready.aws;
    const client = new LambdaClient({ endpoint, region, credentials: { ...factory } });
    const arns: string[] = [];
    for await (const page of paginateListFunctions({ client }, {})) {
      arns.push(...(page.Functions ?? []).map(({ FunctionArn }) => FunctionArn ?? ''));
    }
    return arns;
  }

  #kill(functions: readonly string[]): void {
    const { draw, sandbox } = this.#options;
    const first = draw.int(0, functions.length - 1);
    const inTurn = [...functions.slice(first), ...functions.slice(0, first)];
    if (inTurn.some((arn) => sandbox.aws.lambda.crashOne(arn))) this.counts.kills += 1;
  }

  async #restart(functions: readonly string[]): Promise<void> {
    await Promise.all(functions.map((arn) => this.#options.sandbox.aws.lambda.crash(arn)));
    this.counts.restarts += 1;
  }

  /** Whoever stops an execution has its event delivered again, sooner or later. */
  async #stopOne(): Promise<void> {
    const { draw, executions, trail } = this.#options;
    const arn = draw.pickAny(await executions.running());
    const pause = draw.between(500, 5_000);
    if (arn === undefined) return;
    const { eventId, status } = await executions.stop(arn);
    if (status === 'ABORTED') this.counts.stops += 1;
    await this.#pause(pause);
    trail.redeliver(eventId);
  }

  /** A member role that nobody can assume proves nothing: what runs meanwhile fails, and is run again. */
  async #revoke(): Promise<void> {
    const { draw, members } = this.#options;
    const member = draw.pickAny(members);
    const RoleName = `oidc-factory-${draw.pick([...MEMBER_ROLES])}`;
    const pause = draw.between(500, 4_000);
    if (!member) return;
    const { Role } = await member.iam.send(new GetRoleCommand({ RoleName }));
    const before = decodeURIComponent(Role?.AssumeRolePolicyDocument ?? '');
    // Another prank has it already.
    if (before.includes('"Deny"')) return;
    const set = (PolicyDocument: string) =>
      member.iam.send(new UpdateAssumeRolePolicyCommand({ RoleName, PolicyDocument }));
    await set(before.replaceAll('"Allow"', '"Deny"'));
    this.counts.revoked += 1;
    await this.#pause(pause);
    await set(before);
  }

  /** Of what happened a little while ago. */
  async #replay(): Promise<void> {
    const ago = this.#options.draw.int(2, 30);
    await this.#options.operator.replay([Math.floor(Date.now() / 1000) - ago]);
  }
}

function drawn(value: number): Prank | undefined {
  let left = value;
  for (const [prank, chance] of PRANKS) {
    if (left < chance) return prank;
    left -= chance;
  }
  return undefined;
}
