/** The witness is a token that could come: whole as far as the policy looks, and one that STS takes. */
import { describe, expect, it } from 'vitest';
import { EKS, ENTRA_V2, GITHUB, GITLAB, linted, policy, SETTINGS, statement } from './policies.ts';
import { CLIENT, claims, github, ON_GITLAB, PRINCIPAL, PROD, STS } from './samples.ts';

function findingOf(rule: string, trustPolicy: object, clientIds: Record<string, string[]> = {}) {
  const settings = { ...SETTINGS, clientIds: new Map(Object.entries(clientIds)) };
  const finding = linted(trustPolicy, undefined, settings).findings.find((found) => found.rule === rule);
  if (finding === undefined) throw new Error(`No ${rule}`);
  return finding;
}

describe('a witness', () => {
  it.each([
    ['a variable', `repo:\${${GITHUB}:repository}:environment:prod`],
    ['a variable with a default', `repo:\${${GITHUB}:repository, 'acme/api'}:environment:prod`],
  ])('shows the claim that fills %s', (_, sub) => {
    expect(findingOf('WI13', github([PROD, sub])).witness?.claims).toEqual({
      aud: STS,
      sub: 'repo:mallory/mallory:environment:prod',
      repository: 'mallory/mallory',
    });
  });

  it.each([
    ['sub', claims({ StringEqualsIfExists: { sub: PROD } })],
    ['aud', policy(statement(GITHUB, { StringEquals: { sub: PROD }, StringEqualsIfExists: { aud: STS } }))],
    [
      'sub of a pod',
      policy(statement(EKS, { StringEquals: { aud: STS }, StringEqualsIfExists: { sub: 'x' } })),
    ],
  ])('never lacks what STS demands: %s', (_, trustPolicy) => {
    expect(findingOf('WI06', trustPolicy)).not.toHaveProperty('witness');
  });

  const unaddressed = policy(statement(GITLAB, { StringEquals: { sub: ON_GITLAB, project_id: '7' } }));
  it.each([
    ['another one of the provider’s list', ['https://gitlab.com', STS], STS],
    ['none where the list has one', ['https://gitlab.com'], undefined],
    ['none where the list has one of one’s own', [STS], undefined],
  ])('is for an audience that the provider accepts: %s', (_, listed, audience) => {
    const { witness } = findingOf('WI07', unaddressed, { [GITLAB]: listed });
    expect(witness?.claims.aud).toBe(audience);
  });

  it('is for anybody where the list is of those who ask, not of whom for', () => {
    const byClient = policy(statement(ENTRA_V2, { StringEquals: { aud: CLIENT, sub: PRINCIPAL } }));
    expect(findingOf('WI07', byClient, { [ENTRA_V2]: [CLIENT] }).witness?.claims).toMatchObject({
      azp: CLIENT,
      aud: 'https://mallory.example',
    });
  });

  it('is for anybody where nothing is known of the provider', () => {
    expect(findingOf('WI07', unaddressed).witness?.claims.aud).toBe('https://mallory.example');
  });
});
