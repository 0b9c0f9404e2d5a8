/** Inline and attached policies: the same operations on roles and on users. */
import type {
  AttachRolePolicyRequest,
  DeleteRolePolicyRequest,
  DetachRolePolicyRequest,
  GetRolePolicyRequest,
  ListAttachedRolePoliciesRequest,
  ListRolePoliciesRequest,
  PutRolePolicyRequest,
} from '@aws-sdk/client-iam';
import type { RequestContext } from '../../../core/policy/types.ts';
import { type OperationHandler, type ServiceCall, ServiceError } from '../../cloud.ts';
import { encode } from '../sigv4.ts';
import { authorizedRole, authorizedUser, changeableRole, type IamEnvironment } from './access.ts';
import { identityDocument, policySize } from './documents.ts';
import { limitExceeded, noSuchEntity } from './errors.ts';
import type { Checked } from './input.ts';
import type { Identity } from './store.ts';
import { checkName, checkPathPrefix, page } from './validation.ts';

/** How the operations of one kind of identity are called and find theirs. */
interface Kind {
  readonly word: 'Role' | 'User';
  /** Characters of all inline policies together, whitespace not counted. */
  readonly inlineQuota: number;
  read(call: ServiceCall, input: Named, context?: RequestContext): Identity;
  change(call: ServiceCall, input: Named, context?: RequestContext): Identity;
}

/** Inputs of role operations name a role, those of user operations a user; they are alike in all else. */
interface Named {
  readonly RoleName?: string;
  readonly UserName?: string;
}
type For<T> = Omit<Checked<T>, 'RoleName'> & Named;

/** Managed policies per identity. */
const ATTACHED_QUOTA = 10;

export function policyOperations(env: IamEnvironment): Record<string, OperationHandler> {
  return {
    ...operationsOf(env, {
      word: 'Role',
      inlineQuota: 10_240,
      read: (call, { RoleName = '' }, context) => authorizedRole(env, call, RoleName, context),
      change: (call, { RoleName = '' }, context) => changeableRole(env, call, RoleName, context),
    }),
    ...operationsOf(env, {
      word: 'User',
      inlineQuota: 2048,
      read: (call, { UserName = '' }, context) => authorizedUser(env, call, UserName, context),
      change: (call, { UserName = '' }, context) => authorizedUser(env, call, UserName, context),
    }),
  };
}

function operationsOf(env: IamEnvironment, kind: Kind): Record<string, OperationHandler> {
  const { word } = kind;
  const lower = word.toLowerCase();
  const missing = (name: string) => noSuchEntity(`The ${lower} policy with name ${name} cannot be found.`);

  function put(input: For<PutRolePolicyRequest>, call: ServiceCall): void {
    const { PolicyName, PolicyDocument } = input;
    checkName(PolicyName, 'policyName', 128);
    const identity = kind.change(call, input);
    const document = identityDocument(PolicyDocument, `${identity.arn}/${PolicyName}`);
    const others = [...identity.inline].filter(([name]) => name !== PolicyName).map(([, { text }]) => text);
    if (policySize([PolicyDocument, ...others].join('')) > kind.inlineQuota) {
      throw limitExceeded(`${word}PolicySize: ${kind.inlineQuota}`);
    }
    identity.inline.set(PolicyName, document);
  }

  function attach(input: For<AttachRolePolicyRequest>, call: ServiceCall): void {
    const { PolicyArn } = input;
    checkPolicyArn(PolicyArn);
    const identity = kind.change(call, input, { 'iam:PolicyARN': PolicyArn });
    const policy = env.iam.managedPolicy(PolicyArn);
    if (!policy || (policy.accountId !== 'aws' && policy.accountId !== identity.accountId)) {
      throw noSuchEntity(`Policy ${PolicyArn} does not exist or is not attachable.`);
    }
    if (identity.attached.size >= ATTACHED_QUOTA && !identity.attached.has(PolicyArn)) {
      throw limitExceeded(`PoliciesPer${word}: ${ATTACHED_QUOTA}`);
    }
    identity.attached.add(PolicyArn);
  }

  return {
    [`Put${word}Policy`]: put,
    [`Get${word}Policy`]: (input: For<GetRolePolicyRequest>, call) => {
      const identity = kind.read(call, input);
      const document = identity.inline.get(input.PolicyName);
      if (!document) throw missing(input.PolicyName);
      const { PolicyName } = input;
      return { [`${word}Name`]: identity.name, PolicyName, PolicyDocument: encode(document.text) };
    },
    [`List${word}Policies`]: (input: For<ListRolePoliciesRequest>, call) => {
      const identity = kind.read(call, input);
      const { items, ...rest } = page(identity.inline.keys(), (name) => name, input);
      return { PolicyNames: [...items], ...rest };
    },
    [`Delete${word}Policy`]: (input: For<DeleteRolePolicyRequest>, call) => {
      const identity = kind.change(call, input);
      if (!identity.inline.delete(input.PolicyName)) throw missing(input.PolicyName);
    },
    [`Attach${word}Policy`]: attach,
    [`Detach${word}Policy`]: (input: For<DetachRolePolicyRequest>, call) => {
      checkPolicyArn(input.PolicyArn);
      const identity = kind.change(call, input, { 'iam:PolicyARN': input.PolicyArn });
      if (!identity.attached.delete(input.PolicyArn)) {
        throw noSuchEntity(`Policy ${input.PolicyArn} was not found.`);
      }
    },
    [`ListAttached${word}Policies`]: (input: For<ListAttachedRolePoliciesRequest>, call) => {
      const identity = kind.read(call, input);
      const { PathPrefix = '/' } = input;
      checkPathPrefix(PathPrefix);
      const policies = [...identity.attached]
        .flatMap((arn) => env.iam.managedPolicy(arn) ?? [])
        .filter(({ path }) => path.startsWith(PathPrefix));
      const { items, ...rest } = page(policies, ({ arn }) => arn, input);
      return {
        AttachedPolicies: items.map(({ name, arn }) => ({ PolicyName: name, PolicyArn: arn })),
        ...rest,
      };
    },
  };
}

function checkPolicyArn(arn: string): void {
  if (!/^arn:aws[a-z-]*:iam::(aws|\d{12}):policy\/.+$/.test(arn)) {
    throw new ServiceError('ValidationError', `ARN ${arn} is not valid.`);
  }
}
