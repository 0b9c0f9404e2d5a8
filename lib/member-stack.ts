import { CfnCondition, CfnDeletionPolicy, CfnParameter, Fn, Stack, type StackProps } from 'aws-cdk-lib';
import * as events from 'aws-cdk-lib/aws-events';
import * as targets from 'aws-cdk-lib/aws-events-targets';
import * as iam from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';
import { tenantId } from '../core/ids.ts';
import { entraIssuer, providerPath } from '../core/issuer.ts';
import {
  type FunctionName,
  functionRoleName,
  type MemberRolePurpose,
  memberRoleName,
} from '../core/naming.ts';
import { PROTECTED_PATHS, protectedRoleNames } from '../core/protected-roles.ts';
import { MARK_KEY, OUTCOME_KEYS } from '../core/tags.ts';
import type { FactoryConfig } from './config.ts';
import { deadLetterQueue } from './constructs/role-event-intake.ts';
import { acknowledgeWide } from './constructs/wide-statement.ts';

/** Which functions may assume which member role. No member role alone can open a role to anyone. */
export const MEMBER_ROLE_USERS = {
  inspect: ['inspect-role', 'confirm-role-gone', 'record-outcome'],
  provider: ['add-audience', 'remove-audience'],
  trust: ['assign-audience'],
} as const satisfies Partial<Record<MemberRolePurpose, readonly FunctionName[]>>;

export interface MemberStackProps extends StackProps {
  readonly config: FactoryConfig;
}

/**
 * One member account, in the region where the partition records IAM events. Free of assets and account ids, so
 * that one template serves every account and channel.
 */
export class MemberStack extends Stack {
  private readonly config: FactoryConfig;

  constructor(scope: Construct, id: string, props: MemberStackProps) {
    super(scope, id, props);
    this.config = props.config;
    const { entra } = this.config;
    const issuer = entraIssuer({
      cloud: entra.cloud,
      tenantId: tenantId(entra.tenantId),
      tokenVersion: entra.tokenVersion,
    });
    this.forwarding();

    // Both spellings exist in the world; which one it is, the account decides.
    const path = providerPath(issuer.url).replace(/\/$/, '');
    const providers = [path, `${path}/`].map((spelling) => this.iamArn(`oidc-provider/${spelling}`));
    const anyRole = this.iamArn('role/*');
    const getRole = new iam.PolicyStatement({ sid: 'Read', actions: ['iam:GetRole'], resources: [anyRole] });
    const getProvider = new iam.PolicyStatement({
      sid: 'ReadProvider',
      actions: ['iam:GetOpenIDConnectProvider'],
      resources: providers,
    });
    const marked = { [`iam:ResourceTag/${MARK_KEY}`]: 'false' as const };
    this.memberRole('inspect', [getRole, getProvider, this.tagRoles([MARK_KEY, ...OUTCOME_KEYS])]);
    this.memberRole('provider', [
      new iam.PolicyStatement({
        sid: 'Audiences',
        actions: ['iam:AddClientIDToOpenIDConnectProvider', 'iam:RemoveClientIDFromOpenIDConnectProvider'],
        resources: providers,
      }),
    ]);
    this.memberRole('trust', [
      getRole,
      getProvider,
      new iam.PolicyStatement({
        sid: 'MarkedRolesOnly',
        actions: ['iam:UpdateAssumeRolePolicy'],
        resources: [anyRole],
        conditions: { Null: marked },
      }),
      this.tagRoles(OUTCOME_KEYS, marked),
    ]);

    const createProvider = new CfnParameter(this, 'CreateProvider', {
      description:
        'Whether this stack creates the OIDC provider. Say false where it exists or others own it.',
      allowedValues: ['true', 'false'],
      default: String(this.config.createProvider),
    });
    const provider = new iam.CfnOIDCProvider(this, 'EntraProvider', {
      url: issuer.url,
      // Never change this list: CloudFormation would take the factory's audiences off the provider.
      clientIdList: [...this.config.placeholders],
    });
    provider.cfnOptions.condition = new CfnCondition(this, 'CreatesProvider', {
      expression: Fn.conditionEquals(createProvider.valueAsString, 'true'),
    });
    provider.cfnOptions.deletionPolicy = CfnDeletionPolicy.RETAIN;
    provider.cfnOptions.updateReplacePolicy = CfnDeletionPolicy.RETAIN;
  }

  /** Filters at the edge, where filtering is free: what is not for the factory does not leave the account. */
  private forwarding(): void {
    const { factory, prefix, entra } = this.config;
    const bus = events.EventBus.fromEventBusArn(
      this,
      'FactoryBus',
      `arn:${this.partition}:events:${factory.region}:${factory.accountId}:event-bus/${prefix}`,
    );
    const forwarder = new iam.Role(this, 'Forwarder', {
      roleName: memberRoleName(prefix, 'forwarder'),
      assumedBy: new iam.ServicePrincipal('events.amazonaws.com'),
      inlinePolicies: {
        forward: new iam.PolicyDocument({
          statements: [
            new iam.PolicyStatement({
              sid: 'Forward',
              actions: ['events:PutEvents'],
              resources: [bus.eventBusArn],
            }),
          ],
        }),
      },
    });
    new events.Rule(this, 'ForwardRoleEvents', {
      description: 'Role events that may concern the OIDC factory',
      eventPattern: {
        source: ['aws.iam'],
        detailType: ['AWS API Call via CloudTrail'],
        detail: {
          eventSource: ['iam.amazonaws.com'],
          errorCode: [{ exists: false }],
          $or: [
            {
              eventName: ['CreateRole'],
              requestParameters: { assumeRolePolicyDocument: [{ wildcard: `*${entra.tenantId}*` }] },
            },
            // Carries nothing but a name: only the ledger knows whether it matters.
            { eventName: ['DeleteRole'] },
          ],
        },
      },
      targets: [
        new targets.EventBus(bus, {
          role: forwarder.withoutPolicyUpdates(),
          deadLetterQueue: deadLetterQueue(
            this,
            'NotForwarded',
            "Role events could not be forwarded to the OIDC factory. None is lost: repair the cause, then put the messages on the factory's queue of role events.",
          ),
        }),
      ],
    });
  }

  private memberRole(
    purpose: keyof typeof MEMBER_ROLE_USERS,
    statements: readonly iam.PolicyStatement[],
  ): void {
    const { factory, prefix } = this.config;
    const functionRoles = MEMBER_ROLE_USERS[purpose].map(
      (name) => `arn:${this.partition}:iam::${factory.accountId}:role/${functionRoleName(prefix, name)}`,
    );
    const role = new iam.Role(this, `${purpose[0]?.toUpperCase()}${purpose.slice(1)}Role`, {
      roleName: memberRoleName(prefix, purpose),
      description: `Assumed by the OIDC factory: ${MEMBER_ROLE_USERS[purpose].join(', ')}`,
      // A condition and not the principal: a principal must exist, and this stack may come before the factory.
      assumedBy: new iam.PrincipalWithConditions(new iam.AccountPrincipal(factory.accountId), {
        ArnEquals: { 'aws:PrincipalArn': functionRoles },
      }),
      inlinePolicies: {
        member: new iam.PolicyDocument({
          statements: [...statements, ...(purpose === 'provider' ? [] : [this.denyProtected()])],
        }),
      },
    });
    for (const statement of statements)
      acknowledgeWide(role, {
        statement,
        reason:
          'Roles to be served may have any name. Writes are bound to the mark or to the tag keys of the factory, each session to one role, and protected roles are denied.',
      });
  }

  /** Writes only: a role that became protected after it was served must still be provable as gone. */
  private denyProtected(): iam.PolicyStatement {
    const { prefix, protectedRoles } = this.config;
    return new iam.PolicyStatement({
      sid: 'Protected',
      effect: iam.Effect.DENY,
      actions: ['iam:TagRole', 'iam:UpdateAssumeRolePolicy'],
      resources: [
        ...PROTECTED_PATHS.map((path) => this.iamArn(`role${path}*`)),
        // ARNs match with path and case: a name alone does not cover a role under a path.
        ...protectedRoleNames({ protectedRoles, memberRolePrefix: prefix }).flatMap((name) => [
          this.iamArn(`role/${name}`),
          this.iamArn(`role/*/${name}`),
        ]),
      ],
    });
  }

  /** These keys only, and at least one: ForAllValues alone is true where there is none. */
  private tagRoles(keys: readonly string[], alsoPresent: Record<string, 'false'> = {}): iam.PolicyStatement {
    return new iam.PolicyStatement({
      sid: 'Tag',
      actions: ['iam:TagRole'],
      resources: [this.iamArn('role/*')],
      conditions: {
        'ForAllValues:StringEquals': { 'aws:TagKeys': [...keys] },
        Null: { 'aws:TagKeys': 'false', ...alsoPresent },
      },
    });
  }

  private iamArn(resource: string): string {
    return `arn:${this.partition}:iam::${this.account}:${resource}`;
  }
}
