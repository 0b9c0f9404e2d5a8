import { describe, expect, it } from 'vitest';
import { MAX_GUARDRAIL_LENGTH } from '../../../core/guardrails/document.ts';
import { tokenAdmission } from '../../../core/guardrails/resource-control.ts';
import { audience } from '../../../core/ids.ts';
import { parsePolicy } from '../../../core/policy/document.ts';
import { authorize } from '../../../core/policy/evaluate.ts';
import { type TokenClaims, webIdentityRequest } from '../../../core/policy/web-identity.ts';
import { ISSUER_V2, PLACEHOLDER, PROVIDER_ARN, PROVIDER_ARN_V2 } from '../../fixtures/domain.ts';
import { GUARDRAILS, textsOf } from './scenes.ts';

const SERVICE_PRINCIPAL = '99999999-8888-4777-8666-555555555555';
/** Of a person it depends on the application, and is no GUID. */
const PERSON = 'AAAAAAAAAAAAAAAAAAAAAIkzqFVrSaSaFHy782bbtaQ';
const AUDIENCE = 'api://12121212-3434-4565-8787-909090909090';

/** Whether a role that lets anybody in can be assumed with this token. */
function isAdmitted(providerArn: string, claims: TokenClaims, settings = GUARDRAILS): boolean {
  const statements = tokenAdmission(settings).flatMap(({ Statement }) => Statement);
  const anybody = { Effect: 'Allow', Principal: '*', Action: '*', Resource: '*' };
  const resource = parsePolicy(
    { Version: '2012-10-17', Statement: [anybody, ...statements] },
    'RCP',
    'resource',
  );
  return authorize(webIdentityRequest({ providerArn, claims }), { identity: [], resource }).allowed;
}

describe('a token of the tenant', () => {
  it.each<[what: string, admitted: boolean, TokenClaims]>([
    ['of an application, for another one', true, { aud: AUDIENCE, sub: SERVICE_PRINCIPAL }],
    ['for the placeholder', false, { aud: PLACEHOLDER, sub: SERVICE_PRINCIPAL }],
    ['of a person', false, { aud: AUDIENCE, sub: PERSON }],
    ['without a subject', false, { aud: AUDIENCE }],
  ])('%s: %s', (_, admitted, claims) => {
    expect(isAdmitted(PROVIDER_ARN, claims)).toBe(admitted);
    expect(isAdmitted(PROVIDER_ARN.replace(/\/$/, ''), claims)).toBe(admitted);
  });

  it.each<[what: string, admitted: boolean, TokenClaims]>([
    ['of an application', true, { azp: SERVICE_PRINCIPAL, aud: SERVICE_PRINCIPAL, sub: SERVICE_PRINCIPAL }],
    ['for the placeholder', false, { azp: SERVICE_PRINCIPAL, aud: PLACEHOLDER, sub: SERVICE_PRINCIPAL }],
    ['of a person', false, { azp: SERVICE_PRINCIPAL, aud: SERVICE_PRINCIPAL, sub: PERSON }],
  ])('of version 2 %s: %s', (_, admitted, claims) => {
    expect(isAdmitted(PROVIDER_ARN_V2, claims, { ...GUARDRAILS, issuer: ISSUER_V2 })).toBe(admitted);
  });
});

it('leaves tokens of other issuers alone', () => {
  const github = 'arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com';
  expect(isAdmitted(github, { aud: 'sts.amazonaws.com', sub: 'repo:acme/app:ref:refs/heads/main' })).toBe(
    true,
  );
  const otherTenant = PROVIDER_ARN.replace('11111111', '22222222');
  expect(isAdmitted(otherTenant, { aud: PLACEHOLDER, sub: PERSON })).toBe(true);
});

it('takes as many documents as the placeholders need', () => {
  const placeholders = Array.from({ length: 8 }, (_, n) => audience(`${n}`.padEnd(240, 'x')));
  const texts = textsOf(tokenAdmission({ ...GUARDRAILS, issuer: ISSUER_V2, placeholders }));
  expect(texts.length).toBeGreaterThan(1);
  for (const text of texts) expect(text.length).toBeLessThanOrEqual(MAX_GUARDRAIL_LENGTH);
});
