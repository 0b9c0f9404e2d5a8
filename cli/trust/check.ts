import { type Audience, providerArn } from '../../core/ids.ts';
import { entraProvider } from '../../core/issuer.ts';
import { parsePolicy } from '../../core/policy/document.ts';
import { answerTrust } from '../../core/trust-check/answer.ts';
import { readTrustPolicy } from '../../core/trust-policy/document.ts';
import { CommandFailure, EXIT } from '../failure.ts';
import type { Io } from '../io.ts';
import { knownFactory } from '../settings.ts';
import { clientIdsOf, givenToken, policyText } from './inputs.ts';
import { printAnswer } from './print-answer.ts';

export interface CheckOptions {
  readonly providerArn: string;
  readonly clientId?: readonly string[];
  readonly provider?: string;
  readonly tokenFile?: string;
  readonly claims?: string;
  readonly sessionName?: string;
  readonly json?: boolean;
}

export function runCheck(io: Io, file: string, options: CheckOptions): void {
  const arn = providerArn(options.providerArn);
  if (file === '-' && (options.claims ?? options.tokenFile ?? '-') === '-') {
    throw new CommandFailure(
      'usage',
      'InvalidInput',
      'Policy and token cannot both come from standard input',
    );
  }
  const text = policyText(io, file);
  const question = {
    root: readTrustPolicy(text).root,
    policy: parsePolicy(text, 'trust policy', 'trust'),
    provider: { arn, clientIds: clientIdsOf(io, arn, options) },
    token: givenToken(io, options),
    sessionName: options.sessionName,
    now: Date.now(),
  };
  const answer = answerTrust(question, placeholdersOf(arn));
  if (!answer.letIn) io.exitCode = EXIT.no;
  if (options.json) io.out(JSON.stringify(answer));
  else printAnswer(answer, io);
}

/** The default of the tenant: it takes part in no decision, but tells a role that was not served yet. */
function placeholdersOf(arn: string): readonly Audience[] {
  const tenant = entraProvider(arn)?.issuer.tenantId;
  return tenant === undefined ? [] : knownFactory({ tenant }).settings.placeholders;
}
