/** The verdict at the end of a run: every rule, against everything that the clouds show. */
import type { Sandbox } from '../start.ts';
import { type Census, type Observers, takeCensus } from './census.ts';
import { wantsService } from './developers.ts';
import type { Estate, Violation } from './estate.ts';
import type { Foreigners } from './foreigners.ts';
import { intruders } from './judge-entry.ts';
import { foreignLosses, orphans, problemsOf, strangersAdmitted } from './judge-rest.ts';
import { leaks } from './judge-secrets.ts';

export interface Verdicts {
  readonly census: Census;
  readonly entriesTried: number;
  readonly violations: readonly Violation[];
}

/** To be called at rest; afterwards the applications have secrets, and there is nothing more to be judged. */
export async function judge(run: {
  readonly sandbox: Sandbox;
  readonly observers: Observers;
  readonly estate: Estate;
  readonly foreigners: Foreigners;
}): Promise<Verdicts> {
  const { sandbox, observers, estate, foreigners } = run;
  const { factoryAppId } = sandbox.world;
  const roles = estate.all();
  const census = await takeCensus(observers, estate.living());
  const ofRoles = roles.map((role) => ({ role, problems: problemsOf(role, census, factoryAppId) }));
  const served = ofRoles.filter(({ role, problems }) => wantsService(role) && problems.length === 0);
  const atRest: Violation[] = [
    ...ofRoles.flatMap(({ role: { accountId, roleName, roleId }, problems }) =>
      problems.map((problem) => ({ accountId, roleName, roleId, ...problem })),
    ),
    ...strangersAdmitted(roles, census),
    ...orphans(roles, census, { factoryAppId, foreignAudiences: foreigners.audiences }),
    ...foreignLosses(census, foreigners),
    ...census.queues
      .filter(({ messages }) => messages > 0)
      .map(({ accountId, arn, messages }) => ({
        rule: 7,
        accountId,
        expected: 'no message is left',
        found: `${messages} in ${arn}`,
      })),
    ...(await leaks(observers, sandbox, census.runs)),
  ];
  const entry = await intruders(
    observers.clients,
    served.map(({ role }) => role),
    foreigners,
  );
  return { census, entriesTried: entry.tried, violations: [...atRest, ...entry.violations] };
}
