/** The benchmarks, one section each. */
import { startLocalCloud } from '../bin/local.ts';
import { bundleSection } from './bundles.ts';
import { callsSection } from './calls.ts';
import { coldSection } from './cold.ts';
import { coreSection } from './core.ts';
import { type Deployed, deploy } from './deployed.ts';
import { edgeSection } from './edge.ts';
import type { Section } from './figures.ts';
import { lintSection } from './lint.ts';
import { scaleSection } from './scale.ts';
import { SECTION_NAMES, type SectionName } from './sections.ts';
import { type Services, startServices } from './services.ts';
import { warmSection } from './warm.ts';

export interface BenchOptions {
  /** Which, in the order of {@link SECTION_NAMES}. */
  readonly sections: ReadonlySet<SectionName>;
  /** File of an organization's events; undefined: the fixtures. */
  readonly records: string | undefined;
  readonly tell: (line: string) => void;
}

/** Measures, one section after the other: two at once would measure each other. */
export async function bench({ sections, records, tell }: BenchOptions): Promise<Section[]> {
  const onFunctions =
    (measure: (deployed: Deployed, services: Services, tell: (line: string) => void) => Promise<Section>) =>
    async (): Promise<Section> => {
      const deployed = deploy();
      const services = await startServices();
      try {
        return await measure(deployed, services, tell);
      } finally {
        services.close();
        deployed.remove();
      }
    };
  const all: Readonly<Record<SectionName, () => Section | Promise<Section>>> = {
    bundles: bundleSection,
    cold: onFunctions(coldSection),
    warm: onFunctions(warmSection),
    calls: () => callsSection(startLocalCloud, tell),
    edge: () => edgeSection(records),
    scale: () => scaleSection(startLocalCloud, tell),
    core: coreSection,
    lint: lintSection,
  };
  const done: Section[] = [];
  for (const name of SECTION_NAMES) {
    if (!sections.has(name)) continue;
    tell(`${name} …`);
    done.push(await all[name]());
  }
  return done;
}
