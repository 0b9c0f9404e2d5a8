/**
 * The switch that every step hangs on. A step that the factory is paused for does not begin, and none writes anything
 * outside without asking right before the call: a pause in the middle of a step counts within seconds.
 */
import { dependsOnUnits, isDirectoryFull, modeOf } from '../core/control.ts';
import { FactoryError } from '../core/errors.ts';
import type { AccountId, ExecutionArn } from '../core/ids.ts';
import type { LedgerEntry } from '../core/ledger-entry.ts';
import type { Mode } from '../core/settings.ts';
import type { ControlState, Directory, InspectAccess, Ports, TrustAccess } from './ports.ts';
import type { ControlSettings } from './settings.ts';

/** How a step that begins has to behave. */
export interface Stance {
  readonly mode: Mode;
  /** Whether the breaker of the directory is open. */
  readonly isDirectoryFull: boolean;
}

export type SwitchPorts = Pick<Ports, 'control' | 'clock' | 'telemetry'>;

/**
 * Reads control, at most every `controlSeconds`, or where what is known is older than `most` seconds. Fails with Paused
 * while the factory is, and while nobody can tell. The account is named where its units matter.
 */
export function unlessPaused(
  { control, clock, telemetry }: SwitchPorts,
  { controlSeconds }: Pick<ControlSettings, 'controlSeconds'>,
): (accountId?: AccountId, most?: number) => Promise<ControlState> {
  const known = new Map<AccountId | undefined, ControlState & { readonly at: number }>();

  async function stateOf(accountId: AccountId | undefined, most: number): Promise<ControlState> {
    const last = known.get(accountId);
    const at = clock.now();
    if (last && at - last.at < most * 1000) return last;
    try {
      const state = await control.read(accountId);
      known.set(accountId, { ...state, at });
      return state;
    } catch (cause) {
      telemetry.problem('The control document cannot be read', cause);
      throw new FactoryError('Paused', 'The control document cannot be read', { cause });
    }
  }

  return async (accountId, most = controlSeconds) => {
    const state = await stateOf(accountId, most);
    if (state.document.paused) throw new FactoryError('Paused');
    return state;
  };
}

/** Whether an account may be served, and how. Fails with Paused, as above. */
export function switchOf(
  ports: SwitchPorts,
  settings: ControlSettings,
): (accountId: AccountId, most?: number) => Promise<Stance> {
  const read = unlessPaused(ports, settings);
  return async (accountId, most) => {
    const { document, organizationalUnits } = await read(
      dependsOnUnits(settings, accountId) ? accountId : undefined,
      most,
    );
    return {
      mode: modeOf(settings, accountId, organizationalUnits),
      isDirectoryFull: isDirectoryFull(document, ports.clock.now()),
    };
  };
}

/** What this very run has begun is not given up where its account is only observed: it waits as in a pause. */
export function assertNotBegun(entry: LedgerEntry | undefined, execution: ExecutionArn): void {
  if (entry?.owner === execution) throw onlyObserved();
}

const onlyObserved = () => new FactoryError('Paused', 'The account is only observed');

/** A step's input: `run` begins one, `entry` alone is under way. */
type StepInput =
  | { readonly run: { readonly accountId: AccountId } }
  | { readonly entry: Pick<LedgerEntry, 'accountId'> };

/**
 * The handler of a step behind the switch. A step that begins a run is told the mode and decides by it; to one that is
 * under way, an account that only observes is as good as paused.
 */
export function switched<P extends object, S, I extends StepInput, O>(
  step: (ports: P, settings: S) => (input: I, stance: Stance) => Promise<O>,
  ports: P & SwitchPorts,
  settings: S & ControlSettings,
): (input: I) => Promise<O> {
  const ask = switchOf(ports, settings);
  return async (input) => {
    const { accountId } = 'run' in input ? input.run : input.entry;
    const mayRead = () => ask(accountId);
    // Between the last look at a role and the write to it no further call shall be: each look asks already.
    const mayWrite = async () => {
      const { mode } = await ask(accountId, 2 * settings.controlSeconds);
      if (mode === 'observe') throw onlyObserved();
    };
    const stance = await mayRead();
    if (!('run' in input)) await mayWrite();
    return step(asking(ports, mayWrite, mayRead), settings)(input, stance);
  };
}

/** The ports, whose every call to the outside asks first. */
function asking<P extends object>(ports: P, mayWrite: MayAct, mayRead: MayAct): P {
  const { accounts, directory }: Partial<Pick<Ports, 'accounts' | 'directory'>> = ports;
  return {
    ...ports,
    ...(accounts && { accounts: openingCareful(accounts, mayWrite, mayRead) }),
    ...(directory && { directory: careful(directory, mayWrite, mayRead) }),
  };
}

/** Methods that change nothing. Whatever is not named here is taken for a write. */
const READS: ReadonlySet<PropertyKey> = new Set([
  'getRole',
  'getProvider',
  'originOf',
  'application',
  'servicePrincipal',
] satisfies (keyof (InspectAccess & TrustAccess & Directory))[]);

type MayAct = () => Promise<unknown>;
const ALWAYS: MayAct = async () => {};

/** A port that asks before it changes anything; before it looks, too, where somebody says how. */
export const careful = <Port extends object>(port: Port, mayWrite: MayAct, mayRead: MayAct = ALWAYS): Port =>
  wrapped(port, (method, name) => async (...args) => {
    await (READS.has(name) ? mayRead : mayWrite)();
    return method(...args);
  });

/** A port whose methods open such sessions: opening one changes nothing. */
export const openingCareful = <Port extends object>(
  accounts: Port,
  mayWrite: MayAct,
  mayRead: MayAct = ALWAYS,
): Port =>
  wrapped(
    accounts,
    (open) =>
      async (...args) =>
        careful((await open(...args)) as object, mayWrite, mayRead),
  );

type Method = (...args: unknown[]) => unknown;

const wrapped = <Port extends object>(
  port: Port,
  wrap: (method: Method, name: PropertyKey) => Method,
): Port =>
  new Proxy(port, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name, target);
      return typeof member === 'function' ? wrap(member.bind(target) as Method, name) : member;
    },
  });
