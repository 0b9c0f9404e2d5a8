import { Stack } from 'aws-cdk-lib';
import type * as events from 'aws-cdk-lib/aws-events';
import * as iam from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import { guardForwardingPattern } from '../../core/event-patterns.ts';
import { GUARD_TAG } from '../../core/guard/tags.ts';
import {
  forwardingRuleName,
  GUARD_FUNCTION,
  type GuardRolePurpose,
  quarantinePolicyName,
} from '../../core/naming.ts';
import type { FactoryConfig } from '../config/config.ts';
import type { GuardConfig } from '../config/guard.ts';
import { forwardingRule } from './forwarding-rule.ts';
import { denyOnProtected, iamArn, memberRole, tagRoles } from './member-role.ts';

export interface MemberGuardProps {
  readonly config: FactoryConfig;
  readonly guard: GuardConfig;
  readonly bus: events.IEventBus;
  readonly forwarder: iam.IRole;
}

/**
 * The guard's part of a member account: what it is told, what it may look at, and the one policy that it may put on
 * roles. The same in every mode, so that a quarantine can be lifted after the mode was changed.
 */
export class MemberGuard extends Construct {
  private readonly config: FactoryConfig;

  constructor(scope: Construct, id: string, { config, guard, bus, forwarder }: MemberGuardProps) {
    super(scope, id);
    this.config = config;
    const rule = forwardingRule(this, 'Forward', {
      name: forwardingRuleName(config.prefix, 'guard-events'),
      description: 'Events that may change what the guard thinks of a role',
      pattern: guardForwardingPattern(config.prefix),
      bus,
      forwarder,
      alarm: 'guard-events-not-forwarded',
    });

    const quarantine = new iam.ManagedPolicy(this, 'Quarantine', {
      managedPolicyName: quarantinePolicyName(config.prefix),
      description: 'Attached by the guard of the OIDC factory to roles that strangers may enter',
      document: new iam.PolicyDocument({ statements: [quarantineStatement(guard)] }),
    });

    const audit = this.role('audit', this.reads(), {
      denied: ['iam:TagRole'],
      reason: 'Any role may trust a web identity: all are read, none is written but for one tag.',
    });
    // Its own creation is the event that announces the account to the guard.
    audit.node.addDependency(rule);
    this.role(
      'contain',
      [
        new iam.PolicyStatement({
          sid: 'QuarantineOnly',
          actions: ['iam:AttachRolePolicy', 'iam:DetachRolePolicy'],
          resources: [iamArn(this, 'role/*')],
          conditions: { ArnEquals: { 'iam:PolicyARN': quarantine.managedPolicyArn } },
        }),
      ],
      {
        // Not to detach: what was attached before a role was protected must come off.
        denied: ['iam:AttachRolePolicy'],
        reason: 'Any role may have to be contained: by this one policy, which only takes away.',
      },
    );
    this.role('report', [this.importFindings()], {
      denied: [],
      reason: 'The stack is deployed in one region; findings go to the default product of its account.',
    });
  }

  private reads(): iam.PolicyStatement[] {
    const { partition } = Stack.of(this);
    const allow = (sid: string, actions: string[], ...resources: string[]) =>
      new iam.PolicyStatement({ sid, actions, resources });
    const policies = iamArn(this, 'policy/*');
    return [
      allow(
        'ReadRoles',
        ['iam:GetRole', 'iam:GetRolePolicy', 'iam:ListRolePolicies', 'iam:ListAttachedRolePolicies'],
        iamArn(this, 'role/*'),
      ),
      allow(
        'ReadPolicies',
        ['iam:GetPolicy', 'iam:GetPolicyVersion'],
        policies,
        `arn:${partition}:iam::aws:policy/*`,
      ),
      allow('ReadAttachments', ['iam:ListEntitiesForPolicy'], policies),
      allow('ReadProviders', ['iam:GetOpenIDConnectProvider'], iamArn(this, 'oidc-provider/*')),
      // The action knows no resource.
      allow('ListRoles', ['iam:ListRoles'], '*'),
      tagRoles(this, [GUARD_TAG]),
    ];
  }

  private importFindings(): iam.PolicyStatement {
    const { partition, region, account } = Stack.of(this);
    return new iam.PolicyStatement({
      sid: 'ImportFindings',
      actions: ['securityhub:BatchImportFindings'],
      resources: [`arn:${partition}:securityhub:${region}:${account}:product/${account}/default`],
    });
  }

  private role(
    purpose: GuardRolePurpose,
    statements: readonly iam.PolicyStatement[],
    { denied, reason }: { readonly denied: string[]; readonly reason: string },
  ): iam.Role {
    const { config } = this;
    return memberRole(this, {
      config,
      purpose,
      users: [GUARD_FUNCTION],
      statements: [...statements, ...(denied.length > 0 ? [denyOnProtected(this, config, denied)] : [])],
      reason,
    });
  }
}

/**
 * An identity policy's Deny, since it also ends sessions that are running; the trust policy stays as its owner wrote
 * it. Sessions of SAML and Cognito, of services and of other roles have another provider, or none.
 */
const quarantineStatement = ({ contain }: GuardConfig): iam.PolicyStatement =>
  new iam.PolicyStatement({
    sid: 'Quarantine',
    effect: iam.Effect.DENY,
    actions: ['*'],
    resources: ['*'],
    ...(contain === 'federated' && {
      conditions: {
        StringLike: { 'aws:FederatedProvider': ['*:oidc-provider/*', 'accounts.google.com'] },
      },
    }),
  });
