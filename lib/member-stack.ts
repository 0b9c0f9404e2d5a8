import {
  CfnCondition,
  CfnDeletionPolicy,
  CfnParameter,
  CfnRule,
  Fn,
  Stack,
  type StackProps,
} from 'aws-cdk-lib';
import * as events from 'aws-cdk-lib/aws-events';
import * as iam from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';
import { forwardingPattern } from '../core/event-patterns.ts';
import { tenantId } from '../core/ids.ts';
import { entraIssuer, providerPath } from '../core/issuer.ts';
import { forwardingRuleName, MEMBER_ROLE_USERS, memberRoleName } from '../core/naming.ts';
import { HEARTBEAT_KEY, MARK_KEY, OUTCOME_KEYS } from '../core/tags.ts';
import { type FactoryConfig, settingsOf } from './config/config.ts';
import { linkRunbook } from './constructs/alarms.ts';
import { forwardingRule } from './constructs/forwarding-rule.ts';
import { MemberGuard } from './constructs/member-guard.ts';
import { denyOnProtected, iamArn, memberRole, onlyTags, tagRoles } from './constructs/member-role.ts';
import { memberRegion } from './stack-set.ts';

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
    linkRunbook(this, props.config.notifications.runbookUrl);
    this.config = props.config;
    const { entra } = this.config;
    const issuer = entraIssuer({
      cloud: entra.cloud,
      tenantId: tenantId(entra.tenantId),
      tokenVersion: entra.tokenVersion,
    });
    const region = memberRegion(this.config);
    new CfnRule(this, 'RegionOfIamEvents', {
      assertions: [
        {
          assert: Fn.conditionEquals(this.region, region),
          assertDescription: `IAM records its events in ${region} only: deploy this stack there.`,
        },
      ],
    });
    const { bus, forwarder, rule } = this.forwarding();

    // Both spellings exist in the world; which one it is, the account decides.
    const path = providerPath(issuer.url).replace(/\/$/, '');
    const providers = [path, `${path}/`].map((spelling) => iamArn(this, `oidc-provider/${spelling}`));
    const anyRole = iamArn(this, 'role/*');
    const getRole = new iam.PolicyStatement({ sid: 'Read', actions: ['iam:GetRole'], resources: [anyRole] });
    const getProvider = new iam.PolicyStatement({
      sid: 'ReadProvider',
      actions: ['iam:GetOpenIDConnectProvider'],
      resources: providers,
    });
    const marked = { [`iam:ResourceTag/${MARK_KEY}`]: 'false' as const };
    const inspectRole = this.role('inspect', [
      getRole,
      getProvider,
      new iam.PolicyStatement({
        sid: 'FindProvider',
        actions: ['iam:ListOpenIDConnectProviders'],
        resources: ['*'],
      }),
      new iam.PolicyStatement({
        sid: 'Sweep',
        actions: ['iam:ListRoles'],
        resources: ['*'],
      }),
      tagRoles(this, [MARK_KEY, ...OUTCOME_KEYS]),
    ]);
    const providerRole = this.role('provider', [
      new iam.PolicyStatement({
        sid: 'Audiences',
        actions: ['iam:AddClientIDToOpenIDConnectProvider', 'iam:RemoveClientIDFromOpenIDConnectProvider'],
        resources: providers,
      }),
      new iam.PolicyStatement({
        sid: 'CreateProvider',
        actions: ['iam:CreateOpenIDConnectProvider'],
        resources: providers,
      }),
      new iam.PolicyStatement({
        sid: 'Heartbeat',
        actions: ['iam:TagOpenIDConnectProvider'],
        resources: providers,
        conditions: onlyTags([HEARTBEAT_KEY]),
      }),
    ]);
    const trustRole = this.role('trust', [
      getRole,
      getProvider,
      new iam.PolicyStatement({
        sid: 'MarkedRolesOnly',
        actions: ['iam:UpdateAssumeRolePolicy'],
        resources: [anyRole],
        conditions: { Null: marked },
      }),
      tagRoles(this, OUTCOME_KEYS, marked),
    ]);

    const createProvider = new CfnParameter(this, 'CreateProvider', {
      description:
        'Whether this stack creates the OIDC provider. Say false where it exists, or where the factory or others make it.',
      allowedValues: ['true', 'false'],
      default: String(this.config.provider === 'stack'),
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
    // Its CreateRole event announces the account: by then the rule passes it on, and enrolment finds what it needs.
    inspectRole.node.addDependency(rule, providerRole, trustRole);

    const { guard } = this.config;
    if (guard) new MemberGuard(this, 'Guard', { config: this.config, guard, bus, forwarder });
  }

  /** Filters at the edge, where filtering is free: what is not for the factory does not leave the account. */
  private forwarding(): {
    readonly bus: events.IEventBus;
    readonly forwarder: iam.IRole;
    readonly rule: events.IRule;
  } {
    const { factory, prefix } = this.config;
    const bus = events.EventBus.fromEventBusArn(
      this,
      'FactoryBus',
      `arn:${this.partition}:events:${factory.region}:${factory.accountId}:event-bus/${prefix}`,
    );
    const role = new iam.Role(this, 'Forwarder', {
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
    const forwarder = role.withoutPolicyUpdates();
    const rule = forwardingRule(this, 'ForwardRoleEvents', {
      name: forwardingRuleName(prefix, 'role-events'),
      description: 'Role events that may concern the OIDC factory',
      pattern: forwardingPattern(settingsOf(this.config)),
      bus,
      forwarder,
      alarm: 'role-events-not-forwarded',
    });
    return { bus, forwarder, rule };
  }

  private role(
    purpose: keyof typeof MEMBER_ROLE_USERS,
    statements: readonly iam.PolicyStatement[],
  ): iam.Role {
    // Writes only: a role that became protected after it was served must still be provable as gone.
    const writes = ['iam:TagRole', 'iam:UpdateAssumeRolePolicy'];
    return memberRole(this, {
      config: this.config,
      purpose,
      users: MEMBER_ROLE_USERS[purpose],
      statements: [
        ...statements,
        ...(purpose === 'provider' ? [] : [denyOnProtected(this, this.config, writes)]),
      ],
      reason:
        'Roles to be served may have any name. Writes are bound to the mark or to the tag keys of the factory, each session to one role, and protected roles are denied. Listing roles and providers knows no resource.',
    });
  }
}
