/** Stop and go. */
import type { Pause } from '../../core/control.ts';
import { deployedFactory, type FactoryOptions } from '../factory.ts';
import { CommandFailure } from '../failure.ts';
import type { Io } from '../io.ts';
import { clearControl, readControl, setPause } from './document.ts';

export interface PauseOptions extends FactoryOptions {
  readonly reason?: string;
  readonly json?: true;
}

export async function pause(io: Io, options: PauseOptions): Promise<void> {
  const factory = await deployedFactory(io, options);
  const { reason, json } = options;
  const wanted: Pause = {
    since: new Date().toISOString(),
    by: factory.caller.arn,
    ...(reason !== undefined && { reason }),
  };
  const changed = await setPause(io, factory, wanted);
  const paused = changed ? wanted : (await readControl(io, factory)).paused;
  if (!paused) {
    throw new CommandFailure('unavailable', 'ResumedMeanwhile', 'Somebody has resumed the factory just now', {
      remedy: 'Say pause again where it is to be paused.',
    });
  }
  if (json) io.out(JSON.stringify({ paused, changed }));
  else {
    io.out(`${io.paint('yellow', changed ? 'paused' : 'paused already')}: ${pauseText(paused)}`);
    if (changed) io.out('Within 30 seconds nothing is written any more, in the middle of a run too.');
  }
}

export async function resume(io: Io, options: FactoryOptions & { readonly json?: true }): Promise<void> {
  const { paused = null, directoryFullUntil = null } = await clearControl(
    io,
    await deployedFactory(io, options),
  );
  if (options.json) io.out(JSON.stringify({ paused, directoryFullUntil }));
  else {
    io.out(
      paused ? `${io.paint('green', 'resumed')}: was paused ${pauseText(paused)}` : 'It was not paused.',
    );
    if (paused) io.out('What was held goes on by itself, within half an hour.');
    if (directoryFullUntil)
      io.out(`The breaker of the directory was to stay open until ${directoryFullUntil}.`);
  }
}

/** `since … by …: why` */
export const pauseText = ({ since, by, reason }: Pause): string =>
  `since ${since} by ${by}${reason === undefined ? '' : `: ${reason}`}`;
