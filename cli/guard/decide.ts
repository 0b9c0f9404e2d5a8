/** What an operator decides about one role; the guard's function does it. */
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { ERRORS, type ErrorCode } from '../../core/errors.ts';
import { type GuardAnswer, type Refusal, readGuardCommand } from '../../core/guard/command.ts';
import { clientConfig, lookingUp } from '../aws.ts';
import { callerOf } from '../factory.ts';
import { CommandFailure, EXIT } from '../failure.ts';
import type { Io } from '../io.ts';
import { type GuardOptions, guardFunction, guardNotFound } from './function.ts';

export interface DecideOptions extends GuardOptions {
  readonly roleArn: string;
  readonly note?: string;
  /** Milliseconds. */
  readonly for?: number;
  readonly json?: true;
}

const REFUSALS: Readonly<Record<Refusal, string>> = {
  'role-gone': 'There is no role with this ARN.',
  protected: 'The role is protected.',
  'not-quarantined': 'The guard has put no quarantine on this role.',
  'quarantined-by-others': 'Somebody else has attached the quarantine policy; the guard leaves it alone.',
  'no-room': 'The role has as many managed policies as it may: detach one, or raise the quota.',
};

export async function decide(io: Io, command: 'quarantine' | 'release', given: DecideOptions): Promise<void> {
  const { options, name } = guardFunction(given);
  const { arn: by } = await callerOf(io, options);
  const input = readGuardCommand({
    command,
    roleArn: given.roleArn,
    by,
    note: given.note,
    expiresAt: given.for === undefined ? undefined : new Date(Date.now() + given.for).toISOString(),
  });
  const answer = await invoke(io, options, name, input);
  if (answer.outcome === 'refused') io.exitCode = EXIT.no;
  if (given.json) io.out(JSON.stringify(answer));
  else for (const line of inWords(answer)) io.out(line);
}

async function invoke(io: Io, options: GuardOptions, name: string, input: object): Promise<GuardAnswer> {
  const lambda = new LambdaClient(clientConfig(io, options));
  const result = await lookingUp(`lambda:InvokeFunction ${name}`, () =>
    lambda.send(new InvokeCommand({ FunctionName: name, Payload: Buffer.from(JSON.stringify(input)) })),
  );
  if (!result) throw guardNotFound(name);
  const payload = JSON.parse(Buffer.from(result.Payload ?? []).toString('utf8') || 'null');
  if (result.FunctionError === undefined) return payload as GuardAnswer;
  throw failureOf(payload ?? {});
}

/** The function's errors have our codes and our words. */
function failureOf({
  errorType,
  errorMessage,
}: {
  errorType?: string;
  errorMessage?: string;
}): CommandFailure {
  const code =
    errorType !== undefined && Object.hasOwn(ERRORS, errorType) ? (errorType as ErrorCode) : 'Unexpected';
  const { retryable, remedy } = ERRORS[code];
  return new CommandFailure(retryable ? 'unavailable' : 'refused', code, errorMessage ?? remedy, { remedy });
}

function inWords(answer: GuardAnswer): string[] {
  if (answer.outcome === 'refused') return [`${answer.reason}: ${REFUSALS[answer.reason]}`];
  const { outcome, roleArn, critical } = answer;
  const standing = critical.length > 0 ? `Critical findings that stand: ${critical.join(', ')}.` : undefined;
  return [`${outcome}: ${roleArn}`, ...(standing ? [standing] : [])];
}
