/** `oidc-factory bootstrap entra`: what is missing in the tenant, shown, agreed to, and made. */
import { type Plan, planTenant, type Step } from '../../core/bootstrap/plan.ts';
import { inWords, rightFor } from '../../core/bootstrap/steps.ts';
import {
  type DesiredTenant,
  desiredTenant,
  type FactoryInTenant,
  type SeenTenant,
} from '../../core/bootstrap/tenant.ts';
import { judgeQuota } from '../../core/doctor/tenant.ts';
import { unknown, type Verdict } from '../../core/doctor/verdict.ts';
import { FactoryError, isFactoryError } from '../../core/errors.ts';
import { accountId, audience, type TenantId, tenantId } from '../../core/ids.ts';
import { partitionOfRegion } from '../../core/issuer.ts';
import { decodeToken } from '../../core/token.ts';
import type { LoginName } from '../../credentials/login.ts';
import { systemClock } from '../../lambdas/adapters/clock.ts';
import { tenantReads } from '../doctor/tenant-reads.ts';
import { graphLogin, isLoginConfigured } from '../entra.ts';
import { CommandFailure, EXIT } from '../failure.ts';
import { type GraphLogin, graphClient } from '../graph.ts';
import type { Io } from '../io.ts';
import { earlyConfig } from './config.ts';
import { factoryLogin } from './login.ts';
import { type EntraIds, printPlan, printResult, type Result } from './print.ts';
import { readTenant } from './tenant-reads.ts';
import { type StepTaker, stepTaker } from './tenant-writes.ts';

export interface BootstrapOptions {
  readonly config?: string;
  /** Of the factory account. */
  readonly profile?: string;
  readonly credential?: LoginName;
  readonly outboundIssuer?: string;
  readonly yes?: true;
  readonly json?: true;
}

/** How long a call is tried again, and how long the result may take to show: new objects replicate. */
const PATIENCE_SECONDS = 120;
const LOOK_AGAIN_MS = 2_000;

export async function bootstrapEntra(io: Io, given: BootstrapOptions): Promise<void> {
  const { config, appId } = earlyConfig(given.config);
  const { entra, factory: home, prefix } = config;
  const factory: FactoryInTenant = {
    tenantId: tenantId(entra.tenantId),
    cloud: entra.cloud,
    partition: partitionOfRegion(home.region),
    accountId: accountId(home.accountId),
    prefix,
    placeholders: config.placeholders.map(audience),
    appId,
  };
  const options = { ...(given.profile && { profile: given.profile }), region: home.region };
  const { outboundIssuer } = given;
  const functions = factoryLogin(io, options, { config, factory, outboundIssuer });
  const credential = given.credential ?? (isLoginConfigured(io) ? undefined : 'developer');
  const login = graphLogin(io, credential, factory.cloud);
  const callerId = await whoIs(login, factory.tenantId);
  const graph = graphClient(login, { patienceSeconds: PATIENCE_SECONDS });
  const look = async (): Promise<Situation> => {
    const desired = desiredTenant(factory, await functions.read());
    const seen = await reading(() => readTenant(graph, desired, callerId));
    return { desired, seen, plan: planTenant(desired, seen) };
  };

  const before = await look();
  // With --json the one object comes last; what will be done is told before all the same.
  printPlan(io, before.plan, given.json ? io.tell : io.out);
  refuse(before.plan);
  const { steps } = before.plan;
  const agreed = steps.length > 0 && (given.yes === true || (await io.confirm('Do this?')) === true);
  if (agreed) await takeAll(io, steps, stepTaker(graph, functions.store, before.seen));
  const { desired, seen, plan } = agreed ? await settled(look) : before;

  const result: Result = {
    complete: plan.steps.length === 0 && desired.login.kind !== 'issuer-unknown',
    done: agreed ? steps.map(inWords) : [],
    left: plan.steps.map(inWords),
    notices: plan.notices,
    entra: idsOf(seen),
    placeholders: factory.placeholders,
    quota: await quotaOf(login, seen),
  };
  if (given.json) io.out(JSON.stringify(result));
  else printResult(io, result, entra);
  if (!result.complete) io.exitCode = EXIT.no;
}

interface Situation {
  readonly desired: DesiredTenant;
  readonly seen: SeenTenant;
  readonly plan: Plan;
}

/** The object id of whoever is logged in. A login to another tenant would set up that one. */
async function whoIs({ getToken }: GraphLogin, tenant: TenantId): Promise<string> {
  const { oid, tid } = decodeToken(await getToken())?.claims ?? {};
  if (typeof oid === 'string' && tid === tenant) return oid;
  throw new CommandFailure('refused', 'WrongTenant', `The login is to tenant ${String(tid)}, not ${tenant}`, {
    remedy: `Log in to the tenant of the config: az login --tenant ${tenant}.`,
  });
}

async function reading<T>(read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    if (!(error instanceof FactoryError)) throw error;
    throw failure(error, 'Graph does not show the tenant', RIGHT_TO_READ);
  }
}

const RIGHT_TO_READ = 'the role Directory Readers, or as an application the permission Application.Read.All';

function refuse({ refusals }: Plan): void {
  if (refusals.length === 0) return;
  throw new CommandFailure('refused', 'ApplicationNotOurs', refusals.join('; '), {
    remedy:
      "Nothing was done. Look at it in Entra, App registrations. If it is the factory's, put its client id into entra.factoryAppId, or remove what is foreign; else delete it.",
  });
}

async function takeAll(io: Io, steps: readonly Step[], { take, factoryAppId }: StepTaker): Promise<void> {
  for (const [index, step] of steps.entries()) {
    try {
      await take(step);
    } catch (error) {
      if (!(error instanceof FactoryError || error instanceof CommandFailure)) throw error;
      const refusal =
        error instanceof CommandFailure
          ? error
          : failure(error, `Not done: ${inWords(step)}`, rightFor(step));
      const remaining = `${index} of ${steps.length} steps are done; run again, it continues there.`;
      const made = factoryAppId();
      throw new CommandFailure(refusal.outcome, refusal.code, refusal.message, {
        remedy: [refusal.remedy, remaining].join(' ').trim(),
        // Whoever else continues names it in the config: an application is not taken for its name alone.
        facts: { ...refusal.facts, ...(made !== undefined && { 'entra.factoryAppId': made }) },
        cause: error,
      });
    }
    io.tell(`${io.paint('green', 'done')}  ${inWords(step)}`);
  }
}

/** `right`: what is missing where Graph denies. */
function failure(error: FactoryError, what: string, right: string): CommandFailure {
  const fail = (outcome: 'refused' | 'unavailable', remedy: string) =>
    new CommandFailure(outcome, error.code, `${what} (${error.message})`, { remedy, cause: error });
  if (error.code === 'DirectoryForbidden') return fail('refused', `It needs ${right}.`);
  return error.retryable ? fail('unavailable', 'Try again later.') : fail('refused', error.remedy);
}

/** What has just been made does not show everywhere at once. */
async function settled(look: () => Promise<Situation>): Promise<Situation> {
  const deadline = systemClock.now() + PATIENCE_SECONDS * 1000;
  for (;;) {
    const situation = await look();
    if (situation.plan.steps.length === 0 || systemClock.now() > deadline) return situation;
    await systemClock.sleep(LOOK_AGAIN_MS);
  }
}

const idsOf = ({ factory }: SeenTenant): EntraIds | undefined =>
  factory?.principal && {
    factoryAppId: factory.appId,
    factoryServicePrincipalId: factory.principal.id,
  };

/** Undefined where there is no application yet. What may not be seen is UNKNOWN. */
async function quotaOf(login: GraphLogin, { factory }: SeenTenant): Promise<Verdict | undefined> {
  const principal = factory?.principal;
  if (!factory || !principal) return undefined;
  const reads = tenantReads({ ...login, ownerId: principal.id });
  try {
    return judgeQuota(await reads.objects({ appId: factory.appId, principalId: principal.id }));
  } catch (error) {
    if (!isFactoryError(error)) throw error;
    return unknown(error.message, `Needs ${RIGHT_TO_READ}.`);
  }
}
