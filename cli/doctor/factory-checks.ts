/** The checks of the factory account: bus, dispatcher, workflows, functions, ledger, outbound federation. */
import { modeOf } from '../../core/control.ts';
import {
  fits,
  judgeBusPolicy,
  judgeEventQueue,
  judgeMapping,
  judgeRules,
  judgeTargets,
} from '../../core/doctor/events.ts';
import {
  judgeControl,
  judgeEnrolment,
  judgeFunctions,
  judgeHeartbeat,
  judgeLedger,
  judgeOutboundFederation,
  judgeRuns,
  judgeWorkflow,
} from '../../core/doctor/factory.ts';
import { fail, type Verdict } from '../../core/doctor/verdict.ts';
import { forwardingPattern } from '../../core/event-patterns.ts';
import type { AccountId } from '../../core/ids.ts';
import { type FunctionName, memberRoleArn, WORKFLOW_NAMES, type WorkflowName } from '../../core/naming.ts';
import { functionVariables } from '../../lib/config/config.ts';
import type { Check } from './check.ts';
import type { Estate } from './estate.ts';
import { deadLetters } from './member-checks.ts';
import type { FactoryReads, SeenAccount } from './reads.ts';

/** Runs that a check looks at. A sweep makes good what the one before it missed. */
const lastRuns = (workflow: WorkflowName): number => (workflow === 'sweep' ? 1 : 10);

/** `memberAccountId`: one whose events the bus should admit. */
export const factoryChecks = (reads: FactoryReads, memberAccountId: AccountId, estate: Estate): Check[] => [
  ...intakeChecks(reads, memberAccountId, estate),
  ...WORKFLOW_NAMES.flatMap((workflow) => workflowChecks(reads, workflow, estate)),
  ...restChecks(reads, estate),
  ...enrolmentChecks(reads, memberAccountId, estate),
];

function intakeChecks(reads: FactoryReads, memberAccountId: AccountId, estate: Estate): Check[] {
  const { busArn, partition, config } = estate;
  const { prefix, organizationId, factory } = config;
  const pattern = forwardingPattern(estate.settings);
  const rules = () => reads.rulesOf(prefix);
  const targets = async () => {
    const all = await rules();
    const rule = all.find((one) => fits(one, pattern)) ?? all[0];
    return rule === undefined ? [] : reads.targets(prefix, rule.name);
  };
  const target = async () => (await targets())[0];
  const queue = async () => {
    const found = await target();
    return found && reads.queue(found.arn);
  };
  const queues = `SQS, ${factory.region}, account ${factory.accountId}`;
  const absent = fail('NotDeployed', 'there is no queue of role events');
  return [
    {
      id: 'bus.policy',
      title: 'whom its policy admits',
      where: busArn,
      judge: async () => {
        const bus = await reads.bus(prefix);
        if (bus === undefined) return fail('NotDeployed', 'there is no such bus');
        const forwarderRoleArn = memberRoleArn(partition, memberAccountId, prefix, 'forwarder');
        return judgeBusPolicy(bus.policy, {
          busArn,
          organizationId,
          forwarderRoleArn,
          accountId: memberAccountId,
        });
      },
    },
    {
      id: 'bus.rule',
      title: 'rule to the queue',
      where: busArn,
      judge: async () => judgeRules(await rules(), pattern),
    },
    {
      id: 'bus.target',
      title: 'its target',
      where: busArn,
      judge: async () => judgeTargets(await targets(), undefined),
    },
    {
      id: 'bus.dead-letters',
      title: 'its dead letters',
      where: queues,
      judge: async () => deadLetters(reads, await targets()),
    },
    {
      id: 'dispatcher.queue',
      title: 'events that wait',
      where: queues,
      judge: async () => {
        const found = await queue();
        return found === undefined ? absent : judgeEventQueue(found);
      },
    },
    {
      id: 'dispatcher.mapping',
      title: 'reads the queue',
      where: `Lambda, event source mappings, ${factory.region}, account ${factory.accountId}`,
      judge: async () => {
        const found = await target();
        return found === undefined ? absent : judgeMapping(await reads.mappings(found.arn));
      },
    },
    {
      id: 'dispatcher.dead-letters',
      title: 'its dead letters',
      where: queues,
      judge: async () => {
        const found = await queue();
        return deadLetters(reads, found === undefined ? [] : [found]);
      },
    },
  ];
}

const workflowChecks = (reads: FactoryReads, workflow: WorkflowName, estate: Estate): Check[] => {
  const where = estate.stateMachineArn(workflow);
  return [
    {
      id: `workflow.${workflow}`,
      title: workflow,
      where,
      judge: async () => judgeWorkflow((await reads.workflow(workflow)) !== undefined),
    },
    {
      id: `workflow.${workflow}-runs`,
      title: `last runs of ${workflow}`,
      where,
      judge: async () => judgeRuns(await reads.runs(where, lastRuns(workflow))),
    },
  ];
};

function restChecks(reads: FactoryReads, { config }: Estate): Check[] {
  const { region, accountId } = config.factory;
  const ledger = `DynamoDB, ${region}, account ${accountId}`;
  return [
    {
      id: 'factory.functions',
      title: 'functions of the workflows, and their settings',
      where: `Lambda, ${region}, account ${accountId}`,
      judge: () => functions(reads, functionVariables(config)),
    },
    {
      id: 'factory.ledger',
      title: 'ledger',
      where: ledger,
      judge: async () => {
        const table = await ledgerTable(reads);
        return judgeLedger(table === undefined ? undefined : await reads.table(table));
      },
    },
    {
      id: 'factory.control',
      title: 'pause, and what holds it back',
      where: ledger,
      judge: async () => {
        const table = await ledgerTable(reads);
        return table === undefined ? NO_LEDGER : judgeControl(await reads.control(table), Date.now());
      },
    },
    // With a secret of its own it needs no tokens.
    ...(config.entra.login.kind === 'federated'
      ? [
          {
            id: 'factory.outbound-federation',
            title: 'tokens of AWS for its login to Entra',
            where: `IAM, Account settings, account ${accountId}`,
            judge: async () => judgeOutboundFederation(await reads.outboundIssuer()),
          } as const,
        ]
      : []),
  ];
}

const NO_LEDGER = fail('NotDeployed', 'there is no ledger');

function enrolmentChecks(reads: FactoryReads, memberAccountId: AccountId, { config }: Estate): Check[] {
  const { region, accountId } = config.factory;
  const where = `DynamoDB, ${region}, account ${accountId}, the record of ${memberAccountId}`;
  const recorded = async (judge: (record: SeenAccount) => Verdict): Promise<Verdict> => {
    const table = await ledgerTable(reads);
    if (table === undefined) return NO_LEDGER;
    const record = await reads.account(table, memberAccountId);
    return record === undefined
      ? fail('NotEnrolled', `nothing is known of ${memberAccountId}`)
      : judge(record);
  };
  return [
    {
      id: 'enrolment.record',
      title: 'what the factory knows of the account',
      where,
      judge: () =>
        recorded((record) =>
          judgeEnrolment(record, modeOf(config, memberAccountId, record.organizationalUnits)),
        ),
    },
    {
      id: 'enrolment.heartbeat',
      title: 'events of the account arrive',
      where,
      judge: () =>
        recorded((record) => judgeHeartbeat(record, Date.now(), 2 * config.sweep.everyHours * 3600)),
    },
  ];
}

async function functions(reads: FactoryReads, expected: Readonly<Record<string, string>>): Promise<Verdict> {
  const workflows = await Promise.all(WORKFLOW_NAMES.map((workflow) => reads.workflow(workflow)));
  const arns = new Map(workflows.flatMap((workflow) => Object.entries(workflow?.functionArns ?? {})));
  const observed = await Promise.all(
    [...arns].map(async ([name, arn]) => ({
      name: name as FunctionName,
      variables: await reads.variables(arn),
    })),
  );
  return judgeFunctions(observed, expected);
}

/** Its name is made by CloudFormation: the functions know it. */
export async function ledgerTable(reads: FactoryReads): Promise<string | undefined> {
  const workflow = await reads.workflow('create-role');
  const inspectRole = workflow?.functionArns['inspect-role'];
  return inspectRole && (await reads.variables(inspectRole)).LEDGER_TABLE;
}
