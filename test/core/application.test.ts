import { describe, expect, it } from 'vitest';
import {
  adoptionProblems,
  desiredApplication,
  isDeletable,
  type ObservedApplication,
  verificationProblems,
} from '../../core/application.ts';
import { credentialOf, type FederatedCredential } from '../../core/federated-credentials.ts';
import { appId, appObjectId, servicePrincipalId } from '../../core/ids.ts';
import type { LedgerEntry } from '../../core/ledger-entry.ts';
import { uniqueName } from '../../core/naming.ts';
import { APP_ID, ENTRY, ISSUER, SERVICE_PRINCIPAL, SETTINGS, SETTINGS_V2 } from '../fixtures/domain.ts';

const OURS: ObservedApplication = {
  objectId: appObjectId(ENTRY.applicationObjectId ?? ''),
  appId: APP_ID,
  uniqueName: uniqueName(ENTRY),
  createdByAppId: SETTINGS.factoryAppId,
  signInAudience: 'AzureADMyOrg',
  identifierUris: [`api://${APP_ID}`],
  tokenVersion: 1,
  ownerIds: [SETTINGS.factoryServicePrincipalId],
  passwords: 0,
  keys: 0,
  federatedCredentials: [],
};
const PRINCIPAL = { id: SERVICE_PRINCIPAL, appId: APP_ID, enabled: true };
const STRANGER = servicePrincipalId('bad00000-0000-4000-8000-000000000009');
const { readyAt: _, ...FRESH } = ENTRY;

const WORKLOAD = {
  issuer: 'https://gitlab.com',
  subject: 'project_path:example/app:ref_type:branch:ref:main',
};
const TAGGED = credentialOf(WORKLOAD, ISSUER);
const STRANGE = { ...TAGGED, name: 'pipeline', description: null };

const FOREIGN: [string, Partial<ObservedApplication>][] = [
  ['another unique name', { uniqueName: null }],
  ['another creator', { createdByAppId: STRANGER }],
  ['no known creator', { createdByAppId: null }],
  ['accounts of other tenants', { signInAudience: 'AzureADMultipleOrgs' }],
];
const TAMPERED: [string, Partial<ObservedApplication>][] = [
  ['no owner', { ownerIds: [] }],
  ['another owner', { ownerIds: [STRANGER] }],
  ['a further owner', { ownerIds: [SETTINGS.factoryServicePrincipalId, STRANGER] }],
  ['a password', { passwords: 1 }],
  ['a key', { keys: 1 }],
  ['a federated credential', { federatedCredentials: [STRANGE] }],
];

describe('the application of a role', () => {
  it('says whose it is, issues tokens of the configured version and belongs to the factory', () => {
    expect(desiredApplication(ENTRY, SETTINGS)).toEqual({
      uniqueName: 'oidc-factory-111122223333-AROAEXAMPLEROLE00001-1',
      displayName: 'aws-111122223333-deploy',
      notes: expect.stringContaining('arn:aws:iam::111122223333:role/deploy'),
      tags: expect.arrayContaining(['HideApp', 'aws-account:111122223333']),
      signInAudience: 'AzureADMyOrg',
      tokenVersion: 1,
      ownerId: SETTINGS.factoryServicePrincipalId,
    });
    expect(desiredApplication(ENTRY, SETTINGS_V2).tokenVersion).toBe(2);
  });
});

describe('adopting an application that holds the name', () => {
  const problems = (overrides: Partial<ObservedApplication>) =>
    adoptionProblems(
      { ...OURS, ...overrides },
      {
        uniqueName: uniqueName(ENTRY),
        factoryAppId: SETTINGS.factoryAppId,
        ownerId: SETTINGS.factoryServicePrincipalId,
      },
    );

  it('is right where the factory made it, and nothing was added', () => {
    expect(problems({})).toEqual([]);
    expect(problems({ identifierUris: [], tokenVersion: null })).toEqual([]);
  });

  it.each([...FOREIGN, ...TAMPERED])('is refused with %s', (_, overrides) => {
    expect(problems(overrides)).toHaveLength(1);
  });
});

describe('verifying before the role first trusts it', () => {
  const problems = (overrides: Partial<ObservedApplication>, principal = PRINCIPAL, settings = SETTINGS) =>
    verificationProblems({ ...OURS, ...overrides }, principal, FRESH, settings);

  it('finds nothing in an unchanged one', () => {
    expect(problems({})).toEqual([]);
    expect(problems({}, { ...PRINCIPAL, ownerIds: [SETTINGS.factoryServicePrincipalId] } as never)).toEqual(
      [],
    );
  });

  it.each<[string, Partial<ObservedApplication>]>([
    ...FOREIGN,
    ...TAMPERED,
    ['another object id', { objectId: appObjectId(STRANGER) }],
    ['tokens of another version', { tokenVersion: 2 }],
    ['tokens of no explicit version', { tokenVersion: null }],
    ['no identifier URI', { identifierUris: [] }],
    ['a further identifier URI', { identifierUris: [`api://${APP_ID}`, 'api://else'] }],
  ])('finds %s', (_, overrides) => {
    expect(problems(overrides)).toHaveLength(1);
  });

  it('finds another client id', () => {
    const other = appId('0ffe0000-0000-4000-8000-000000000001');
    expect(problems({ appId: other, identifierUris: [`api://${other}`] })).toContain(
      'its client id is not the recorded one',
    );
  });

  it('finds another service principal, or a further owner of it', () => {
    expect(problems({}, { ...PRINCIPAL, id: STRANGER })).toHaveLength(1);
    expect(problems({}, { ...PRINCIPAL, ownerIds: [STRANGER] } as never)).toHaveLength(1);
  });

  it('finds that there is none', () => {
    expect(verificationProblems(undefined, PRINCIPAL, FRESH, SETTINGS)).toHaveLength(1);
    expect(verificationProblems(OURS, undefined, FRESH, SETTINGS)).toHaveLength(1);
  });

  it('demands tokens of version 2 where the provider is of that version', () => {
    expect(problems({ tokenVersion: 2 }, PRINCIPAL, SETTINGS_V2)).toEqual([]);
    expect(problems({}, PRINCIPAL, SETTINGS_V2)).toHaveLength(1);
  });
});

describe('verifying again, when its users have it', () => {
  it.each([...TAMPERED, ['a further URI', { identifierUris: [`api://${APP_ID}`, 'api://x'] }] as const])(
    'finds nothing wrong with %s',
    (_, overrides) => {
      expect(verificationProblems({ ...OURS, ...overrides }, PRINCIPAL, ENTRY, SETTINGS)).toEqual([]);
    },
  );

  it.each(FOREIGN)('still finds %s', (_, overrides) => {
    expect(verificationProblems({ ...OURS, ...overrides }, PRINCIPAL, ENTRY, SETTINGS)).toHaveLength(1);
  });
});

describe('the federated credentials of an application', () => {
  const ASKED = { federatedCredentials: [WORKLOAD] };
  const problems = (entry: LedgerEntry, ...federatedCredentials: FederatedCredential[]) =>
    verificationProblems({ ...OURS, federatedCredentials }, PRINCIPAL, entry, SETTINGS);
  const other = { ...TAGGED, subject: 'project_path:evil/app' };

  it('are those that the tags ask for', () => {
    expect(problems({ ...FRESH, ...ASKED }, TAGGED)).toEqual([]);
    expect(problems({ ...ENTRY, ...ASKED }, TAGGED)).toEqual([]);
  });

  it.each([
    ['before the role first trusts it', FRESH],
    ['afterwards', ENTRY],
  ] as const)('must all be there, and no further one of the factory, %s', (_, entry) => {
    expect(problems({ ...entry, ...ASKED })).toHaveLength(1);
    expect(problems(entry, TAGGED)).toHaveLength(1);
    expect(
      problems({ ...entry, ...ASKED }, TAGGED, { ...other, name: `${TAGGED.name.slice(0, -1)}0` }),
    ).toHaveLength(1);
    expect(problems({ ...entry, ...ASKED }, other)).toHaveLength(2);
  });

  it('may be others only once the role trusts it', () => {
    const theirs = { ...STRANGE, subject: 'project_path:example/other' };
    expect(problems({ ...FRESH, ...ASKED }, TAGGED, theirs)).toHaveLength(1);
    expect(problems({ ...FRESH, ...ASKED }, STRANGE)).toHaveLength(1);
    expect(problems({ ...ENTRY, ...ASKED }, TAGGED, theirs)).toEqual([]);
    expect(problems({ ...ENTRY, ...ASKED }, STRANGE)).toEqual([]);
  });
});

describe('deleting', () => {
  const expected = {
    objectId: OURS.objectId,
    uniqueName: uniqueName(ENTRY),
    factoryAppId: SETTINGS.factoryAppId,
  };

  it.each(TAMPERED)('is right in spite of %s', (_, overrides) => {
    expect(isDeletable({ ...OURS, ...overrides }, expected)).toBe(true);
  });

  it('is right without a recorded object id, by name and creator', () => {
    const { objectId: _, ...byName } = expected;
    expect(isDeletable(OURS, byName)).toBe(true);
    expect(isDeletable({ ...OURS, createdByAppId: STRANGER }, byName)).toBe(false);
  });

  it.each<[string, Partial<ObservedApplication>]>([
    ['another object id', { objectId: appObjectId(STRANGER) }],
    ['another name', { uniqueName: 'oidc-factory-else' }],
    ['another creator', { createdByAppId: STRANGER }],
  ])('is refused with %s', (_, overrides) => {
    expect(isDeletable({ ...OURS, ...overrides }, expected)).toBe(false);
  });
});
