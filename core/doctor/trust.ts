/** Whether a role's trust policy is what the factory makes of it, and lets in whom it should. */
import { type ConsentResult, evaluateConsent, type KnownProvider } from '../consent.ts';
import { FactoryError } from '../errors.ts';
import type { AccountId, AppId, Audience, ServicePrincipalId } from '../ids.ts';
import type { InspectedRole } from '../inspection.ts';
import { explain } from '../policy/explain.ts';
import { evaluateWebIdentityTrust } from '../policy/web-identity.ts';
import type { FactorySettings } from '../settings.ts';
import { rewriteTrustPolicy } from '../trust-policy/rewrite.ts';
import { whoEnters } from '../trust-policy/who-enters.ts';
import { fail, ok, type Verdict } from './verdict.ts';

/** What the trust policy should say: of the ledger, or of the role's tags, which know no service principal. */
export interface ExpectedTrust {
  readonly appId: AppId;
  readonly audience: Audience;
  readonly servicePrincipalId: ServicePrincipalId;
}

export interface TrustQuestion {
  readonly role: InspectedRole;
  readonly accountId: AccountId;
  readonly provider: KnownProvider | undefined;
  readonly settings: FactorySettings;
  /** Undefined: nothing was ever made for the role. */
  readonly expected: ExpectedTrust | undefined;
}

const consentOf = ({ role, accountId, provider, settings, expected }: TrustQuestion) =>
  evaluateConsent({
    role: { ...role, accountId },
    provider,
    settings,
    recordedAudience: expected?.audience,
  });

/** Whether a trust policy asks to be served; one that cannot be read does not. */
export function consents(question: TrustQuestion): boolean {
  try {
    return consentOf(question).kind === 'consents';
  } catch (error) {
    if (error instanceof FactoryError) return false;
    throw error;
  }
}

export function judgeTrust(question: TrustQuestion): Verdict {
  try {
    const consent = consentOf(question);
    const { expected } = question;
    if (expected) return judgeWritten(question, expected, consent);
    return consent.kind === 'refused'
      ? fail('RoleIgnored', `${consent.reason}: ${consent.detail}`)
      : fail('RoleNotReady', 'it holds the placeholder');
  } catch (error) {
    if (!(error instanceof FactoryError)) throw error;
    return fail(error.code === 'SubjectNotPinnable' ? 'SubjectOpen' : error.code, error.message);
  }
}

/** `expected`: what was written once. A tag that keeps the factory away from now on does not undo it. */
function judgeWritten(question: TrustQuestion, expected: ExpectedTrust, consent: ConsentResult): Verdict {
  const { role, accountId, provider, settings } = question;
  if (consent.kind === 'consents') return fail('TrustChanged', 'the placeholder stands in it again');
  if (consent.kind === 'refused' && consent.reason !== 'ignore-tag' && consent.reason !== 'protected') {
    return fail('TrustChanged', `${consent.reason}: ${consent.detail}`);
  }
  if (provider === undefined) return fail('ProviderMissing', 'the trust policy names none that exists');
  const { trustPolicy } = role;
  const { changed, changes } = rewriteTrustPolicy({
    ...expected,
    trustPolicy,
    provider,
    accountId,
    settings,
  });
  if (!changed) return judgeEntrants(question, expected, provider);
  const isOpen = changes.some((change) => change.includes(':sub is pinned'));
  return fail(isOpen ? 'SubjectOpen' : 'TrustChanged', `it lacks: ${changes.join('; ')}`);
}

/** Other statements may let in more, or deny what a managed one allows. */
function judgeEntrants(
  { role, settings }: TrustQuestion,
  { audience, appId, servicePrincipalId }: ExpectedTrust,
  { providerArn }: KnownProvider,
): Verdict {
  const { trustPolicy } = role;
  const { tokenVersion } = settings.issuer;
  const { subject, subjects } = whoEnters(trustPolicy, providerArn, tokenVersion);
  if (subject === 'open') return fail('SubjectOpen', 'another statement does not pin it');
  if (subjects.length > 0) return ok(`aud ${audience}, sub ${subjects.join(', ')}`);
  const decision = evaluateWebIdentityTrust({
    trustPolicy,
    providerArn,
    claims: { aud: audience, sub: servicePrincipalId, ...(tokenVersion === 2 && { azp: appId }) },
  });
  const code = decision.because === 'explicit-deny' ? 'DeniedExplicitly' : 'SubjectNotTrusted';
  return fail(code, `it lets nobody in. ${explain(decision).join(' ')}`);
}
