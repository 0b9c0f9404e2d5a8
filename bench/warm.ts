/** What an invocation costs once its environment is warm: time, requests, connections, logins, memory. */
import { ROLE_FUNCTION_NAMES, type RoleFunctionName } from '../core/naming.ts';
import { type Deployed, logsInToEntra } from './deployed.ts';
import { bounded, type Section, table } from './figures.ts';
import { type Measured, measure } from './processes.ts';
import { INPUTS } from './scene.ts';
import type { Services } from './services.ts';
import { median, quantile, rounded } from './statistics.ts';

const INVOCATIONS = 500;
const SLOW_INVOCATIONS = 40;
const SLOW_CALL_MS = 30;

interface Warm {
  readonly name: RoleFunctionName;
  /** In milliseconds; the first invocation is not among them. */
  readonly medianMs: number;
  readonly p95Ms: number;
  /** The median where each call takes 30 ms. */
  readonly slowMs: number;
  readonly requestsFirst: number;
  /** By each later invocation. */
  readonly requests: number;
  readonly connectionsFirst: number;
  readonly connections: number;
  readonly firstPeakMB: number;
  readonly peakMB: number;
}

interface Traffic {
  readonly run: Measured;
  readonly requests: number;
  readonly connections: number;
}

const total = (counts: Iterable<number>): number => [...counts].reduce((sum, count) => sum + count, 0);

async function warm(name: RoleFunctionName, deployed: Deployed, services: Services): Promise<Warm> {
  const env = deployed.environment(name, services);
  const traffic = async (times: number): Promise<Traffic> => {
    services.reset();
    const run = await measure(deployed.recipe[name], INPUTS[name], env, times);
    return { run, requests: total(services.calls.values()), connections: services.connections };
  };
  const first = await traffic(1);
  const { run, ...all } = await traffic(INVOCATIONS);
  services.latencyMs = SLOW_CALL_MS;
  const slow = await traffic(SLOW_INVOCATIONS);
  services.latencyMs = 0;
  const later = run.invocationsMs.slice(1);
  const perInvocation = (of: 'requests' | 'connections') =>
    rounded((all[of] - first[of]) / (INVOCATIONS - 1));
  return {
    name,
    medianMs: rounded(median(later)),
    p95Ms: rounded(quantile(later, 0.95)),
    slowMs: rounded(median(slow.run.invocationsMs.slice(1))),
    requestsFirst: first.requests,
    requests: perInvocation('requests'),
    connectionsFirst: first.connections,
    connections: perInvocation('connections'),
    firstPeakMB: rounded(run.firstPeakMB),
    peakMB: rounded(run.peakMB),
  };
}

/** Assertions of AWS for each access token of Entra, where every invocation has to log in. */
async function assertionsPerToken(deployed: Deployed, services: Services): Promise<number> {
  const names = ROLE_FUNCTION_NAMES.filter(logsInToEntra);
  // Shorter than the margin within which a token is renewed.
  services.tokenSeconds = 60;
  services.reset();
  for (const name of names) {
    await measure(deployed.recipe[name], INPUTS[name], deployed.environment(name, services), 10);
  }
  services.tokenSeconds = 3599;
  return (services.calls.get('GetWebIdentityToken') ?? 0) / (services.calls.get('token') ?? 0);
}

export async function warmSection(
  deployed: Deployed,
  services: Services,
  tell: (line: string) => void,
): Promise<Section> {
  const all: Warm[] = [];
  for (const name of ROLE_FUNCTION_NAMES) {
    tell(`Warm invocations of ${name} …`);
    all.push(await warm(name, deployed, services));
  }
  const growth = Math.max(...all.map(({ firstPeakMB, peakMB }) => peakMB / firstPeakMB));
  const peak = Math.max(...all.map(({ peakMB }) => peakMB));
  return {
    title: `Warm invocations and memory (${INVOCATIONS} of each)`,
    figures: [
      bounded('tls-connections', Math.max(...all.map(({ connections }) => connections))),
      bounded('assertions', await assertionsPerToken(deployed, services)),
      bounded('memory', peak),
      bounded('memory-growth', rounded(growth)),
    ],
    table: table([
      [
        'function',
        'ms',
        'p95',
        `with ${SLOW_CALL_MS} ms per call`,
        'requests, first',
        'later',
        'connections, first',
        'later',
        'peak MB, first',
        'last',
      ],
      ...all.map((one) => [
        one.name,
        one.medianMs,
        one.p95Ms,
        one.slowMs,
        one.requestsFirst,
        one.requests,
        one.connectionsFirst,
        one.connections,
        one.firstPeakMB,
        one.peakMB,
      ]),
    ]),
    details: all,
  };
}
