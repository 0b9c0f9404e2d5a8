/** What no event tells of: what was there before, what events missed, and what falls due. All of it becomes checks. */

import { isOpen } from '../../core/guard/findings.ts';
import type { CheckRole, GuardRequest, SweepAccount } from '../../core/guard/request.ts';
import { isContained } from '../../core/guard/role-file.ts';
import type { AccountId } from '../../core/ids.ts';
import { mayConcern } from './check-role.ts';
import { providersIn } from './facts.ts';
import type { GuardPorts } from './ports.ts';
import type { GuardHandlerSettings } from './settings.ts';

type SweepPorts = Pick<GuardPorts, 'accounts' | 'record' | 'queue' | 'clock'>;

export async function tick({ record, queue }: SweepPorts): Promise<void> {
  const accounts = await record.accounts();
  await queue.send(accounts.map((accountId) => ({ kind: 'look-after', accountId })));
}

/** Checks what is due; once a day also what was found before, and all that the account has. */
export async function lookAfter(
  { record, queue, clock }: SweepPorts,
  { sweepSeconds }: GuardHandlerSettings,
  accountId: AccountId,
): Promise<void> {
  const now = clock.now();
  const live = (await record.filesOf(accountId)).filter(({ goneAt }) => goneAt === undefined);
  const sweeps = await record.beginSweep(accountId, now - sweepSeconds * 1000, now);
  const due = live.filter(
    (file) =>
      (file.dueAt !== undefined && Date.parse(file.dueAt) <= now) ||
      // The sweep itself sees only roles that exist and still trust a web identity.
      (sweeps && (file.findings.some(isOpen) || isContained(file))),
  );
  await queue.send([
    ...due.map(({ roleName }): CheckRole => ({ kind: 'check-role', accountId, roleName })),
    ...(sweeps ? [{ kind: 'sweep', accountId } as const] : []),
  ]);
}

/** One page of an account's roles; the next one is another message. */
export async function sweep(
  { accounts, queue }: SweepPorts,
  { accountId, providerArn, marker }: SweepAccount,
): Promise<void> {
  const survey = await accounts.survey(accountId);
  const page = await survey.roles(marker);
  const checks = page.roles
    .filter(({ trustPolicy }) =>
      providerArn === undefined ? mayConcern(trustPolicy) : providersIn(trustPolicy).includes(providerArn),
    )
    .map(({ roleName }): GuardRequest => ({ kind: 'check-role', accountId, roleName }));
  const rest: readonly GuardRequest[] =
    page.marker === undefined
      ? []
      : [{ kind: 'sweep', accountId, ...(providerArn && { providerArn }), marker: page.marker }];
  await queue.send([...checks, ...rest]);
}

/** The roles whose rights changed with a policy. */
export async function checkPolicy(
  { accounts, queue }: SweepPorts,
  { accountId, policyArn }: { readonly accountId: AccountId; readonly policyArn: string },
): Promise<void> {
  const survey = await accounts.survey(accountId);
  const roles = await survey.rolesWith(policyArn);
  await queue.send(roles.map((roleName) => ({ kind: 'check-role', accountId, roleName })));
}
