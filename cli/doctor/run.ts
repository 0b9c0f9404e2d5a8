import { accountId, roleArn } from '../../core/ids.ts';
import { CommandFailure, EXIT } from '../failure.ts';
import type { Io } from '../io.ts';
import { knownFactoryIfAny } from '../settings.ts';
import { givenToken } from '../trust/inputs.ts';
import { type AccessOptions, accessOf } from './access.ts';
import { type Check, perform } from './check.ts';
import { estateOf } from './estate.ts';
import { factoryChecks } from './factory-checks.ts';
import { memberChecks } from './member-checks.ts';
import { countsOf, printFindings } from './print.ts';
import { roleChecks } from './role-checks.ts';
import { tenantChecks } from './tenant-checks.ts';

export interface DoctorOptions extends AccessOptions {
  readonly config?: string;
  readonly roleArn?: string;
  readonly tokenFile?: string;
  readonly claims?: string;
  readonly json?: true;
}

export async function runDoctor(io: Io, given: DoctorOptions): Promise<void> {
  const { config: file, json, ...options } = given;
  const config = knownFactoryIfAny(file === undefined ? {} : { config: file })?.config;
  if (config === undefined) {
    throw new CommandFailure('usage', 'NoConfig', 'There is no config here, and none is named', {
      remedy: 'Say --config <file>: the one with which the factory was deployed.',
    });
  }
  const estate = estateOf(config);
  const role = roleOf(io, given);
  const access = await accessOf(io, options, estate, role?.roleArn);
  const checks: Check[] = [
    ...memberChecks(access.member, access.memberAccountId, estate),
    ...factoryChecks(access.factory, access.memberAccountId, estate),
    ...tenantChecks(access.tenant, access.factory, estate),
    ...(role ? roleChecks(access, role, estate) : []),
  ];
  if (io.outputIsTerminal) io.tell(`${checks.length} checks …`);
  const findings = await Promise.all(checks.map(perform));
  const counts = countsOf(findings);
  if (json) io.out(JSON.stringify({ ok: counts.FAIL === 0, counts, checks: findings }));
  else printFindings(io, findings);
  if (counts.FAIL > 0) io.exitCode = EXIT.no;
}

function roleOf(io: Io, { roleArn: arn, tokenFile, claims }: DoctorOptions) {
  const hasToken = tokenFile !== undefined || claims !== undefined;
  if (arn === undefined) {
    if (!hasToken) return undefined;
    throw new CommandFailure('usage', 'InvalidInput', 'A token is judged with --role-arn only');
  }
  const role = { roleArn: roleArn(arn), accountId: accountId(arn.split(':')[4]) };
  if (!hasToken) return role;
  return { ...role, token: givenToken(io, { ...(tokenFile && { tokenFile }), ...(claims && { claims }) }) };
}
