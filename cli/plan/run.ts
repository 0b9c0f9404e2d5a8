import { type Approval, ofKinds, type PlanDocument, startsOf } from '../../core/drift/approval.ts';
import { planHash, type Step } from '../../core/drift/step.ts';
import { type AccountId, accountId, type RoleArn } from '../../core/ids.ts';
import { deployedFactory, type FactoryOptions } from '../factory.ts';
import { EXIT } from '../failure.ts';
import type { Io } from '../io.ts';
import { writePlan } from './file.ts';
import { planned } from './planned.ts';
import { printSteps, printSummary } from './print.ts';

export interface PlanOptions extends FactoryOptions, Approval {
  readonly account?: readonly AccountId[];
  readonly adopt?: readonly RoleArn[];
  readonly out?: string;
  readonly json?: true;
}

export async function plan(io: Io, given: PlanOptions): Promise<void> {
  const { account: accounts, adopt = [], out, json } = given;
  const factory = await deployedFactory(io, given);
  const found = await planned(io, factory, {
    ...(accounts && { accounts }),
    ...(adopt.length > 0 && { adopt }),
  });
  const steps = ofKinds(found.steps, given);
  const document: PlanDocument = {
    version: 1,
    hash: planHash(steps),
    plannedAt: found.plannedAt,
    accountId: accountId(factory.caller.accountId),
    region: factory.caller.region,
    prefix: factory.prefix,
    adopt,
    steps,
  };
  if (out !== undefined) writePlan(out, document);
  if (json) io.out(JSON.stringify({ ...document, unplanned: found.unplanned }));
  else {
    printSteps(io, steps, io.out);
    printSummary(io, steps, document.hash, io.out);
    if (out !== undefined && startsOf(steps).length > 0) io.out(`Carry it out: oidc-factory apply ${out}`);
  }
  for (const arn of adopt.filter((one) => !steps.some((step) => isAbout(step, one)))) {
    io.tell(
      `${arn} is not in the plan: not there, served already, protected, or of a form that never consents`,
    );
  }
  for (const id of found.unplanned) io.tell(`${id} could not be planned: try again`);
  if (found.unplanned.length > 0) io.exitCode = EXIT.unavailable;
  else if (startsOf(steps).length > 0) io.exitCode = EXIT.no;
}

const isAbout = ({ accountId: account, subject, start }: Step, arn: RoleArn): boolean =>
  start !== undefined &&
  subject.kind === 'role' &&
  arn.split(':')[4] === account &&
  arn.endsWith(`/${subject.roleName}`);
