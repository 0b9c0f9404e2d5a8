/**
 * Which of the allowed actions were used. Every test file that runs a factory leaves what its sandbox saw in one
 * folder; the last test of the suite reads them together.
 */
import { randomUUID } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { PolicyUse } from '../../sandbox/cloud.ts';
import type { Sandbox } from '../../sandbox/start.ts';
import { type AllowedAction, keyOf, RESOURCE_POLICY, TRUST_POLICY } from './allowed-actions.ts';

/** Where the factories of one run of the tests leave what they saw. */
export const policyUseDir = (runDir: string): string => join(runDir, 'policy-use');

/** What a test file leaves: before its tests which file it is, when a sandbox closes what was used there. */
interface Report {
  readonly testFile?: string;
  /** {@link keyOf} the actions. */
  readonly used?: readonly string[];
}

const leave = (runDir: string, report: Report): void =>
  writeFileSync(join(policyUseDir(runDir), `${randomUUID()}.json`), JSON.stringify(report));

/** Says that a test file takes part. */
export const reportTestFile = (runDir: string, testFile: string): void => leave(runDir, { testFile });

/** Collects the uses of one sandbox. */
export function policyUses(): {
  readonly onPolicyUse: (use: PolicyUse) => void;
  /** Leaves what was seen, under the names of the templates. */
  report(runDir: string, sandbox: Pick<Sandbox, 'stacks'>): void;
} {
  const seen = new Map<string, Pick<AllowedAction, 'policy' | 'statement' | 'action'>>();
  return {
    onPolicyUse: ({ by }) => {
      for (const { policy, statement, actions } of by)
        for (const action of actions) {
          const use = { policy, statement, action };
          seen.set(keyOf(use), use);
        }
    },
    report: (runDir, sandbox) => {
      const templateName = templateNames(sandbox);
      const used = [...seen.values()].flatMap((use) => {
        const policy = templateName(use.policy);
        return policy === undefined ? [] : [keyOf({ ...use, policy })];
      });
      leave(runDir, { used: [...new Set(used)] });
    },
  };
}

/** All reports of a run so far. */
export function readReports(runDir: string): { testFiles: ReadonlySet<string>; used: ReadonlySet<string> } {
  const dir = policyUseDir(runDir);
  const reports = (existsSync(dir) ? readdirSync(dir) : []).map(
    (file) => JSON.parse(readFileSync(join(dir, file), 'utf8')) as Report,
  );
  return {
    testFiles: new Set(reports.flatMap(({ testFile = [] }) => testFile)),
    used: new Set(reports.flatMap(({ used = [] }) => used)),
  };
}

/** From the sandbox's names of policies to those of the templates; undefined for policies that tests made. */
function templateNames({ stacks }: Pick<Sandbox, 'stacks'>): (policy: string) => string | undefined {
  const owners = new Map(
    stacks.flatMap(({ name, resources }) =>
      [...resources].flatMap(([id, { attributes }]) => {
        // A topic calls it otherwise.
        const arn = attributes?.Arn ?? attributes?.TopicArn;
        return arn === undefined ? [] : [[arn, `${name}/${id}`] as const];
      }),
    ),
  );
  return (policy) => {
    const [, which, arn = ''] = /^(trust policy|policy) of (.+)$/.exec(policy) ?? [];
    const [, roleArn = '', inline] = /^(.+)\/([^/]+)$/.exec(policy) ?? [];
    const owner = owners.get(which === undefined ? roleArn : arn);
    if (owner === undefined) return undefined;
    if (which === undefined) return `${owner} ${inline}`;
    return `${owner} ${which === 'policy' ? RESOURCE_POLICY : TRUST_POLICY}`;
  };
}
