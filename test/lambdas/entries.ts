import {
  appId,
  appObjectId,
  audience,
  type ExecutionArn,
  eventId,
  executionArn,
  providerArn,
  roleArn,
  roleId,
  roleName,
  servicePrincipalId,
} from '../../core/ids.ts';
import type { LedgerEntry } from '../../core/ledger-entry.ts';
import type { Stance } from '../../lambdas/switch.ts';
import type { CreateRun } from '../../lambdas/workflow.ts';
import { FACTORY_ACCOUNT, MEMBER, TENANT } from '../../simulator/settings.ts';

export const executionOf = (name: string, workflow = 'create-role'): ExecutionArn =>
  executionArn(`arn:aws:states:us-east-1:${FACTORY_ACCOUNT}:execution:oidc-factory-${workflow}:${name}`);

/** As inspect-role claims it, before anybody owns it. */
export const ENTRY: LedgerEntry = {
  accountId: MEMBER,
  roleName: roleName('deploy'),
  roleId: roleId('AROA00000000000000001'),
  phase: 'creating',
  step: 'inspect-role',
  roleArn: roleArn(`arn:aws:iam::${MEMBER}:role/deploy`),
  roleCreatedAt: '2026-11-20T09:59:50.000Z',
  providerArn: providerArn(`arn:aws:iam::${MEMBER}:oidc-provider/sts.windows.net/${TENANT}/`),
  eventIds: [],
  generation: 1,
  createdAt: '2026-11-20T10:00:00.000Z',
  updatedAt: '2026-11-20T10:00:00.000Z',
  version: 0,
};

/** What register-application and add-audience add. */
export const REGISTERED = {
  applicationIntentAt: '2026-11-20T10:00:00.000Z',
  applicationObjectId: appObjectId('dddddddd-0000-4000-8000-000000000001'),
  appId: appId('dddddddd-0000-4000-8000-000000000002'),
  servicePrincipalId: servicePrincipalId('dddddddd-0000-4000-8000-000000000003'),
  audience: audience('api://dddddddd-0000-4000-8000-000000000002'),
} as const;

/** Nothing stops a step. */
export const ENFORCE: Stance = { mode: 'enforce', isDirectoryFull: false };

export const RUN: CreateRun = {
  accountId: ENTRY.accountId,
  roleName: ENTRY.roleName,
  roleId: ENTRY.roleId,
  eventId: eventId('eeeeeeee-0000-4000-8000-000000000001'),
  eventTime: '2026-11-20T09:59:50.000Z',
  createdBy: null,
};
