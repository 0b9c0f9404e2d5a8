/** The checks of a member account: forwarding rule, member roles, provider. */
import { judgeDeadLetters, judgeRules, judgeTargets } from '../../core/doctor/events.ts';
import {
  judgeAudienceRoom,
  judgeMemberRole,
  judgePlaceholders,
  judgeProvider,
} from '../../core/doctor/member-account.ts';
import { fail, type Verdict } from '../../core/doctor/verdict.ts';
import { forwardingPattern } from '../../core/event-patterns.ts';
import { type AccountId, providerArn } from '../../core/ids.ts';
import { providerArnOf } from '../../core/issuer.ts';
import {
  GUARD_ROLE_PURPOSES,
  MEMBER_ROLE_PURPOSES,
  memberRoleArn,
  memberRoleName,
} from '../../core/naming.ts';
import type { Check } from './check.ts';
import type { Estate } from './estate.ts';
import type { EventReads, MemberReads } from './reads.ts';

const DEFAULT_BUS = 'default';

export const memberChecks = (reads: MemberReads, accountId: AccountId, estate: Estate): Check[] => [
  ...forwardingChecks(reads, accountId, estate),
  ...roleChecks(reads, accountId, estate),
  ...providerChecks(reads, accountId, estate),
];

function forwardingChecks(reads: MemberReads, accountId: AccountId, estate: Estate): Check[] {
  const { busArn, eventRegion, partition, config } = estate;
  const names = () => reads.rulesTo(DEFAULT_BUS, busArn);
  const targets = async () =>
    (await Promise.all((await names()).map((name) => reads.targets(DEFAULT_BUS, name))))
      .flat()
      .filter(({ arn }) => arn === busArn);
  const place = `EventBridge, bus default, ${eventRegion}, account ${accountId}`;
  return [
    {
      id: 'forwarding.rule',
      title: 'rule that forwards role events',
      where: place,
      judge: async () => {
        const rules = await Promise.all((await names()).map((name) => reads.rule(DEFAULT_BUS, name)));
        return judgeRules(
          rules.filter((rule) => rule !== undefined),
          forwardingPattern(estate.settings),
        );
      },
    },
    {
      id: 'forwarding.target',
      title: 'its target',
      where: place,
      judge: async () =>
        judgeTargets(await targets(), memberRoleArn(partition, accountId, config.prefix, 'forwarder')),
    },
    {
      id: 'forwarding.dead-letters',
      title: 'its dead letters',
      where: `SQS, ${eventRegion}, account ${accountId}`,
      judge: async () => deadLetters(reads, await targets()),
    },
  ];
}

/** Of all that give up to a queue of their own; one that has none, or whose queue is gone, keeps nothing. */
export async function deadLetters(
  reads: EventReads,
  givingUp: readonly { readonly deadLetterArn: string | undefined }[],
): Promise<Verdict> {
  const arns = [...new Set(givingUp.map(({ deadLetterArn }) => deadLetterArn))];
  const queues = await Promise.all(arns.map((arn) => (arn === undefined ? undefined : reads.queue(arn))));
  const found = queues.filter((queue) => queue !== undefined);
  return found.length === 0 || found.length < arns.length
    ? fail('NotDeployed', 'there is no dead-letter queue')
    : judgeDeadLetters(found);
}

const roleChecks = (reads: MemberReads, accountId: AccountId, estate: Estate): Check[] =>
  [...MEMBER_ROLE_PURPOSES, ...(estate.config.guard ? GUARD_ROLE_PURPOSES : [])].map((purpose) => {
    const { partition, factoryAccountId, config } = estate;
    const { prefix } = config;
    return {
      id: `member-role.${purpose}`,
      title: memberRoleName(prefix, purpose),
      where: memberRoleArn(partition, accountId, prefix, purpose),
      judge: async () =>
        judgeMemberRole(await reads.role(memberRoleName(prefix, purpose)), {
          purpose,
          partition,
          factoryAccountId,
          prefix,
        }),
    };
  });

function providerChecks(reads: MemberReads, accountId: AccountId, estate: Estate): Check[] {
  const { partition, settings, config } = estate;
  const { rolesPerAccount } = config.caps;
  const { issuer, placeholders } = settings;
  const arn = providerArnOf(partition, accountId, issuer.url);
  const misspelt = providerArn(arn.endsWith('/') ? arn.slice(0, -1) : `${arn}/`);
  // Not by way of the list: to see all providers is another permission.
  const provider = async () => (await reads.provider(arn)) ?? reads.provider(misspelt);
  const listed = async (judge: (clientIds: readonly string[]) => Verdict): Promise<Verdict> => {
    const found = await provider();
    return found === undefined ? fail('ProviderMissing', 'there is no provider') : judge(found.clientIds);
  };
  return [
    {
      id: 'provider.url',
      title: 'its URL is the issuer to the letter',
      where: arn,
      judge: async () => judgeProvider(await reads.providers(), { accountId, partition, issuer }),
    },
    {
      id: 'provider.room',
      title: 'room for audiences',
      where: arn,
      judge: () => listed((list) => judgeAudienceRoom(list, { rolesPerAccount, placeholders })),
    },
    {
      id: 'provider.placeholders',
      title: 'placeholders on its list',
      where: arn,
      judge: () => listed((list) => judgePlaceholders(list, placeholders)),
    },
  ];
}
