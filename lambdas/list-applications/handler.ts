import { eachOf } from '../at-once.ts';
import { pack } from '../pack.ts';
import type { ControlSettings } from '../settings.ts';
import type { DirectorySurvey } from '../sweep-ports.ts';
import { type SwitchPorts, unlessPaused } from '../switch.ts';
import type { ListApplicationsInput, ListApplicationsOutput } from '../workflow.ts';

type ListPorts = SwitchPorts & { readonly directory: DirectorySurvey };

/** What the directory holds of one account, and what it says to a question that only it can answer. */
export const listApplications = (ports: ListPorts, settings: ControlSettings) => {
  const { directory, clock } = ports;
  const ask = unlessPaused(ports, settings);
  return async ({ run, question }: ListApplicationsInput): Promise<ListApplicationsOutput> => {
    await ask();
    const observedAt = clock.now();
    const listed = await directory.applicationsOf(run.accountId);
    const { applications: doubted = [], principals = [] } = question ?? {};
    const unlisted = doubted.filter((id) => !listed.some(({ objectId }) => objectId === id));
    const found = await eachOf(unlisted, (id) => directory.application(id));
    const existing = await eachOf(principals, (id) => directory.hasPrincipal(id));
    return {
      observedAt,
      answers: question !== null,
      applications: pack([...listed, ...found.flatMap((application) => application ?? [])]),
      principals: Object.fromEntries(
        principals.map((id, index) => [id, existing[index] === true ? 'exists' : 'absent']),
      ),
    };
  };
};
