/** Member accounts as the guard sees them: what it reads of roles, and the one policy that it puts on them. */
import {
  AttachRolePolicyCommand,
  DetachRolePolicyCommand,
  GetOpenIDConnectProviderCommand,
  GetPolicyCommand,
  GetPolicyVersionCommand,
  GetRoleCommand,
  GetRolePolicyCommand,
  type IAMClient,
  ListAttachedRolePoliciesCommand,
  ListEntitiesForPolicyCommand,
  ListRolePoliciesCommand,
  ListRolesCommand,
  type Role,
  TagRoleCommand,
} from '@aws-sdk/client-iam';
import type { RolePolicy } from '../../core/administrator.ts';
import { FactoryError } from '../../core/errors.ts';
import { GUARD_TAG } from '../../core/guard/tags.ts';
import { type AccountId, roleName } from '../../core/ids.ts';
import type { Partition } from '../../core/issuer.ts';
import type {
  AuditAccess,
  AuditedRole,
  ContainAccess,
  GuardedAccounts,
  SurveyAccess,
} from '../guard-role/ports.ts';
import { calling, type ErrorTable } from './aws-errors.ts';
import { decoded, roleView } from './iam-views.ts';
import { absentIsUndefined, iamOf, MEMBER_ERRORS, type OpenSession, TAG_ERRORS } from './member-session.ts';
import { auditSessionPolicy, containSessionPolicy, surveySessionPolicy } from './session-policies.ts';

export interface GuardedAccountsOptions {
  readonly partition: Partition;
  readonly openSession: OpenSession;
  quarantineArnIn(accountId: AccountId): string;
}

const ATTACH_ERRORS: ErrorTable = {
  ...MEMBER_ERRORS,
  NoSuchEntity: 'QuarantineMissing',
  LimitExceeded: 'RoleHasNoRoom',
};

/** Roles of one page of a sweep: judged in one invocation of the function, and few enough for one. */
const PAGE = 200;

export function guardedAccounts(options: GuardedAccountsOptions): GuardedAccounts {
  const { partition, openSession } = options;
  return {
    async audit(target) {
      const policy = auditSessionPolicy({ partition, ...target });
      return auditAccess(iamOf(await openSession(target.accountId, 'audit', policy)), target.accountId);
    },
    async survey(accountId) {
      const policy = surveySessionPolicy({ partition, accountId });
      return surveyAccess(iamOf(await openSession(accountId, 'audit', policy)), accountId);
    },
    async contain(target) {
      const quarantine = options.quarantineArnIn(target.accountId);
      const policy = containSessionPolicy({ partition, ...target }, quarantine);
      const iam = iamOf(await openSession(target.accountId, 'contain', policy));
      return containAccess(iam, target.accountId, quarantine);
    },
  };
}

function auditAccess(iam: IAMClient, accountId: AccountId): AuditAccess {
  const on = (operation: string, name: string) => `${operation} role ${name} in ${accountId}`;

  async function managedPolicy(arn: string): Promise<RolePolicy | undefined> {
    const found = await absentIsUndefined(`GetPolicy ${arn}`, () =>
      iam.send(new GetPolicyCommand({ PolicyArn: arn })),
    );
    const { PolicyName: name = '', DefaultVersionId: VersionId } = found?.Policy ?? {};
    if (found === undefined) return undefined;
    const call = `GetPolicyVersion ${arn}`;
    const version = await absentIsUndefined(call, () =>
      iam.send(new GetPolicyVersionCommand({ PolicyArn: arn, VersionId })),
    );
    const { Document: document } = version?.PolicyVersion ?? {};
    return { name, arn, ...(document !== undefined && { document: decoded(document, call) }) };
  }

  async function inlinePolicies(name: string): Promise<RolePolicy[]> {
    const call = on('ListRolePolicies', name);
    const names = await everyPage(call, (Marker) =>
      iam.send(new ListRolePoliciesCommand({ RoleName: name, Marker })),
    );
    return Promise.all(
      names
        .flatMap(({ PolicyNames = [] }) => PolicyNames)
        .map(async (PolicyName) => {
          const found = await absentIsUndefined(on('GetRolePolicy', name), () =>
            iam.send(new GetRolePolicyCommand({ RoleName: name, PolicyName })),
          );
          const { PolicyDocument: document } = found ?? {};
          return {
            name: PolicyName,
            ...(document !== undefined && { document: decoded(document, on('GetRolePolicy', name)) }),
          };
        }),
    );
  }

  return {
    getRole: async (name) => {
      const call = on('GetRole', name);
      const answer = await absentIsUndefined(call, () => iam.send(new GetRoleCommand({ RoleName: name })));
      return answer && auditedRole(answer.Role, call);
    },
    attachedPolicies: async (name) => {
      const pages = await everyPage(on('ListAttachedRolePolicies', name), (Marker) =>
        iam.send(new ListAttachedRolePoliciesCommand({ RoleName: name, Marker })),
      );
      return pages
        .flatMap(({ AttachedPolicies = [] }) => AttachedPolicies)
        .map(({ PolicyArn = '' }) => PolicyArn);
    },
    policies: async (name, managed) => {
      const [inline, ...attached] = await Promise.all([inlinePolicies(name), ...managed.map(managedPolicy)]);
      return [...inline, ...attached.flatMap((policy) => policy ?? [])];
    },
    managedPolicy,
    clientIds: async (arn) => {
      const provider = await absentIsUndefined(`GetOpenIDConnectProvider ${arn}`, () =>
        iam.send(new GetOpenIDConnectProviderCommand({ OpenIDConnectProviderArn: arn })),
      );
      return provider && (provider.ClientIDList ?? []);
    },
    tag: async (name, Value) => {
      await calling(on('TagRole', name), TAG_ERRORS, () =>
        iam.send(new TagRoleCommand({ RoleName: name, Tags: [{ Key: GUARD_TAG, Value }] })),
      );
    },
  };
}

function auditedRole(role: Role | undefined, call: string): AuditedRole {
  const view = roleView(role, call);
  const { MaxSessionDuration, RoleLastUsed, PermissionsBoundary } = role ?? {};
  if (MaxSessionDuration === undefined)
    throw new FactoryError('Unexpected', `${call}: the answer is incomplete`);
  const lastUsed = RoleLastUsed?.LastUsedDate;
  const boundaryArn = PermissionsBoundary?.PermissionsBoundaryArn;
  return {
    ...view,
    maxSessionSeconds: MaxSessionDuration,
    ...(lastUsed && { lastUsedAt: lastUsed.toISOString() }),
    ...(boundaryArn !== undefined && { boundaryArn }),
  };
}

function surveyAccess(iam: IAMClient, accountId: AccountId): SurveyAccess {
  return {
    roles: async (marker) => {
      const call = `ListRoles in ${accountId}`;
      const page = await calling(call, MEMBER_ERRORS, () =>
        iam.send(new ListRolesCommand({ MaxItems: PAGE, Marker: marker })),
      );
      return {
        roles: (page.Roles ?? []).map(({ RoleName, AssumeRolePolicyDocument = '' }) => ({
          roleName: roleName(RoleName),
          trustPolicy: decoded(AssumeRolePolicyDocument, call),
        })),
        ...(page.IsTruncated && page.Marker !== undefined && { marker: page.Marker }),
      };
    },
    rolesWith: async (PolicyArn) => {
      const found = await absentIsUndefined(`ListEntitiesForPolicy ${PolicyArn}`, () =>
        everyPage(`ListEntitiesForPolicy ${PolicyArn}`, (Marker) =>
          iam.send(new ListEntitiesForPolicyCommand({ PolicyArn, EntityFilter: 'Role', Marker })),
        ),
      );
      return (found ?? [])
        .flatMap(({ PolicyRoles = [] }) => PolicyRoles)
        .map(({ RoleName }) => roleName(RoleName));
    },
  };
}

function containAccess(iam: IAMClient, accountId: AccountId, PolicyArn: string): ContainAccess {
  return {
    attach: async (RoleName) => {
      await calling(`AttachRolePolicy role ${RoleName} in ${accountId}`, ATTACH_ERRORS, () =>
        iam.send(new AttachRolePolicyCommand({ RoleName, PolicyArn })),
      );
    },
    detach: async (RoleName) => {
      await absentIsUndefined(`DetachRolePolicy role ${RoleName} in ${accountId}`, () =>
        iam.send(new DetachRolePolicyCommand({ RoleName, PolicyArn })),
      );
    },
  };
}

/** Every page of a list of IAM. */
async function everyPage<Page extends { IsTruncated?: boolean | undefined; Marker?: string | undefined }>(
  call: string,
  send: (marker: string | undefined) => Promise<Page>,
): Promise<Page[]> {
  const pages: Page[] = [];
  let marker: string | undefined;
  do {
    const page = await calling(call, MEMBER_ERRORS, () => send(marker));
    pages.push(page);
    marker = page.IsTruncated ? page.Marker : undefined;
  } while (marker !== undefined);
  return pages;
}
