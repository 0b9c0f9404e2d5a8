/** What the developers of a run do, and when: drawn from the seed alone. */
import { type Chance, chance } from './chance.ts';
import { SERVED, type Shape } from './trust.ts';

export type Act =
  /** IAM compares names without regard to case; `spelled` is one of them. */
  | { readonly kind: 'create'; readonly spelled: string; readonly shape: Shape }
  | { readonly kind: 'delete' }
  /** A tag of the developer's own. */
  | { readonly kind: 'tag' }
  | { readonly kind: 'ignore' | 'heed' }
  /** Lets a managed identity in, by the `sub` condition, on the policy as it is then. */
  | { readonly kind: 'pin' }
  /** IaC puts the trust policy of the creation back. */
  | { readonly kind: 'restore' }
  /** The trust policy concerns the tenant no more. */
  | { readonly kind: 'withdraw' };

export interface Step {
  /** Seconds of the product's time since the script began. */
  readonly at: number;
  readonly act: Act;
}

/** The lives of one role name, one after the other. */
export interface Story {
  /** Index of the member account. */
  readonly member: number;
  readonly roleName: string;
  readonly steps: readonly Step[];
}

/** Seconds between the first creation and the last, for each role. */
const SECONDS_PER_ROLE = 2.5;

/** One story for each of `roles`. */
export function writeScript(options: { roles: number; members: number; seed: number }): Story[] {
  const draw = chance(options.seed, 'script');
  return Array.from({ length: options.roles }, (_, index) => {
    const roleName = `role-${index + 1}`;
    const member = draw.int(0, options.members - 1);
    const start = draw.between(0, options.roles * SECONDS_PER_ROLE);
    return { member, roleName, steps: lives(roleName, start, draw) };
  });
}

const MOST_LIVES = 3;

function lives(name: string, start: number, draw: Chance): Step[] {
  const steps: Step[] = [];
  let at = start;
  const then = (act: Act, pause = pauseOf(draw)): void => {
    at += pause;
    steps.push({ at, act });
  };
  for (let life = 1; ; life++) {
    const spelled = life > 1 && draw.happens(0.3) ? name.toUpperCase() : name;
    const shape = shapeOf(draw);
    then({ kind: 'create', spelled, shape }, life === 1 ? 0 : pauseOf(draw));
    if (draw.happens(0.1)) then({ kind: 'tag' });
    if (SERVED.includes(shape)) for (const act of editsOf(draw)) then(act);
    if (!draw.happens(0.55)) return steps;
    then({ kind: 'delete' });
    if (life === MOST_LIVES || !draw.happens(0.5)) return steps;
  }
}

/** At once, while the workflow runs, about when it ends, or well after it: seconds of the product's time. */
const PAUSES: [Range, ...Range[]] = [
  [0, 0],
  [0, 10],
  [10, 60],
  [10, 60],
  [60, 200],
];
type Range = readonly [from: number, to: number];

function pauseOf(draw: Chance): number {
  const [from, to] = draw.pick(PAUSES);
  return draw.between(from, to);
}

function shapeOf(draw: Chance): Shape {
  const drawn = draw.next();
  if (drawn < 0.35) return 'placeholder';
  if (drawn < 0.55) return 'bare-word';
  if (drawn < 0.7) return 'with-others';
  if (drawn < 0.8) return 'managed-identity';
  return draw.pick(['other-tenant', 'chosen-audience', 'others-audience', 'ignored']);
}

function editsOf(draw: Chance): Act[] {
  const drawn = draw.next();
  if (drawn < 0.12) return [{ kind: 'pin' }];
  if (drawn < 0.18) return [{ kind: 'restore' }];
  if (drawn < 0.23) return [{ kind: 'withdraw' }];
  if (drawn < 0.28) return [{ kind: 'ignore' }];
  if (drawn < 0.33) return [{ kind: 'ignore' }, { kind: 'heed' }];
  return [];
}
