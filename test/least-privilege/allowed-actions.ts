/** Every action that a policy of the templates allows, by the template alone. */
import { readAssembly } from '../../sandbox/assembly.ts';
import { fields } from '../../sandbox/fields.ts';

/** One entry of the Action list of one Allow statement. */
export interface AllowedAction {
  /** `<stack>/<logical id>` of what the policy belongs to, and which of its policies: a bus and a queue have one. */
  readonly policy: string;
  /** Position among the policy's statements. */
  readonly statement: number;
  readonly sid: string | undefined;
  readonly action: string;
}

/** What allowed actions and their uses are compared by. */
export const keyOf = (of: Pick<AllowedAction, 'policy' | 'statement' | 'action'>): string =>
  `${of.policy}[${of.statement}] ${of.action}`;

export const TRUST_POLICY = 'trust policy';
export const RESOURCE_POLICY = 'resource policy';

/** Throws where a resource may hold a policy that is not looked into. */
export function allowedActions(assemblyDir: string): AllowedAction[] {
  return readAssembly(assemblyDir).stacks.flatMap(({ name, template }) =>
    Object.entries(fields(template, name).required('Resources', 'object')).flatMap(([id, value]) => {
      const resource = fields(value, `${name}/${id}`);
      return policiesOf(
        resource.required('Type', 'string'),
        id,
        resource.optional('Properties', 'object') ?? {},
      ).flatMap(({ owner, policy, document }) => actionsOf(`${name}/${owner} ${policy}`, document));
    }),
  );
}

interface FoundPolicy {
  readonly owner: string;
  readonly policy: string;
  readonly document: Document;
}

interface Document {
  readonly Statement: readonly {
    readonly Sid?: string;
    readonly Effect: string;
    readonly Action: string | readonly string[];
  }[];
}

// biome-ignore lint/suspicious/noExplicitAny: templates are read as they are; what is not there fails the test
function policiesOf(type: string, id: string, properties: Record<string, any>): FoundPolicy[] {
  switch (type) {
    case 'AWS::IAM::Role':
      if (properties.ManagedPolicyArns) throw new Error(`${id}: managed policies are not looked into`);
      return [
        { owner: id, policy: TRUST_POLICY, document: properties.AssumeRolePolicyDocument },
        ...(properties.Policies ?? []).map(({ PolicyName, PolicyDocument }: Record<string, never>) => ({
          owner: id,
          policy: PolicyName,
          document: PolicyDocument,
        })),
      ];
    case 'AWS::IAM::ManagedPolicy':
      return [{ owner: id, policy: 'managed policy', document: properties.PolicyDocument }];
    case 'AWS::SQS::QueuePolicy':
      return properties.Queues.map(({ Ref }: { Ref: string }) => ({
        owner: Ref,
        policy: RESOURCE_POLICY,
        document: properties.PolicyDocument,
      }));
    case 'AWS::SNS::TopicPolicy':
      return properties.Topics.map(({ Ref }: { Ref: string }) => ({
        owner: Ref,
        policy: RESOURCE_POLICY,
        document: properties.PolicyDocument,
      }));
    case 'AWS::Events::EventBusPolicy':
      return [
        {
          owner: properties.EventBusName.Ref,
          policy: RESOURCE_POLICY,
          document: { Statement: [properties.Statement] },
        },
      ];
    default:
      if (/Policy|Permission/.test(type)) throw new Error(`${id}: policies of ${type} are not looked into`);
      return [];
  }
}

const actionsOf = (policy: string, { Statement }: Document): AllowedAction[] =>
  Statement.flatMap(({ Sid: sid, Effect, Action }, statement) =>
    Effect === 'Allow' ? [Action].flat().map((action) => ({ policy, statement, sid, action })) : [],
  );
