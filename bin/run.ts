import { UsageError } from './arguments.ts';

/** Runs a script and sets its exit code: what `main` answers, 2 with the usage for wrong arguments, 1 for any other failure. */
export async function run(main: () => Promise<number>, usage: string): Promise<void> {
  process.exitCode = await main().catch((error: unknown) => {
    if (error instanceof UsageError) {
      console.error(`${error.message}\n\n${usage}`);
      return 2;
    }
    console.error(error instanceof Error ? (error.stack ?? error.message) : error);
    return 1;
  });
}
