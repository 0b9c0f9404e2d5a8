import { connectionOf } from '../../core/connection.ts';
import { roleArn } from '../../core/ids.ts';
import type { AwsOptions } from '../aws.ts';
import { EXIT } from '../failure.ts';
import { regionOf, roleOf } from '../iam.ts';
import type { Io } from '../io.ts';
import { factsOf } from './facts.ts';
import type { Facts, Plan } from './plan.ts';
import { printPlan } from './print.ts';
import { aks } from './targets/aks.ts';
import { azure } from './targets/azure.ts';
import { azureDevOps } from './targets/azure-devops.ts';
import { github } from './targets/github.ts';
import { gitlab } from './targets/gitlab.ts';
import { onprem } from './targets/onprem.ts';
import type { Target } from './targets.ts';

const PLANS: Readonly<Record<Target, (facts: Facts) => Plan>> = {
  azure,
  aks,
  github,
  gitlab,
  'azure-devops': azureDevOps,
  onprem,
};

export interface ConnectOptions extends AwsOptions {
  readonly roleArn: string;
  readonly for: Target;
  readonly json?: true;
}

export async function runConnect(io: Io, options: ConnectOptions): Promise<void> {
  const role = await roleOf(io, options, roleArn(options.roleArn));
  const readiness = connectionOf(role);
  if (readiness.kind === 'not-ready') {
    const { kind: _, ...answer } = readiness;
    const remedy = answer.remedy.replace('<role>', role.roleArn);
    io.exitCode = EXIT.no;
    if (options.json) io.out(JSON.stringify({ ready: false, roleArn: role.roleArn, ...answer, remedy }));
    else io.out(`${io.paint('red', 'Not ready')} (${answer.status}): ${answer.detail}\n${remedy}`);
    return;
  }
  const region = await regionOf(io, options, role.roleArn.split(':')[1]);
  const facts = factsOf(role, readiness.connection, region, io.env);
  const plan = PLANS[options.for](facts);
  if (options.json) io.out(JSON.stringify(asJson(facts, plan, options.for)));
  else printPlan(io, facts, plan);
}

function asJson(facts: Facts, { steps, federatedCredential, direct }: Plan, target: Target) {
  const { roleArn: arn, issuer, clientId, audience, providerArn, subject, subjects, region } = facts;
  const snippets = steps.flatMap((step) => step.snippets ?? []);
  return {
    ready: true,
    for: target,
    roleArn: arn,
    providerArn,
    issuer: issuer.url,
    tenantId: issuer.tenantId,
    clientId,
    audience,
    scope: `${audience}/.default`,
    subject,
    subjects,
    region,
    federatedCredential: federatedCredential ?? null,
    direct: direct ?? null,
    steps: steps.map(({ title, text = '', snippets = [] }) => ({
      title,
      text,
      snippets: snippets.map(({ name }) => name),
    })),
    snippets: Object.fromEntries(snippets.map(({ name, content }) => [name, content])),
  };
}
