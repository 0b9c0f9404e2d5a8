/** The functions' handlers, each made from its ports for one invocation. */
import type { RoleFunctionName } from '../core/naming.ts';
import { addAudience } from '../lambdas/add-audience/handler.ts';
import { assignAudience } from '../lambdas/assign-audience/handler.ts';
import { confirmRoleGone } from '../lambdas/confirm-role-gone/handler.ts';
import { deleteApplication } from '../lambdas/delete-application/handler.ts';
import { dispatchRoleEvent } from '../lambdas/dispatch-role-event/handler.ts';
import { inspectRole } from '../lambdas/inspect-role/handler.ts';
import type { Ports } from '../lambdas/ports.ts';
import { recordOutcome } from '../lambdas/record-outcome/handler.ts';
import { registerApplication } from '../lambdas/register-application/handler.ts';
import { removeAudience } from '../lambdas/remove-audience/handler.ts';
import type { HandlerSettings } from '../lambdas/settings.ts';
import { switched } from '../lambdas/switch.ts';
import { verifyApplication } from '../lambdas/verify-application/handler.ts';

export type Handler = (input: never) => Promise<unknown>;

type Make = (ports: Ports, settings: HandlerSettings) => Handler;
type Step = Parameters<typeof switched<Ports, HandlerSettings, never, unknown>>[0];

/** As each function's index.ts does it. */
const behindSwitch =
  (step: Step): Make =>
  (ports, settings) =>
    switched(step, ports, settings);

/** Nothing beats in a simulation: the sweep does not run. */
const NO_RECORDS = { heartbeatSeen: () => Promise.reject(new Error('There are no records of accounts')) };

export const FUNCTIONS: Readonly<Record<RoleFunctionName, Make>> = {
  'dispatch-role-event': (ports, settings) => dispatchRoleEvent({ ...ports, records: NO_RECORDS }, settings),
  'inspect-role': behindSwitch(inspectRole),
  'register-application': behindSwitch(registerApplication),
  'add-audience': behindSwitch(addAudience),
  'verify-application': behindSwitch(verifyApplication),
  'assign-audience': behindSwitch(assignAudience),
  'record-outcome': behindSwitch(recordOutcome),
  'confirm-role-gone': behindSwitch(confirmRoleGone),
  'remove-audience': behindSwitch(removeAudience),
  'delete-application': behindSwitch(deleteApplication),
};
