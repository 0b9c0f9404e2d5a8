/** The functions' handlers, each made from its ports for one invocation. */
import type { FunctionName } from '../core/naming.ts';
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
import { verifyApplication } from '../lambdas/verify-application/handler.ts';

export type Handler = (input: never) => Promise<unknown>;

export const FUNCTIONS: Readonly<Record<FunctionName, (ports: Ports, settings: HandlerSettings) => Handler>> =
  {
    'dispatch-role-event': dispatchRoleEvent,
    'inspect-role': inspectRole,
    'register-application': registerApplication,
    'add-audience': addAudience,
    'verify-application': verifyApplication,
    'assign-audience': assignAudience,
    'record-outcome': recordOutcome,
    'confirm-role-gone': confirmRoleGone,
    'remove-audience': removeAudience,
    'delete-application': deleteApplication,
  };
