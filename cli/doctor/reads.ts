/**
 * What the checks ask of the clouds; nothing here writes. Undefined: there is no such thing. What was refused, or got
 * no answer, is thrown as a CommandFailure and makes the check UNKNOWN.
 */
import type { ObservedApplication, ObservedServicePrincipal } from '../../core/application.ts';
import type { ControlDocument } from '../../core/control.ts';
import type { ObservedQueue, ObservedRule, ObservedTarget } from '../../core/doctor/events.ts';
import type { ObservedRun } from '../../core/doctor/factory.ts';
import type { SeenResource, SubjectKind } from '../../core/doctor/role.ts';
import type { SeenLogin, SeenPrincipal } from '../../core/doctor/tenant.ts';
import type { AccountId, AppId, AppObjectId, ProviderArn, RoleName } from '../../core/ids.ts';
import type { LedgerEntry } from '../../core/ledger-entry.ts';
import type { WorkflowName } from '../../core/naming.ts';
import type { KnownAccount } from '../../core/overview.ts';
import type { ProviderView, RoleView } from '../../lambdas/ports.ts';
import type { DeployedWorkflow } from '../factory.ts';

/** Rules and queues, of either account. Buses are named, the default one is `default`. */
export interface EventReads {
  rule(bus: string, name: string): Promise<ObservedRule | undefined>;
  rulesOf(bus: string): Promise<readonly ObservedRule[]>;
  rulesTo(bus: string, targetArn: string): Promise<readonly string[]>;
  targets(bus: string, rule: string): Promise<readonly ObservedTarget[]>;
  queue(arn: string): Promise<QueueView | undefined>;
}

export interface QueueView extends ObservedQueue {
  readonly deadLetterArn: string | undefined;
}

/** A member account. */
export interface MemberReads extends EventReads {
  role(name: RoleName): Promise<RoleView | undefined>;
  providers(): Promise<readonly string[]>;
  provider(arn: ProviderArn): Promise<ProviderView | undefined>;
}

export interface SeenAccount extends KnownAccount {
  readonly organizationalUnits: readonly string[] | undefined;
}

export interface FactoryReads extends EventReads {
  bus(name: string): Promise<{ readonly policy: string | undefined } | undefined>;
  /** State of each event source mapping of the queue. */
  mappings(queueArn: string): Promise<readonly string[]>;
  workflow(workflow: WorkflowName): Promise<DeployedWorkflow | undefined>;
  /** Newest first. */
  runs(stateMachineArn: string, count: number): Promise<readonly ObservedRun[]>;
  /** How a run failed: code and step. */
  failure(executionArn: string): Promise<{ readonly error: string; readonly cause: string }>;
  variables(functionArn: string): Promise<Readonly<Record<string, string>>>;
  table(name: string): Promise<{ readonly status: string } | undefined>;
  /** Undefined: the account issues no tokens. */
  outboundIssuer(): Promise<string | undefined>;
  incarnations(table: string, account: AccountId, role: RoleName): Promise<readonly LedgerEntry[]>;
  control(table: string): Promise<ControlDocument>;
  account(table: string, account: AccountId): Promise<SeenAccount | undefined>;
}

/** The tenant, through Graph. */
export interface TenantReads {
  principal(appId: AppId): Promise<SeenPrincipal | undefined>;
  login(appId: AppId): Promise<SeenLogin | undefined>;
  /** App role ids of all assignments to a service principal. */
  permissions(principalId: string): Promise<readonly string[]>;
  /** What the factory's application made: active objects that it owns, deleted ones that it created. */
  objects(own: { appId: AppId; principalId: string }): Promise<{ active: number; deleted: number }>;
  /** Client id of the application that has this identifier URI. */
  holder(identifierUri: string): Promise<AppId | undefined>;
  application(objectId: AppObjectId): Promise<ObservedApplication | undefined>;
  servicePrincipal(appId: AppId): Promise<ObservedServicePrincipal | undefined>;
  resource(appId: AppId): Promise<SeenResource | undefined>;
  /** What an id in a sub condition is. */
  kindOf(id: string): Promise<SubjectKind>;
}
