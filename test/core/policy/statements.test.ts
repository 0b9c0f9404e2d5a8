import { describe, expect, it } from 'vitest';
import { FactoryError } from '../../../core/errors.ts';
import { parsePolicy } from '../../../core/policy/document.ts';
import { authorize } from '../../../core/policy/evaluate.ts';
import type { Principal } from '../../../core/policy/types.ts';
import {
  ACCOUNT,
  ALLOW_ALL,
  anonymous,
  decide,
  type Layers,
  lambda,
  QUEUE,
  ROLE,
  request,
  session,
  to,
  USER,
  user,
} from './policies.ts';

describe('action and resource', () => {
  const identity = (statement: object) => ({ identity: [{ ...ALLOW_ALL, ...statement }] });
  const { Action: _, ...noAction } = ALLOW_ALL;
  const { Resource: __, ...noResource } = ALLOW_ALL;

  it.each<[string, Layers, boolean]>([
    ['NotAction without the action', { identity: [{ ...noAction, NotAction: ['s3:*', 'iam:*'] }] }, true],
    ['NotAction with the action', { identity: [{ ...noAction, NotAction: ['s3:*', 'SQS:send*'] }] }, false],
    ['an action in other case', identity({ Action: 'SQS:sendmessage' }), true],
    ['the exact resource', identity({ Resource: QUEUE }), true],
    ['the resource in other case', identity({ Resource: QUEUE.replace('jobs', 'Jobs') }), false],
    ['another resource', identity({ Resource: `${QUEUE}2` }), false],
    ['one of several', identity({ Resource: [`${QUEUE}2`, QUEUE] }), true],
    ['wildcards', identity({ Resource: 'arn:*:sqs:us-*-?:*:j*' }), true],
    ['an ARN that IAM completes', identity({ Resource: 'arn:aws:sqs' }), true],
    ['an ARN that IAM completes, with half the service', identity({ Resource: 'arn:aws:sq' }), false],
    ['an ARN that IAM completes, of another service', identity({ Resource: 'arn:aws:sns' }), false],
    ['NotResource without the resource', { identity: [{ ...noResource, NotResource: `${QUEUE}2` }] }, true],
    ['NotResource with the resource', { identity: [{ ...noResource, NotResource: QUEUE }] }, false],
  ])('%s: allowed %#', (_, layers, expected) => {
    expect(decide(layers).allowed).toBe(expected);
  });

  it('an action without resource needs a statement for every resource', () => {
    const changes = { action: 'iam:ListRoles', resource: '*' };
    expect(decide(identity({}), changes).allowed).toBe(true);
    expect(decide(identity({ Resource: 'arn:aws:iam::*:role/*' }), changes).allowed).toBe(false);
  });

  it('a path belongs to the ARN of a role', () => {
    const changes = { action: 'iam:GetRole', resource: `arn:aws:iam::${ACCOUNT}:role/path/Admin` };
    expect(decide(identity({ Resource: 'arn:aws:iam::*:role/Admin' }), changes).allowed).toBe(false);
    expect(decide(identity({ Resource: 'arn:aws:iam::*:role/*/Admin' }), changes).allowed).toBe(true);
  });

  it('a variable in a resource takes the value of the request', () => {
    const own = identity({ Resource: `arn:aws:sqs:*:*:\${k:name}-jobs` });
    const resource = `arn:aws:sqs:us-east-1:${ACCOUNT}:dana-jobs`;
    expect(decide(own, { resource, context: { 'k:name': 'dana' } }).allowed).toBe(true);
    expect(decide(own, { resource, context: { 'k:name': 'eve' } }).allowed).toBe(false);
    expect(decide(own, { resource, context: { 'k:name': '*' } }).allowed).toBe(false);
    expect(decide(own, { resource }).allowed).toBe(false);
  });

  it('a variable is plain text before version 2012-10-17', () => {
    const resource = `arn:aws:s3:::\${k:name}`;
    const old = { Version: '2008-10-17', Statement: { ...ALLOW_ALL, Resource: resource } };
    const layers = { identity: [parsePolicy(old, 'old', 'identity')] };
    const context = { 'k:name': 'dana' };
    expect(authorize(request({ resource, context }), layers).allowed).toBe(true);
    expect(authorize(request({ resource: 'arn:aws:s3:::dana', context }), layers).allowed).toBe(false);
  });

  it('a variable without value in NotResource makes an Allow void and a Deny total', () => {
    const other = { NotResource: `arn:aws:sqs:*:*:\${k:name}` };
    expect(decide({ identity: [{ ...noResource, ...other }] }).allowed).toBe(false);
    const deny = { ...noResource, Effect: 'Deny', ...other };
    expect(decide({ identity: [ALLOW_ALL, deny] }).because).toBe('explicit-deny');
  });
});

describe('the request context', () => {
  const when = (condition: object) => ({ identity: [{ ...ALLOW_ALL, Condition: condition }] });

  it.each<[string, object, Record<string, string | string[]>, boolean]>([
    [
      'a resource tag',
      { StringEquals: { 'iam:ResourceTag/oidc-factory:role-id': 'AROA1' } },
      { 'iam:ResourceTag/oidc-factory:role-id': 'AROA1' },
      true,
    ],
    [
      'a resource tag of another value',
      { StringEquals: { 'aws:ResourceTag/a': 'x' } },
      { 'aws:ResourceTag/a': 'y' },
      false,
    ],
    ['a missing resource tag', { StringEquals: { 'aws:ResourceTag/a': 'x' } }, {}, false],
    ['a request tag', { StringLike: { 'aws:RequestTag/a b': 'x*' } }, { 'AWS:requesttag/A B': 'xy' }, true],
    [
      'tag keys',
      { 'ForAllValues:StringLike': { 'aws:TagKeys': 'oidc-factory:*' } },
      { 'aws:TagKeys': ['oidc-factory:status', 'oidc-factory:detail'] },
      true,
    ],
    [
      'tag keys with a foreign one',
      { 'ForAllValues:StringLike': { 'aws:TagKeys': 'oidc-factory:*' } },
      { 'aws:TagKeys': ['oidc-factory:status', 'owner'] },
      false,
    ],
    [
      'tag keys, guarded',
      { 'ForAllValues:StringLike': { 'aws:TagKeys': 'oidc-factory:*' }, Null: { 'aws:TagKeys': 'false' } },
      {},
      false,
    ],
    [
      'two operators, both met',
      { StringEquals: { 'k:a': '1' }, StringLike: { 'k:b': '2*' } },
      { 'k:a': '1', 'k:b': '22' },
      true,
    ],
    ['two keys, one met', { StringEquals: { 'k:a': '1', 'k:b': '2' } }, { 'k:a': '1', 'k:b': '3' }, false],
  ])('%s: %#', (_, condition, context, expected) => {
    expect(decide(when(condition), { context }).allowed).toBe(expected);
  });

  it.each<[Principal, object]>([
    [session, { StringEquals: { 'aws:PrincipalArn': ROLE, 'aws:PrincipalAccount': ACCOUNT } }],
    [user, { StringEquals: { 'aws:PrincipalArn': USER, 'aws:username': 'dana' } }],
  ])('holds what follows from the principal: %#', (principal, condition) => {
    expect(decide(when(condition), { principal }).allowed).toBe(true);
  });

  it('says which service asks', () => {
    const condition = { StringEquals: { 'aws:PrincipalServiceName': 'lambda.amazonaws.com' } };
    const resource = [
      { ...to('*'), Condition: { ...condition, Bool: { 'aws:PrincipalIsAWSService': true } } },
    ];
    expect(decide({ resource }, { principal: lambda }).allowed).toBe(true);
    expect(decide({ resource }, { principal: anonymous }).allowed).toBe(false);
  });

  it('with one key in two spellings is refused', () => {
    const context = { 'k:a': '1', 'K:A': '2' };
    expect(() => decide({ identity: [ALLOW_ALL] }, { context })).toThrow(FactoryError);
  });

  it('is not confused by keys that objects are born with', () => {
    const context = JSON.parse('{"__proto__":{"k:a":"1"}}') as Record<string, string>;
    Object.setPrototypeOf(context, { 'k:a': '1' });
    const layers = when({ StringEquals: { 'k:a': '1' } });
    expect(decide(layers, { context: Object.create({ 'k:a': '1' }) }).allowed).toBe(false);
    expect(decide(when({ Null: { 'k:constructor': 'false' } })).allowed).toBe(false);
  });
});
