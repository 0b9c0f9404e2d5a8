import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { evaluateWebIdentityTrust } from '../../../core/policy/web-identity.ts';
import { whoEnters } from '../../../core/trust-policy/who-enters.ts';
import {
  AUDIENCE,
  key,
  MANAGED_IDENTITY,
  PROVIDER_ARN,
  PROVIDER_ARN_V2,
  policy,
  policyWith,
  SERVICE_PRINCIPAL,
  statement,
} from '../../fixtures/domain.ts';
import { rewriteCase } from '../../generators/trust-policy.ts';

const [aud, sub] = [key('aud'), key('sub')];
const deny = (Condition: object) => statement({ Effect: 'Deny', Condition });
const asked = (Condition: object) => whoEnters(policyWith(Condition), PROVIDER_ARN, 1);

describe('the subject of a trust policy', () => {
  it.each<[string, string]>([
    ['where no condition names it', policyWith({ StringEquals: { [aud]: AUDIENCE } })],
    ['where anything matches', policyWith({ StringEquals: { [aud]: AUDIENCE }, StringLike: { [sub]: '*' } })],
    [
      'where other GUIDs match as well',
      policyWith({
        StringEquals: { [aud]: AUDIENCE },
        StringLike: { [sub]: `${MANAGED_IDENTITY.slice(0, 9)}*` },
      }),
    ],
    [
      'where one of several values matches anything',
      policyWith({
        StringEquals: { [aud]: AUDIENCE },
        StringLike: { [sub]: [MANAGED_IDENTITY, '????????-*'] },
      }),
    ],
    [
      'where it is compared with itself',
      policyWith({ StringEquals: { [aud]: AUDIENCE, [sub]: `\${${sub}}` } }),
    ],
    ['where only some are kept out', policyWith({ StringNotEquals: { [sub]: MANAGED_IDENTITY } })],
    [
      'where it must only be there',
      policyWith({ StringEquals: { [aud]: AUDIENCE }, Null: { [sub]: 'false' } }),
    ],
    [
      'where another statement is open',
      policy(
        statement({ Condition: { StringEquals: { [aud]: AUDIENCE, [sub]: SERVICE_PRINCIPAL } } }),
        statement(),
      ),
    ],
    [
      'where a session name is asked for',
      policyWith({ StringEquals: { [aud]: AUDIENCE, 'sts:RoleSessionName': 'ci' } }),
    ],
    ['where the network is asked for', policyWith({ IpAddress: { 'aws:SourceIp': '10.0.0.0/8' } })],
    [
      'where a Deny asks for another network',
      policy(statement(), deny({ NotIpAddress: { 'aws:SourceIp': '10.0.0.0/8' } })),
    ],
    ['where no audience is asked for', policy(statement({ Condition: {} }))],
    ['where any audience will do', policyWith({ StringLike: { [aud]: 'api://*' } })],
    ['where everybody is principal', policy(statement({ Principal: '*' }))],
    ['where the action is a wildcard', policy(statement({ Action: 'sts:*' }))],
  ])('is open %s', (_, trustPolicy) => {
    expect(whoEnters(trustPolicy, PROVIDER_ARN, 1).subject).toBe('open');
  });

  it('is pinned to those whom it names and lets in', () => {
    const both = [SERVICE_PRINCIPAL, MANAGED_IDENTITY];
    expect(asked({ StringEquals: { [aud]: AUDIENCE, [sub]: both } })).toEqual({
      subject: 'pinned',
      subjects: both,
    });
    expect(
      asked({ StringEquals: { [aud]: AUDIENCE, [sub]: both }, StringNotEquals: { [sub]: MANAGED_IDENTITY } }),
    ).toEqual({ subject: 'pinned', subjects: [SERVICE_PRINCIPAL] });
    expect(asked({ StringEquals: { [aud]: AUDIENCE }, StringLike: { [sub]: SERVICE_PRINCIPAL } })).toEqual({
      subject: 'pinned',
      subjects: [SERVICE_PRINCIPAL],
    });
  });

  it('is pinned by a Deny of all others', () => {
    const trustPolicy = policy(statement(), deny({ StringNotEquals: { [sub]: MANAGED_IDENTITY } }));
    expect(whoEnters(trustPolicy, PROVIDER_ARN, 1)).toEqual({
      subject: 'pinned',
      subjects: [MANAGED_IDENTITY],
    });
  });

  it.each<[string, string]>([
    ['under a Deny of all', policy(statement(), statement({ Effect: 'Deny', Condition: {} }))],
    ['where no GUID matches', policyWith({ StringLike: { [sub]: 'agent-*' } })],
    ['where a wildcard is compared literally', policyWith({ StringEquals: { [sub]: '*' } })],
    [
      'where the key is of another issuer',
      policyWith({ StringEquals: { 'token.actions.githubusercontent.com:sub': 'x' } }),
    ],
    ['where another provider is named', policy(statement({ Principal: { Federated: PROVIDER_ARN_V2 } }))],
    ['where another action is named', policy(statement({ Action: 'sts:AssumeRole' }))],
  ])('is closed %s', (_, trustPolicy) => {
    expect(whoEnters(trustPolicy, PROVIDER_ARN, 1)).toEqual({ subject: 'closed', subjects: [] });
  });

  it('of version 2 tokens: a caller that aud names keeps strangers out, since AWS compares azp with it', () => {
    const on = (claim: string) => key(claim, PROVIDER_ARN_V2);
    const at = (Condition: object) =>
      whoEnters(
        policy(statement({ Principal: { Federated: PROVIDER_ARN_V2 }, Condition })),
        PROVIDER_ARN_V2,
        2,
      );
    expect(at({ StringEquals: { [on('aud')]: 'some-client' } })).toEqual({ subject: 'pinned', subjects: [] });
    expect(at({ StringEquals: { [on('oaud')]: 'some-api' } })).toEqual({ subject: 'open', subjects: [] });
    expect(at({ StringEquals: { [on('aud')]: 'some-client', [on('sub')]: MANAGED_IDENTITY } })).toEqual({
      subject: 'pinned',
      subjects: [MANAGED_IDENTITY],
    });
  });

  it('takes no longer where a pattern has thousands of wildcards', () => {
    expect(asked({ StringLike: { [sub]: '*a'.repeat(10_000) } }).subject).toBe('closed');
    expect(asked({ StringLike: { [sub]: '*'.repeat(30_000) } }).subject).toBe('open');
  });

  it('finds a GUID whenever one matches a pattern made of it', () => {
    const pattern = fc
      .tuple(fc.uuid(), fc.array(fc.nat(35), { minLength: 1, maxLength: 12 }), fc.constantFrom('*', '?'))
      .map(([guid, holes, wildcard]) =>
        Array.from(guid, (char, at) => (holes.includes(at) ? wildcard : char)).join(''),
      );
    fc.assert(
      fc.property(pattern, (value) => {
        expect(asked({ StringLike: { [sub]: value } }).subject).toBe('open');
      }),
    );
  });

  it('names nobody whom the evaluator keeps out, and calls nothing closed that it opens', () => {
    fc.assert(
      fc.property(
        rewriteCase,
        fc.constantFrom(AUDIENCE, 'x', 'dummy-value'),
        ({ request, settings }, audience) => {
          const { trustPolicy, provider } = request;
          const { tokenVersion } = settings.issuer;
          const found = whoEnters(trustPolicy, provider.providerArn, tokenVersion);
          const stranger = 'fffffff0-1111-4222-8333-444444444444';
          const claims = tokenVersion === 1 ? { aud: audience } : { azp: stranger, aud: audience };
          const enters = evaluateWebIdentityTrust({
            trustPolicy,
            providerArn: provider.providerArn,
            claims: { ...claims, sub: stranger },
          }).allowed;
          if (enters) expect(found.subject).toBe('open');
          for (const subject of found.subjects) expect(trustPolicy).toContain(subject);
          if (found.subject === 'closed') expect(found.subjects).toEqual([]);
        },
      ),
    );
  });
});
