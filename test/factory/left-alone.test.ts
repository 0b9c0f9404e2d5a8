/** Roles that are not the factory's business, in the deployed factory: where each stops, and what is said of it. */
import {
  AddClientIDToOpenIDConnectProviderCommand,
  CreateAccessKeyCommand,
  CreateUserCommand,
  IAMClient,
} from '@aws-sdk/client-iam';
import { beforeAll, describe, expect, it } from 'vitest';
import { FUNCTION_NAMES } from '../../core/naming.ts';
import { type MemberClient, until } from '../../sandbox/clients.ts';
import { type ForeignRecord, foreignRecords } from '../fixtures/foreign-records.ts';
import {
  createRole,
  type Factory,
  logged,
  madeInEntra,
  placeholderOf,
  quiet,
  roleWithStatus,
  trustOn,
  useFactory,
  writesOf,
} from './harness.ts';

const factory = useFactory();

/** A trust policy on another provider than the tenant's of the account. */
const trustElsewhere = (member: MemberClient, issuer: string) =>
  JSON.parse(JSON.stringify(trustOn(member, { aud: 'please-fill-in' })).replaceAll(issuerOf(member), issuer));
const issuerOf = (member: MemberClient): string => member.providerArn.split('oidc-provider/')[1] ?? '';
const tenantOf = (member: MemberClient): string => issuerOf(member).split('/')[1] ?? '';

interface LeftAlone {
  readonly role: string;
  /** An audience on the tenant's provider, or a whole trust policy. */
  readonly trust: string | ((member: MemberClient) => object);
  readonly more?: Parameters<typeof createRole>[3];
  /** `edge`: the rule in the member account does not forward the event. */
  readonly stops: 'edge' | 'dispatch-role-event' | 'inspect-role';
  /** Said in the log of the function where it stops. */
  readonly reason?: string;
}

const NOT_A_PLACEHOLDER = { stops: 'inspect-role', reason: 'audience-not-placeholder' } as const;
const NOT_THE_TENANT = { stops: 'dispatch-role-event', reason: 'not-tenant-provider' } as const;
const PROTECTED = { trust: 'please-fill-in', stops: 'dispatch-role-event', reason: 'protected' } as const;

const ROLES: readonly LeftAlone[] = [
  // Not web identity.
  {
    role: 'of-a-service',
    trust: () => ({
      Version: '2012-10-17',
      Statement: { Effect: 'Allow', Action: 'sts:AssumeRole', Principal: { Service: 'ec2.amazonaws.com' } },
    }),
    stops: 'edge',
  },
  {
    role: 'with-the-tenant-as-external-id',
    trust: (member) => ({
      Version: '2012-10-17',
      Statement: {
        Effect: 'Allow',
        Action: 'sts:AssumeRole',
        Principal: { AWS: `arn:aws:iam::${member.accountId}:root` },
        Condition: { StringEquals: { 'sts:ExternalId': tenantOf(member) } },
      },
    }),
    stops: 'dispatch-role-event',
    reason: 'not-web-identity',
  },
  // Another tenant, another issuer, another account's provider.
  {
    role: 'of-another-tenant',
    trust: (member) => trustElsewhere(member, 'sts.windows.net/99999999-8888-4777-8666-555555555555/'),
    stops: 'edge',
  },
  {
    role: 'of-another-issuer',
    trust: (member) => trustElsewhere(member, `oidc.example/${tenantOf(member)}/`),
    ...NOT_THE_TENANT,
  },
  {
    role: 'of-the-issuer-of-the-other-token-version',
    trust: (member) => trustElsewhere(member, `login.microsoftonline.com/${tenantOf(member)}/v2.0`),
    ...NOT_THE_TENANT,
  },
  {
    role: 'of-the-provider-of-another-account',
    trust: (member) => {
      const trust = JSON.stringify(trustOn(member, { aud: 'please-fill-in' }));
      return JSON.parse(trust.replaceAll(member.accountId, '777788889999'));
    },
    ...NOT_THE_TENANT,
  },
  // Microsoft's own services trust the customer's tenant as well.
  { role: 'of-defender', trust: 'api://1462b192-27f7-4cb9-8523-0f4ecb54b47e', ...NOT_A_PLACEHOLDER },
  { role: 'of-sentinel', trust: 'api://d4230588-5f84-4281-a9c7-2c15194b28f7', ...NOT_A_PLACEHOLDER },
  { role: 'of-permissions-management', trust: 'api://mciem-aws-oidc-app', ...NOT_A_PLACEHOLDER },
  { role: 'of-fabric', trust: 'https://analysis.windows.net/powerbi/connector', ...NOT_A_PLACEHOLDER },
  // Values that may be anybody's audience.
  { role: 'audience-with-a-colon', trust: 'urn:fill-me-in', ...NOT_A_PLACEHOLDER },
  { role: 'audience-with-a-slash', trust: 'fill/me/in', ...NOT_A_PLACEHOLDER },
  { role: 'audience-with-a-dot', trust: 'fill.me.in', ...NOT_A_PLACEHOLDER },
  { role: 'audience-that-is-a-guid', trust: '1462b192-27f7-4cb9-8523-0f4ecb54b47e', ...NOT_A_PLACEHOLDER },
  { role: 'audience-on-the-list', trust: 'listed-word', ...NOT_A_PLACEHOLDER },
  { role: 'audience-on-the-list-in-another-case', trust: 'Listed-Word', ...NOT_A_PLACEHOLDER },
  {
    role: 'one-audience-too-many',
    trust: (member) => trustOn(member, { aud: ['please-fill-in', 'fill.me.in'] }),
    ...NOT_A_PLACEHOLDER,
  },
  {
    role: 'without-an-audience',
    trust: (member) => trustOn(member, { sub: '0a1b2c3d-0000-4000-8000-000000000001' }),
    stops: 'inspect-role',
    reason: 'no-audience-condition',
  },
  // Protected.
  { role: 'organizationACCOUNTAccessRole', ...PROTECTED },
  { role: 'STACKSETS-exec-0123456789abcdef', more: { Path: '/delegated/' }, ...PROTECTED },
  { role: 'under-a-protected-path', more: { Path: '/AWS-Reserved/sso.amazonaws.com/' }, ...PROTECTED },
  // The developer says so.
  {
    role: 'with-the-ignore-tag',
    trust: 'please-fill-in',
    more: { Tags: [{ Key: 'OIDC-Factory:Ignore', Value: 'because' }] },
    stops: 'inspect-role',
    reason: 'ignore-tag',
  },
];

/** What the logs of all functions say of something. */
const mentions = async (running: Factory, text: string) =>
  (await Promise.all(FUNCTION_NAMES.map((name) => logged(running, name, text)))).flat();

/** Waits until a function has said of something why it is left alone. */
const reasonFor = (running: Factory, name: 'dispatch-role-event' | 'inspect-role', text: string) =>
  until(`${name} to say why ${text} is left alone`, async () => {
    const lines = await logged(running, name, text);
    return lines.find(({ message }) => /^Role (event ignored|left alone)$/.test(String(message)))?.reason;
  });

describe('left alone, with the reason in the log:', () => {
  let records: ForeignRecord[] = [];
  let before: Awaited<ReturnType<MemberClient['role']>>[] = [];

  beforeAll(async () => {
    const { member, sandbox } = factory();
    await addAudience(member, 'listed-word');
    await Promise.all(
      ROLES.map(({ role, trust, more }) =>
        createRole(
          member,
          role,
          typeof trust === 'string' ? trustOn(member, { aud: trust }) : trust(member),
          more,
        ),
      ),
    );
    before = await Promise.all(ROLES.map(({ role }) => member.role(role)));
    records = foreignRecords(member.accountId, JSON.stringify(trustOn(member, { aud: 'please-fill-in' })));
    for (const { record } of records) sandbox.aws.events.deliverCloudTrail(record, member.accountId);
    // Once whatever does not stop at the edge has been spoken of, nothing of the rest is on its way any more.
    await Promise.all([
      ...ROLES.map(({ role, stops }) => stops !== 'edge' && reasonFor(factory(), stops, role)),
      ...records.map(
        ({ marker, stops }) => stops !== 'edge' && reasonFor(factory(), 'dispatch-role-event', marker),
      ),
    ]);
    await quiet(factory());
  });

  it.each(ROLES)('$role ($stops, $reason)', async ({ role, stops, reason }) => {
    if (stops === 'edge') expect(await mentions(factory(), role)).toEqual([]);
    else expect(await reasonFor(factory(), stops, role)).toBe(reason);
    const index = ROLES.findIndex((row) => row.role === role);
    expect(await factory().member.role(role)).toEqual(before[index]);
    expect(await factory().ledgerEntries(factory().member.accountId, role)).toEqual([]);
  });

  it.each(foreignRecords('000000000000', '').map(({ what, stops }, index) => ({ what, stops, index })))(
    '$what',
    async ({ stops, index }) => {
      const { marker = '' } = records[index] ?? {};
      if (stops === 'edge') expect(await mentions(factory(), marker)).toEqual([]);
      else expect(await reasonFor(factory(), 'dispatch-role-event', marker)).toBe(stops.reason);
    },
  );

  it.each<[string, string, (member: MemberClient) => Promise<unknown>]>([
    [
      'its name is taken',
      'EntityAlreadyExistsException',
      (member) => createRole(member, 'of-a-service', trustOn(member, { aud: 'please-fill-in' })),
    ],
    [
      'its trust policy is refused',
      'MalformedPolicyDocumentException',
      (member) => createRole(member, 'malformed', { ...trustOn(member, { aud: 'please-fill-in' }), Id: [] }),
    ],
    ['its creator may not create roles', 'AccessDenied', createWithoutRights],
  ])('a CreateRole call that fails because %s', async (_, code, attempt) => {
    const { member, sandbox } = factory();
    sandbox.recorder.clearCalls();
    await expect(attempt(member)).rejects.toMatchObject({ name: code });
    await quiet(factory(), 300);
    expect(sandbox.recorder.calls().filter(({ operation }) => operation === 'PutEvents')).toEqual([]);
  });

  it('a bare word that somebody else puts on the provider’s list before the factory looks', async () => {
    const { member, sandbox } = factory();
    sandbox.recorder.inject({
      service: 'states',
      operation: 'StartExecution',
      kind: 'delay',
      delayMs: 20_000,
      times: 1,
    });
    await createRole(member, 'too-late', trustOn(member, { aud: 'somebodys-word' }));
    await addAudience(member, 'somebodys-word');
    expect(await reasonFor(factory(), 'inspect-role', 'too-late')).toBe('audience-not-placeholder');
  });

  it('nothing was written, into Entra or to a role', async () => {
    expect(writesOf(factory())).toEqual([]);
    expect(madeInEntra(factory())).toEqual([]);
    expect(await factory().member.audiences()).toEqual([
      placeholderOf(factory()),
      'listed-word',
      'somebodys-word',
    ]);
  });
});

describe('a role on the audience of another role', () => {
  it('is tagged as ignored and reported, and nothing else happens to it', async () => {
    const { member, sandbox } = factory();
    await createRole(member, 'owner', trustOn(member, { aud: placeholderOf(factory()) }));
    const owner = await roleWithStatus(member, 'owner', 'ready');
    const audience = owner.tags['oidc-factory:audience'] ?? '';
    sandbox.recorder.clearCalls();

    const trust = trustOn(member, { aud: audience });
    await createRole(member, 'guest', trust);
    const guest = await roleWithStatus(member, 'guest', 'ignored');
    expect(guest.tags['oidc-factory:detail']).toContain('another role');
    expect(JSON.parse(guest.trust)).toEqual(trust);

    expect(await reasonFor(factory(), 'inspect-role', 'guest')).toBe('audience-not-placeholder');
    const lines = await logged(factory(), 'inspect-role', 'guest');
    expect(lines).toContainEqual(
      expect.objectContaining({
        message: 'Finding: a role trusts the audience of another role',
        roleArn: guest.arn,
        audience,
        audienceOf: owner.arn,
      }),
    );
    expect(await logged(factory(), 'inspect-role', '"ForeignAudienceFinding":1')).toHaveLength(1);
    expect(writesOf(factory()).map(({ operation }) => operation)).toEqual(['TagRole']);
    expect(await member.role('owner')).toEqual(owner);
  });
});

/** As anybody does who may: another team, a service of Microsoft. */
const addAudience = (member: MemberClient, audience: string) =>
  member.iam.send(
    new AddClientIDToOpenIDConnectProviderCommand({
      OpenIDConnectProviderArn: member.providerArn,
      ClientID: audience,
    }),
  );

async function createWithoutRights(member: MemberClient): Promise<unknown> {
  await member.iam.send(new CreateUserCommand({ UserName: 'intern' }));
  const { AccessKey } = await member.iam.send(new CreateAccessKeyCommand({ UserName: 'intern' }));
  const iam = new IAMClient({
    ...factory().awsOptions,
    credentials: {
      accessKeyId: AccessKey?.AccessKeyId ?? '',
      secretAccessKey: AccessKey?.SecretAccessKey ?? '',
    },
  });
  return createRole({ ...member, iam }, 'denied', trustOn(member, { aud: 'please-fill-in' }));
}
