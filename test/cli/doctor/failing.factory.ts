/** What fails in the factory account. */
import { WORKFLOW_NAMES } from '../../../core/naming.ts';
import { ENTRY } from '../../fixtures/domain.ts';
import { account, type Failing } from './changes.ts';
import { busPolicy, ESTATE, healthy, QUEUE, run } from './healthy.ts';

const message = { waiting: 1, inWork: 0, deadLetterArn: undefined };
const failedRun = run(ESTATE.stateMachineArn('create-role'), ENTRY.eventIds[0] ?? '', 'FAILED', 1);

export const FAILING: readonly Failing[] = [
  ['bus.policy', 'no bus', { factory: { bus: async () => undefined } }, 'NotDeployed'],
  ['bus.policy', 'no policy', { factory: { bus: async () => ({ policy: undefined }) } }, 'BusRefuses'],
  [
    'bus.policy',
    'another organization',
    { factory: { bus: async () => ({ policy: busPolicy('o-zzzzzzzzzz') }) } },
    'BusRefuses',
  ],
  [
    'bus.policy',
    'events put by hand',
    {
      factory: {
        bus: async () => ({
          policy: busPolicy('o-a1b2c3d4e5', { Bool: { 'aws:SecureTransport': 'true' } }).replace(
            '"Bool":{"aws:SecureTransport":"true"},',
            '',
          ),
        }),
      },
    },
    'BusOpen',
  ],
  [
    'bus.policy',
    'any role',
    {
      factory: {
        bus: async () => ({
          policy: busPolicy('o-a1b2c3d4e5', { ArnLike: { 'aws:PrincipalArn': 'arn:*:iam::*:role/*' } }),
        }),
      },
    },
    'BusOpen',
  ],
  [
    'bus.policy',
    'any organization',
    { factory: { bus: async () => ({ policy: busPolicy('*').replace('"StringEquals"', '"StringLike"') }) } },
    'BusOpen',
  ],
  ['bus.rule', 'no rule', { factory: { rulesOf: async () => [] } }, 'NotDeployed'],
  ['bus.target', 'no rule', { factory: { rulesOf: async () => [] } }, 'NotDeployed'],
  ['bus.target', 'no target', { factory: { targets: async () => [] } }, 'NotDeployed'],
  ['bus.dead-letters', 'a message', { factory: { queue: async () => message } }, 'DeadLetters'],
  ['dispatcher.queue', 'no queue', { factory: { queue: async () => undefined } }, 'NotDeployed'],
  [
    'dispatcher.queue',
    'events that nobody takes',
    { factory: { queue: async () => ({ ...message, waiting: 3 }) } },
    'EventsWaiting',
  ],
  ['dispatcher.mapping', 'no rule, hence no queue', { factory: { rulesOf: async () => [] } }, 'NotDeployed'],
  ['dispatcher.mapping', 'no mapping', { factory: { mappings: async () => [] } }, 'NotDeployed'],
  [
    'dispatcher.mapping',
    'a disabled mapping',
    { factory: { mappings: async () => ['Disabled'] } },
    'DispatcherStopped',
  ],
  [
    'dispatcher.dead-letters',
    'a message in work',
    {
      factory: {
        queue: async (arn) =>
          arn === QUEUE
            ? { ...message, waiting: 0, deadLetterArn: 'dead' }
            : { ...message, waiting: 0, inWork: 1 },
      },
    },
    'DeadLetters',
  ],
  [
    'dispatcher.dead-letters',
    'no dead-letter queue',
    { factory: { queue: async () => ({ ...message, waiting: 0 }) } },
    'NotDeployed',
  ],
  ...WORKFLOW_NAMES.flatMap((workflow) => [
    [
      `workflow.${workflow}`,
      'no state machine',
      { factory: { workflow: async () => undefined } },
      'NotDeployed',
    ] as const,
    [
      `workflow.${workflow}-runs`,
      'a failed run',
      { factory: { runs: async () => [failedRun] } },
      'RunsFailed',
    ] as const,
    [
      `workflow.${workflow}-runs`,
      'a retry that failed too',
      {
        factory: {
          runs: async () => [
            { ...failedRun, status: 'ABORTED', name: `${failedRun.name}-r1`, startedAt: 2 },
            failedRun,
          ],
        },
      },
      'RunsFailed',
    ] as const,
  ]),
  [
    'factory.functions',
    'no workflow, hence no function',
    { factory: { workflow: async () => undefined } },
    'NotDeployed',
  ],
  [
    'factory.functions',
    'another tenant',
    {
      factory: {
        variables: async (arn) => ({ ...(await healthy().factory.variables(arn)), ENTRA_TENANT_ID: 'x' }),
      },
    },
    'DeploymentChanged',
  ],
  ['factory.ledger', 'no table', { factory: { table: async () => undefined } }, 'NotDeployed'],
  [
    'factory.ledger',
    'a table that is deleted',
    { factory: { table: async () => ({ status: 'DELETING' }) } },
    'NotDeployed',
  ],
  [
    'factory.control',
    'paused',
    { factory: { control: async () => ({ paused: { since: '2026-01-01T00:00:00Z', by: 'ada' } }) } },
    'Paused',
  ],
  [
    'factory.control',
    'a full directory',
    { factory: { control: async () => ({ directoryFullUntil: '9999-01-01T00:00:00Z' }) } },
    'DirectoryQuotaExceeded',
  ],
  ['enrolment.record', 'no record', { factory: { account: async () => undefined } }, 'NotEnrolled'],
  [
    'enrolment.record',
    'a contested provider',
    account({ notes: ['provider-contested'] }),
    'ProviderContested',
  ],
  ['enrolment.heartbeat', 'no record', { factory: { account: async () => undefined } }, 'NotEnrolled'],
  [
    'enrolment.heartbeat',
    'an old one',
    account({ heartbeatSeenAt: '2026-01-01T00:00:00Z' }),
    'HeartbeatMissing',
  ],
  [
    'factory.outbound-federation',
    'disabled',
    { factory: { outboundIssuer: async () => undefined } },
    'OutboundFederationDisabled',
  ],
];
