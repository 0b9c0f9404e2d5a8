/** The command line: which commands there are, and how each one ends. */
import { Command, CommanderError } from 'commander';
import { FactoryError } from '../core/errors.ts';
import { CommandFailure, EXIT } from './failure.ts';
import type { Io } from './io.ts';

interface Listed {
  readonly summary: string;
  /** Loaded only when the command is used: help must not wait for SDKs. */
  readonly load: () => Promise<{ readonly command: (io: Io) => Command }>;
}

/** In the order of the help: workloads, developers, operators. */
const COMMANDS: Readonly<Record<string, Listed>> = {
  credentials: {
    summary: 'AWS credentials for a workload, as a credential_process',
    load: () => import('./commands/credentials.ts'),
  },
  connect: {
    summary: 'how a workload uses a role that is ready',
    load: () => import('./commands/connect.ts'),
  },
  status: {
    summary: 'what the factory has done for one role, or for all',
    load: () => import('./commands/status.ts'),
  },
  explain: {
    summary: 'what the factory would do with an event, and why',
    load: () => import('./commands/explain.ts'),
  },
  trust: {
    summary: 'rewrite a trust policy, or check who gets in',
    load: () => import('./commands/trust.ts'),
  },
  bootstrap: {
    summary: 'prepare the Entra tenant for the factory',
    load: () => import('./commands/bootstrap.ts'),
  },
  scan: {
    summary: 'which roles and providers of an account concern the factory',
    load: () => import('./commands/scan.ts'),
  },
  lint: {
    summary: 'who gets into which role that should not, shown by tokens',
    load: () => import('./commands/lint.ts'),
  },
  guard: {
    summary: 'what the guard has against roles; quarantine and release',
    load: () => import('./commands/guard.ts'),
  },
  export: {
    summary: 'templates and policies for the roll-out to member accounts',
    load: () => import('./commands/export.ts'),
  },
  plan: {
    summary: 'what drifted from what should be, and what would put it right',
    load: () => import('./commands/plan.ts'),
  },
  apply: {
    summary: 'carry out exactly one plan',
    load: () => import('./commands/apply.ts'),
  },
  sweep: {
    summary: 'look at every account now, and heal what may be healed',
    load: () => import('./commands/sweep.ts'),
  },
  report: {
    summary: 'who can assume what',
    load: () => import('./commands/report.ts'),
  },
  retry: {
    summary: 'run again what failed',
    load: () => import('./commands/retry.ts'),
  },
  redrive: {
    summary: 'dead letters: what they are, and back on their queues',
    load: () => import('./commands/redrive.ts'),
  },
  replay: {
    summary: 'bring archived role events to the dispatcher again',
    load: () => import('./commands/replay.ts'),
  },
  pause: {
    summary: 'stop every write of the factory, until it is resumed',
    load: () => import('./commands/pause.ts'),
  },
  resume: {
    summary: 'let the factory go on',
    load: () => import('./commands/resume.ts'),
  },
  doctor: {
    summary: 'check every link of the chain, or of one role',
    load: () => import('./commands/doctor.ts'),
  },
};

const EXIT_CODES = `
Exit codes: ${EXIT.ok} done, ${EXIT.no} the answer is no, ${EXIT.usage} wrong arguments or input, ${EXIT.refused} AWS or Entra refuses, ${EXIT.unavailable} try again
later, ${EXIT.unexpected} a fault of this program.`;

/** Runs one command line. Sets `io.exitCode`; never throws. */
export async function main(args: readonly string[], io: Io): Promise<void> {
  const program = withStreams(new Command('oidc-factory'), io)
    .description('AWS roles for workloads that log in with Microsoft Entra ID')
    .usage('<command> [options]')
    .addHelpText('after', EXIT_CODES);
  const name = args.find((arg) => !arg.startsWith('-'));
  for (const [listed, { summary, load }] of Object.entries(COMMANDS)) {
    const command = listed === name ? (await load()).command(io) : new Command(listed);
    program.addCommand(withStreams(command.summary(summary), io));
  }
  try {
    await program.parseAsync([...args], { from: 'user' });
  } catch (error) {
    io.exitCode = report(error, args.includes('--json'), io);
  }
}

/** Every command prints through `io` and throws instead of ending the process. */
function withStreams(command: Command, io: Io): Command {
  for (const each of [command, ...command.commands]) {
    each.exitOverride().configureOutput({
      writeOut: (text) => io.out(text.trimEnd()),
      // It quotes arguments, and somebody may have put a token there.
      writeErr: (text) => io.tell(text.trimEnd().replace(/eyJ[\w-]+\.[\w.-]*/g, '<token>')),
      getOutHelpWidth: () => io.width ?? 100,
      getErrHelpWidth: () => io.width ?? 100,
    });
  }
  return command;
}

function report(error: unknown, json: boolean, io: Io): number {
  if (error instanceof CommanderError) {
    // Help that was asked for is an answer; commander has already printed either.
    return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
  }
  const failure = asFailure(error);
  const { code, message, remedy, facts, outcome } = failure;
  if (json) {
    const retryable = outcome === 'unavailable';
    io.out(JSON.stringify({ error: { code, message, retryable, ...(remedy && { remedy }), ...facts } }));
  } else {
    io.tell(`${io.paint('red', code)}: ${message}`);
    for (const [name, fact] of Object.entries(facts)) io.tell(`  ${name}: ${fact}`);
    if (remedy) io.tell(`  ${io.paint('bold', 'What to do')}: ${remedy}`);
  }
  if (outcome === 'unexpected' && error instanceof Error) io.tell(error.stack ?? error.message);
  return EXIT[outcome];
}

function asFailure(error: unknown): CommandFailure {
  if (error instanceof CommandFailure) return error;
  if (error instanceof FactoryError) {
    const outcome = error.retryable ? 'unavailable' : 'usage';
    // The message of bad input says what was expected; its general remedy adds nothing.
    const more = error.code === 'InvalidInput' ? {} : { remedy: error.remedy };
    return new CommandFailure(outcome, error.code, error.message, more);
  }
  const message = error instanceof Error ? error.message : String(error);
  return new CommandFailure('unexpected', 'Unexpected', message, { cause: error });
}
