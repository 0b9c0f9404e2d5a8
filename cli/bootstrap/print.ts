import type { Plan } from '../../core/bootstrap/plan.ts';
import { inWords } from '../../core/bootstrap/steps.ts';
import type { Verdict } from '../../core/doctor/verdict.ts';
import type { FactoryConfig } from '../../lib/config/config.ts';
import type { Io } from '../io.ts';

/** What the config needs to know of the factory's application. */
export type EntraIds = Pick<FactoryConfig['entra'], 'factoryAppId' | 'factoryServicePrincipalId'>;

export interface Result {
  /** Nothing is left to be done. */
  readonly complete: boolean;
  readonly done: readonly string[];
  readonly left: readonly string[];
  readonly notices: readonly string[];
  /** Undefined: not made yet. */
  readonly entra: EntraIds | undefined;
  readonly placeholders: readonly string[];
  /** Directory objects that the factory's application holds. */
  readonly quota: Verdict | undefined;
}

export function printPlan(io: Io, { steps, notices }: Plan, out: (line: string) => void): void {
  if (steps.length === 0) out('Nothing is to be done in the tenant.');
  else out(io.paint('bold', 'What will be done in the tenant'));
  for (const [index, step] of steps.entries()) out(`  ${index + 1}. ${inWords(step)}`);
  for (const notice of notices) out(`  ${io.paint('yellow', 'Look at this')}: ${notice}.`);
}

/** `configured`: what the config says by now. */
export function printResult(io: Io, result: Result, configured: EntraIds): void {
  const { done, left, entra, quota, placeholders } = result;
  if (left.length > 0 && done.length === 0)
    io.out('Nothing was done: say --yes, or agree to it at a terminal.');
  else if (left.length > 0) {
    io.out(io.paint('bold', 'Done, but Entra does not show it yet: run it again'));
    for (const step of left) io.out(`  ${step}`);
  }
  if (entra) {
    const ids = Object.entries(entra) as [keyof EntraIds, string][];
    const said = ids.every(([name, id]) => id.toLowerCase() === configured[name].toLowerCase());
    io.out(io.paint('bold', said ? 'The config says so already' : 'Put this into the config, under entra'));
    for (const [name, id] of ids) io.out(`  "${name}": "${id}"`);
    io.out(`  (placeholders: ${placeholders.join(', ')})`);
  }
  if (quota) io.out(`  directory objects: ${quota.status === 'OK' ? '' : `${quota.status} `}${quota.detail}`);
}
