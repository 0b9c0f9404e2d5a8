import { accessTo } from '../../core/access.ts';
import { planAccount } from '../../core/drift/plan.ts';
import { executionOf, type Step } from '../../core/drift/step.ts';
import { FactoryError } from '../../core/errors.ts';
import {
  type AccountFindings,
  type AccountToSweep,
  changesToTell,
  isHeartbeatMissing,
  startedAtOnce,
  withinCaps,
} from '../../core/sweep.ts';
import { ignoredTags, TAGS, tagOf } from '../../core/tags.ts';
import { eachOf } from '../at-once.ts';
import { bestEffort } from '../best-effort.ts';
import type { AccountRecords } from '../enrol-account/ports.ts';
import { FOREIGN_AUDIENCE } from '../inspect-role/foreign-audiences.ts';
import { isoTime } from '../ledger-steps.ts';
import type { Executions, MemberAccounts, Ports } from '../ports.ts';
import type { SweepRecords } from '../sweep-ports.ts';
import { switchOf } from '../switch.ts';
import type { EnrolAccountOutput, SweepAccountInput, SweepAccountOutput } from '../workflow.ts';
import { type ObservePorts, type ObserveSettings, observe, questionOf } from './observe.ts';

type SweepPorts = ObservePorts &
  Pick<Ports, 'control' | 'telemetry'> & {
    readonly accounts: Pick<MemberAccounts, 'inspect'>;
    readonly executions: Pick<Executions, 'start'>;
    readonly records: Pick<AccountRecords, 'read' | 'swept'>;
    readonly sweeps: Pick<SweepRecords, 'found' | 'accessSeen'>;
  };

/**
 * One account of a sweep: what is wrong with it, and what heals that by itself is started. What removes waits until
 * all accounts are known.
 */
export const sweepAccount = (ports: SweepPorts, settings: ObserveSettings) => {
  const { clock, records, sweeps, telemetry } = ports;
  const ask = switchOf(ports, settings);

  return async (input: SweepAccountInput): Promise<SweepAccountOutput> => {
    const { run, account, directory, sweep } = input;
    const stance = await ask(run.accountId);
    if (account.status !== 'active') return done(input, unseen(account, settings));
    const observed = await observe(ports, settings, run.accountId, directory, stance);
    const seen = { ...observed, ...(sweep.adopt && { adopt: sweep.adopt }) };
    const question = directory && !directory.answers ? questionOf(seen, settings) : undefined;
    if (question) return { decision: 'ask', question };

    const plan = planAccount(seen, settings, settings);
    if (!sweep.planOnly) await act(withinCaps(plan, settings.caps));
    return done(input, {
      accountId: run.accountId,
      outcome: 'swept',
      mode: stance.mode,
      // Of a plan that people approve, all is begun; what exceeds the caps then waits in its run.
      steps: sweep.planOnly ? plan : [...healedSteps(input), ...withinCaps(plan, settings.caps)],
      heartbeatMissing:
        stance.mode === 'enforce' &&
        seen.record !== undefined &&
        isHeartbeatMissing(seen.record, clock.now(), 2 * settings.sweepSeconds),
    });

    async function act(planned: readonly Step[]): Promise<void> {
      await eachOf(planned.filter(startedAtOnce), (step) => begin(step));
      if (stance.mode === 'enforce') {
        for (const step of planned) if (step.reason === 'foreign-audience') await sayForeign(step);
      }
      const now = isoTime(clock.now());
      await sweeps.accessSeen(run.accountId, accessTo(seen, run.accountId, settings.issuer), now);
      await records.swept(run.accountId, now, tellChanges(planned));
    }

    function tellChanges(planned: readonly Step[]): readonly string[] {
      const { news, told } = changesToTell(planned, seen.record?.changesTold);
      for (const { reason, subject, detail } of news) {
        telemetry.count('ApplicationsChanged');
        telemetry.event('Application changed', { ...run, reason, ...subject, detail });
      }
      return told;
    }

    async function begin(step: Step): Promise<void> {
      if (!step.start) throw new FactoryError('Unexpected', 'Only what starts something is begun');
      await ask(run.accountId);
      const { name, run: request } = executionOf({ ...step, start: step.start }, sweep);
      const { workflow } = step.start;
      // `exists`: this sweep has started it before.
      await ports.executions.start(workflow, name, request);
      telemetry.event('Drift', {
        ...run,
        reason: step.reason,
        workflow,
        execution: name,
        detail: step.detail,
      });
    }

    /** Once: a role that says so already is left alone. */
    async function sayForeign({ subject }: Step): Promise<void> {
      if (subject.kind !== 'role') return;
      const role = seen.roles.find(({ roleId }) => roleId === subject.roleId);
      if (!role || tagOf(role.tags, TAGS.status) === 'ignored') return;
      await ask(run.accountId);
      telemetry.count('ForeignAudienceFinding');
      await bestEffort(telemetry, 'Tagging the ignored role', async () => {
        const access = await ports.accounts.inspect({ accountId: run.accountId, roleName: role.roleName });
        await access.tagRole(role.roleName, ignoredTags(FOREIGN_AUDIENCE));
      });
    }
  };

  async function done({ sweep }: SweepAccountInput, findings: AccountFindings): Promise<SweepAccountOutput> {
    await sweeps.found(sweep.id, findings, isoTime(clock.now()));
    return { decision: 'done', question: null };
  }
};

function unseen(account: AccountToSweep, settings: ObserveSettings): AccountFindings {
  const { accountId, status, detail, enrolled } = account;
  if (status === 'active') throw new FactoryError('Unexpected', 'An active account is seen');
  const isAbsent = !enrolled && detail === 'MemberRoleNotAssumable';
  return {
    accountId,
    outcome: isAbsent ? 'absent' : 'unseen',
    steps: isAbsent ? [] : planAccount({ accountId, status, detail }, settings, settings),
    heartbeatMissing: false,
  };
}

/** What enrolment has put right before the account was looked at. */
function healedSteps({ run, enrolment }: SweepAccountInput): Step[] {
  const { healed, providerArn }: Pick<EnrolAccountOutput, 'healed' | 'providerArn'> = enrolment ?? {
    healed: [],
    providerArn: null,
  };
  return healed.map((reason) => ({
    reason,
    also: [],
    accountId: run.accountId,
    subject: { kind: 'provider', providerArn },
    detail: 'put right',
    risk: 'none',
  }));
}
