/** What fails in a member account. */
import { providerArnOf } from '../../../core/issuer.ts';
import { ACCOUNT, AUDIENCE, ISSUER, ISSUER_V2, PLACEHOLDER, policy } from '../../fixtures/domain.ts';
import { type Failing, provider } from './changes.ts';
import { ESTATE, healthy, memberRole } from './healthy.ts';

const others = Array.from({ length: 98 }, (_, index) => `other-${index}`);
const withoutSlash = providerArnOf('aws', ACCOUNT, ISSUER.url.replace(/\/$/, ''));
const forwarded = { name: 'forward', state: 'ENABLED', pattern: '{"source":["aws.iam"]}' };
const message = { waiting: 1, inWork: 0, deadLetterArn: undefined };

export const FAILING: readonly Failing[] = [
  ['forwarding.rule', 'no rule', { member: { rulesTo: async () => [] } }, 'NotDeployed'],
  ['forwarding.rule', 'a rule that is gone', { member: { rule: async () => undefined } }, 'NotDeployed'],
  [
    'forwarding.rule',
    'a disabled rule',
    {
      member: {
        rule: async (...of) => ({ ...forwarded, ...(await healthy().member.rule(...of)), state: 'DISABLED' }),
      },
    },
    'RuleDisabled',
  ],
  ['forwarding.rule', 'another pattern', { member: { rule: async () => forwarded } }, 'DeploymentChanged'],
  [
    'forwarding.rule',
    'a rule by the clock',
    { member: { rule: async () => ({ ...forwarded, pattern: undefined }) } },
    'DeploymentChanged',
  ],
  ['forwarding.target', 'no target', { member: { targets: async () => [] } }, 'NotDeployed'],
  [
    'forwarding.target',
    'a target without role',
    { member: { targets: async () => [{ arn: ESTATE.busArn, roleArn: undefined, deadLetterArn: 'x' }] } },
    'DeploymentChanged',
  ],
  [
    'forwarding.target',
    'a target without dead-letter queue',
    {
      member: {
        targets: async () => [
          {
            arn: ESTATE.busArn,
            roleArn: `arn:aws:iam::${ACCOUNT}:role/oidc-factory-forwarder`,
            deadLetterArn: undefined,
          },
        ],
      },
    },
    'DeploymentChanged',
  ],
  ['forwarding.dead-letters', 'a message', { member: { queue: async () => message } }, 'DeadLetters'],
  ['forwarding.dead-letters', 'no such queue', { member: { queue: async () => undefined } }, 'NotDeployed'],
  ...(['inspect', 'provider', 'trust', 'forwarder'] as const).flatMap((purpose): Failing[] => [
    [
      `member-role.${purpose}`,
      'no such role',
      { member: { role: async () => undefined } },
      'MemberRoleNotAssumable',
    ],
    [
      `member-role.${purpose}`,
      'a role that trusts others',
      {
        member: {
          role: async () => ({
            ...memberRole('oidc-factory-inspect'),
            trustPolicy: policy({
              Effect: 'Allow',
              Principal: { Service: 'ec2.amazonaws.com' },
              Action: 'sts:AssumeRole',
            }),
          }),
        },
      },
      'MemberRoleNotAssumable',
    ] as const,
  ]),
  ['provider.url', 'no provider', { member: { providers: async () => [] } }, 'ProviderMissing'],
  [
    'provider.url',
    'a provider without slash',
    { member: { providers: async () => [withoutSlash] } },
    'ProviderWithoutSlash',
  ],
  [
    'provider.url',
    'a provider of the other version',
    { member: { providers: async () => [providerArnOf('aws', ACCOUNT, ISSUER_V2.url)] } },
    'ProviderMissing',
  ],
  ['provider.room', 'a hundred audiences', provider([...others, PLACEHOLDER, AUDIENCE]), 'ProviderFull'],
  [
    'provider.room',
    'as many as the cap allows',
    provider([...others.slice(0, 89), PLACEHOLDER, AUDIENCE]),
    'RoleCapReached',
  ],
  ['provider.room', 'no provider', { member: { provider: async () => undefined } }, 'ProviderMissing'],
  ['provider.placeholders', 'none listed', provider([AUDIENCE]), 'PlaceholderNotListed'],
  [
    'provider.placeholders',
    'no provider',
    { member: { provider: async () => undefined } },
    'ProviderMissing',
  ],
];
