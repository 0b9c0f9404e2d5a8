/** Cold starts: sparse events make them the common case. */
import { ROLE_FUNCTION_NAMES, type RoleFunctionName } from '../core/naming.ts';
import { type Deployed, logsInToEntra } from './deployed.ts';
import { bounded, type Section, table } from './figures.ts';
import { type Measured, measure, processMs } from './processes.ts';
import { INPUTS } from './scene.ts';
import type { Services } from './services.ts';
import { interleaved, median, pairedRatio, rounded } from './statistics.ts';

const ROUNDS = 21;

interface Cold {
  readonly name: RoleFunctionName;
  readonly needsEntra: boolean;
  /** Medians, in milliseconds. */
  readonly initMs: number;
  readonly firstMs: number;
  readonly defaultInitMs: number;
  readonly defaultFirstMs: number;
  /** Processor time of both, in milliseconds: what a Lambda with a fraction of a processor waits for. */
  readonly cpuMs: number;
  /** Medians of the ratios of pairs. */
  readonly toDefault: number;
  readonly cpuToDefault: number;
  readonly toEmptyProcess: number;
  readonly peakMB: number;
}

type Ratio = 'toDefault' | 'cpuToDefault' | 'toEmptyProcess';

const sum = ({ initMs, invocationsMs: [first = 0] }: Measured): number => initMs + first;

const cpu = ({ coldCpuMs }: Measured): number => coldCpuMs;

async function cold(name: RoleFunctionName, deployed: Deployed, services: Services): Promise<Cold> {
  const env = deployed.environment(name, services);
  const run = (file: string) => () => measure(file, INPUTS[name], env, 1);
  const { recipe, byDefault } = await interleaved(
    { recipe: run(deployed.recipe[name]), byDefault: run(deployed.byDefault[name]) },
    ROUNDS,
  );
  const processes = await interleaved(
    {
      bundle: () => processMs(deployed.recipe[name], env),
      empty: () => processMs(deployed.empty, env),
    },
    ROUNDS,
  );
  const of = (runs: Measured[], value: (run: Measured) => number) => rounded(median(runs.map(value)));
  return {
    name,
    needsEntra: logsInToEntra(name),
    initMs: of(recipe, ({ initMs }) => initMs),
    firstMs: of(recipe, ({ invocationsMs: [first = 0] }) => first),
    defaultInitMs: of(byDefault, ({ initMs }) => initMs),
    defaultFirstMs: of(byDefault, ({ invocationsMs: [first = 0] }) => first),
    cpuMs: of(recipe, cpu),
    toDefault: rounded(pairedRatio(recipe.map(sum), byDefault.map(sum))),
    cpuToDefault: rounded(pairedRatio(recipe.map(cpu), byDefault.map(cpu))),
    toEmptyProcess: rounded(pairedRatio(processes.bundle, processes.empty)),
    peakMB: of(recipe, ({ firstPeakMB }) => firstPeakMB),
  };
}

export async function coldSection(
  deployed: Deployed,
  services: Services,
  tell: (line: string) => void,
): Promise<Section> {
  const all: Cold[] = [];
  for (const name of ROLE_FUNCTION_NAMES) {
    tell(`Cold starts of ${name} …`);
    all.push(await cold(name, deployed, services));
  }
  const most = (of: Ratio, withEntra: boolean) =>
    Math.max(...all.filter(({ needsEntra }) => needsEntra === withEntra).map((one) => one[of]));
  return {
    title: `Cold start (medians of ${ROUNDS} pairs)`,
    figures: [
      bounded('process', most('toEmptyProcess', false)),
      bounded('process-entra', most('toEmptyProcess', true)),
      bounded('cold', most('toDefault', false)),
      bounded('cold-entra', most('toDefault', true)),
      bounded('cold-cpu', most('cpuToDefault', false)),
      bounded('cold-cpu-entra', most('cpuToDefault', true)),
    ],
    table: table([
      [
        'function',
        'init ms',
        'first ms',
        'CDK default init',
        'first',
        'init + first ÷ CDK default',
        'CPU ms',
        'CPU ÷ CDK default',
        'process ÷ empty',
        'peak MB',
      ],
      ...all.map((one) => [
        one.name,
        one.initMs,
        one.firstMs,
        one.defaultInitMs,
        one.defaultFirstMs,
        one.toDefault,
        one.cpuMs,
        one.cpuToDefault,
        one.toEmptyProcess,
        one.peakMB,
      ]),
    ]),
    details: all,
  };
}
