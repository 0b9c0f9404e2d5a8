/** Resource policies of functions. */

import type * as Lambda from '@aws-sdk/client-lambda';
import { ResourceConflictException, ResourceNotFoundException } from '@aws-sdk/client-lambda';
import { parsePolicy } from '../../core/policy/document.ts';
import type { OperationHandler, ServiceCall } from '../cloud.ts';
import { PARTITION } from './iam/store.ts';
import { invalidParameter, type LambdaFunction } from './lambda-model.ts';
import { given } from './regional.ts';

/** `authorized` finds a function and checks the action on it. */
export function permissionOperations(
  authorized: (name: string | undefined, action: string, call: ServiceCall) => LambdaFunction,
): Record<string, OperationHandler> {
  return {
    AddPermission(input: Lambda.AddPermissionRequest, call) {
      const fn = authorized(input.FunctionName, 'AddPermission', call);
      const id = input.StatementId ?? '';
      if (fn.permissions.has(id)) {
        const message = `The statement id (${id}) provided already exists.`;
        throw new ResourceConflictException({ message, Type: 'User', $metadata: {} });
      }
      const statement = statementOf(input, fn);
      setPolicy(fn, new Map([...fn.permissions, [id, statement]]));
      return { Statement: JSON.stringify(statement) };
    },

    RemovePermission(input: Lambda.RemovePermissionRequest, call) {
      const fn = authorized(input.FunctionName, 'RemovePermission', call);
      if (!fn.permissions.has(input.StatementId ?? '')) throw noPolicy();
      const kept = [...fn.permissions].filter(([id]) => id !== input.StatementId);
      setPolicy(fn, new Map(kept));
      return {};
    },

    GetPolicy(input: Lambda.GetPolicyRequest, call) {
      const fn = authorized(input.FunctionName, 'GetPolicy', call);
      if (fn.permissions.size === 0) throw noPolicy();
      return { Policy: JSON.stringify(documentOf(fn.permissions)), RevisionId: fn.name };
    },
  };
}

function statementOf(input: Lambda.AddPermissionRequest, fn: LambdaFunction): object {
  const {
    FunctionName: _,
    StatementId,
    Action,
    Principal = '',
    SourceArn,
    SourceAccount,
    PrincipalOrgID,
    ...others
  } = input;
  if (given(others).length > 0) {
    throw invalidParameter(`The sandbox does not support ${given(others).join(', ')} here.`);
  }
  const equal = {
    ...(SourceAccount !== undefined && { 'AWS:SourceAccount': SourceAccount }),
    ...(PrincipalOrgID !== undefined && { 'aws:PrincipalOrgID': PrincipalOrgID }),
  };
  const condition = {
    ...(SourceArn !== undefined && { ArnLike: { 'AWS:SourceArn': SourceArn } }),
    ...(Object.keys(equal).length > 0 && { StringEquals: equal }),
  };
  return {
    Sid: StatementId,
    Effect: 'Allow',
    Principal: principalOf(Principal),
    Action,
    Resource: fn.arn,
    ...(Object.keys(condition).length > 0 && { Condition: condition }),
  };
}

function principalOf(principal: string): string | object {
  if (principal === '*') return '*';
  if (/^\d{12}$/.test(principal)) return { AWS: `arn:${PARTITION}:iam::${principal}:root` };
  return principal.startsWith('arn:') ? { AWS: principal } : { Service: principal };
}

function setPolicy(fn: LambdaFunction, permissions: Map<string, object>): void {
  try {
    if (permissions.size === 0) delete fn.policy;
    else fn.policy = parsePolicy(documentOf(permissions), `policy of ${fn.arn}`, 'resource');
  } catch (cause) {
    throw Object.assign(invalidParameter('The permission is not valid.'), { cause });
  }
  fn.permissions.clear();
  for (const [id, statement] of permissions) fn.permissions.set(id, statement);
}

const documentOf = (permissions: ReadonlyMap<string, object>) => ({
  Version: '2012-10-17',
  Id: 'default',
  Statement: [...permissions.values()],
});

const noPolicy = () =>
  new ResourceNotFoundException({
    message: 'The resource you requested does not exist.',
    Type: 'User',
    $metadata: {},
  });
