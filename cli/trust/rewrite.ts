import { isFactoryError } from '../../core/errors.ts';
import { type AppId, appId, audience, type ServicePrincipalId, servicePrincipalId } from '../../core/ids.ts';
import { readTrustPolicy } from '../../core/trust-policy/document.ts';
import {
  type RewriteRequest,
  type RewrittenTrustPolicy,
  rewriteTrustPolicy,
} from '../../core/trust-policy/rewrite.ts';
import { leftAlone, type RewriteWarning, rewriteWarnings } from '../../core/trust-policy/rewrite-warnings.ts';
import { CommandFailure } from '../failure.ts';
import type { Io } from '../io.ts';
import { policyText, settingsFor } from './inputs.ts';
import { diffLines } from './policy-diff.ts';

export interface RewriteOptions {
  readonly providerArn: string;
  readonly audience: string;
  readonly subject?: string;
  readonly config?: string;
  readonly json?: boolean;
}

/** Stands in for a subject that nobody has named; a policy with it is never shown. */
const NOBODY = '00000000-0000-0000-0000-000000000000';

export function runRewrite(io: Io, file: string, options: RewriteOptions): void {
  const { accountId, providerArn, settings } = settingsFor(options.providerArn, options);
  const wanted = audience(options.audience);
  const request: RewriteRequest = {
    trustPolicy: policyText(io, file),
    provider: { providerArn, clientIds: [wanted] },
    accountId,
    settings,
    audience: wanted,
    // Of version 1 tokens the client id is no part of the policy.
    appId: settings.issuer.tokenVersion === 2 ? appId(wanted) : (NOBODY as AppId),
    servicePrincipalId:
      options.subject === undefined ? (NOBODY as ServicePrincipalId) : servicePrincipalId(options.subject),
  };
  const rewritten = rewritable(request);
  if (rewritten.pinned === 'by-factory' && options.subject === undefined) throw withoutSubject();
  const warnings = [...leftAlone(request), ...rewriteWarnings(request, rewritten)];
  const { document, changed, changes, pinned } = rewritten;
  if (options.json) {
    io.out(
      JSON.stringify({
        changed,
        changes,
        pinned,
        length: document.length,
        warnings,
        policy: JSON.parse(document),
      }),
    );
  } else print(io, request, rewritten, warnings);
}

/** As assign-audience does it; a role that is none of the factory's business is told why, statement by statement. */
function rewritable(request: RewriteRequest): RewrittenTrustPolicy {
  try {
    return rewriteTrustPolicy(request);
  } catch (cause) {
    if (!isFactoryError(cause, 'ConsentWithdrawn')) throw cause;
    const facts = leftAlone(request).map(({ statement, message }) => [`statement ${statement}`, message]);
    throw new CommandFailure('no', 'NothingToRewrite', 'No statement is the factory’s to change', {
      facts: Object.fromEntries(facts),
      remedy: 'Put the placeholder into the aud condition of the statement that is to be served.',
      cause,
    });
  }
}

const withoutSubject = () =>
  new CommandFailure(
    'usage',
    'SubjectMissing',
    'The policy does not pin sub, so every application of the tenant could enter',
    {
      remedy:
        'Say --subject with the object id of the service principal: az ad sp show --id <client id> --query id',
    },
  );

function print(
  io: Io,
  { trustPolicy }: RewriteRequest,
  rewritten: RewrittenTrustPolicy,
  warnings: readonly RewriteWarning[],
): void {
  const { changed, changes, document } = rewritten;
  const after: unknown = JSON.parse(document);
  io.tell(
    io.paint(
      'bold',
      changed ? `${changes.length} changes, ${document.length} characters` : 'Nothing to change',
    ),
  );
  for (const change of changes) io.tell(`  ${change}`);
  for (const { statement, message } of warnings) {
    const at = statement === null ? '' : `statement ${statement}: `;
    io.tell(`${io.paint('yellow', 'Note')} ${at}${message}`);
  }
  if (changed) for (const line of diffLines(readTrustPolicy(trustPolicy).root, after, io)) io.tell(line);
  io.out(JSON.stringify(after, null, io.outputIsTerminal ? 2 : 0));
}
