/** What every engine of the workflows does, in memory and in Step Functions alike. */
import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { type ExecutionArn, eventId } from '../../core/ids.ts';
import type { Executions } from '../../lambdas/ports.ts';
import type { CreateRun, DeleteRun } from '../../lambdas/workflow.ts';

/** Runs of create-role; `ended` resolves when the execution of this name has ended. */
export interface ExecutionsUnderTest {
  readonly executions: Executions;
  /** Lasts for longer than the test. */
  readonly lasting: CreateRun;
  readonly succeeding: CreateRun;
  readonly failing: CreateRun;
  /** Of delete-role; succeeds. */
  readonly removal: DeleteRun;
  arnOf(workflow: 'create-role' | 'delete-role', name: string): ExecutionArn;
  ended(execution: ExecutionArn): Promise<unknown>;
}

export function executionsContract(of: string, open: () => Promise<ExecutionsUnderTest>): void {
  describe(`the executions ${of}`, () => {
    it('run under their name once they are started', async () => {
      const { executions, lasting, arnOf } = await open();
      const name = randomUUID();
      expect(await executions.start('create-role', name, lasting)).toBe('started');
      expect(await executions.isRunning(arnOf('create-role', name))).toBe(true);
      expect(await executions.isDoneOrRunning('create-role', name)).toBe(true);
    });

    it('are started again as often as one likes while they run with the same input, and not with another', async () => {
      const { executions, lasting } = await open();
      const name = randomUUID();
      for (let times = 0; times < 2; times++) {
        expect(await executions.start('create-role', name, lasting)).toBe('started');
      }
      const other = { ...lasting, eventId: eventId(randomUUID()) };
      expect(await executions.start('create-role', name, other)).toBe('exists');
    });

    it.each([
      ['succeeded', 'succeeding', true],
      ['failed', 'failing', false],
    ] as const)(
      'are not started again under the name of one that has %s',
      async (_, run, isDoneOrRunning) => {
        const under = await open();
        const { executions } = under;
        const name = randomUUID();
        const execution = under.arnOf('create-role', name);
        await executions.start('create-role', name, under[run]);
        await under.ended(execution);
        expect(await executions.start('create-role', name, under[run])).toBe('exists');
        expect(await executions.isRunning(execution)).toBe(false);
        expect(await executions.isDoneOrRunning('create-role', name)).toBe(isDoneOrRunning);
      },
    );

    it('have a name for each workflow', async () => {
      const { executions, lasting, removal, arnOf, ended } = await open();
      const name = randomUUID();
      await executions.start('create-role', name, lasting);
      expect(await executions.isDoneOrRunning('delete-role', name)).toBe(false);
      expect(await executions.isRunning(arnOf('delete-role', name))).toBe(false);
      expect(await executions.start('delete-role', name, removal)).toBe('started');
      await ended(arnOf('delete-role', name));
      expect(await executions.isDoneOrRunning('delete-role', name)).toBe(true);
      expect(await executions.isRunning(arnOf('create-role', name))).toBe(true);
    });

    it('that nobody started neither run nor are done', async () => {
      const { executions, arnOf } = await open();
      const name = randomUUID();
      expect(await executions.isDoneOrRunning('create-role', name)).toBe(false);
      expect(await executions.isRunning(arnOf('create-role', name))).toBe(false);
    });
  });
}
