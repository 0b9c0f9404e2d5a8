/** The roles and OIDC providers of a CloudFormation template. */
import type { RolePolicy } from '../administrator.ts';
import { providerPathOf } from '../ci/issuers.ts';
import { isObject, type JsonObject, strings } from '../trust-policy/document.ts';
import { NO_SCOPE, resolve, type Scope } from './intrinsics.ts';
import type { LintSubject } from './lint.ts';
import { unknown } from './marks.ts';
import type { RoleFacts } from './role-facts.ts';

/** A role of the template; `name` is its logical id. */
export type TemplateRole = LintSubject & { readonly facts: RoleFacts };

export interface TemplateContents {
  readonly roles: readonly TemplateRole[];
  /** Client ids by the provider's path, for providers that the template makes. */
  readonly clientIds: ReadonlyMap<string, readonly string[]>;
}

export const isTemplate = (value: unknown): value is JsonObject =>
  isObject(value) && isObject(value.Resources);

/** CDK's own resource for a provider has the same properties, but for the case of one. */
const PROVIDER_TYPES: ReadonlySet<unknown> = new Set([
  'AWS::IAM::OIDCProvider',
  'Custom::AWSCDKOpenIdConnectProvider',
]);
/** CDK's resource for objects whose keys are not known before they are deployed. */
const CDK_JSON = 'Custom::AWSCDKCfnJson';
const ACCOUNT = '000000000000';

/** Reads a template. Default values count for its parameters. */
export function readTemplate(template: JsonObject): TemplateContents {
  const resources = Object.entries(objectOf(template.Resources)).map(
    ([id, resource]) => [id, objectOf(resource)] as const,
  );
  const scope = scopeOf(template, new Map(resources));
  const ofType = (isWanted: (type: unknown) => boolean) => resources.filter(([, { Type }]) => isWanted(Type));
  const propertiesOf = (resource: JsonObject) => objectOf(resolve(resource.Properties, scope));
  const attached = ofType((type) => type === 'AWS::IAM::Policy' || type === 'AWS::IAM::ManagedPolicy').map(
    ([id, resource]) => policyResource(id, objectOf(resource.Properties), scope),
  );
  return {
    roles: ofType((type) => type === 'AWS::IAM::Role').map(([id, resource]) => ({
      name: id,
      trustPolicy: objectOf(propertiesOf(resource).AssumeRolePolicyDocument),
      facts: factsOf(id, propertiesOf(resource), attached),
    })),
    clientIds: new Map(
      ofType((type) => PROVIDER_TYPES.has(type)).map(([, resource]) => {
        const { Url, ClientIdList, ClientIDList } = propertiesOf(resource);
        return [providerPathOf(String(Url)), strings(ClientIdList ?? ClientIDList) ?? []];
      }),
    ),
  };
}

function scopeOf(template: JsonObject, resources: ReadonlyMap<string, JsonObject>): Scope {
  const parameters = objectOf(template.Parameters);
  // A resource that refers to itself, through however many others, has no value.
  const asked = new Set<string>();
  const once = (name: string, read: (resource: JsonObject) => unknown): unknown => {
    const resource = resources.get(name);
    if (resource === undefined || asked.has(name)) return undefined;
    asked.add(name);
    const value = read(resource);
    asked.delete(name);
    return value;
  };
  const scope: Scope = {
    ref: (name) =>
      objectOf(parameters[name]).Default ?? once(name, (resource) => providerArn(resource, scope)),
    attribute: (name, attribute) =>
      once(name, (resource) => {
        if (attribute === 'Value' && resource.Type === CDK_JSON) return jsonValue(resource, scope);
        return /^(?:Arn|OpenIdConnectProviderArn)$/.test(attribute)
          ? providerArn(resource, scope)
          : undefined;
      }),
    mappings: objectOf(template.Mappings),
    conditions: objectOf(template.Conditions),
  };
  return scope;
}

function providerArn(resource: JsonObject, scope: Scope): string | undefined {
  if (!PROVIDER_TYPES.has(resource.Type)) return undefined;
  const url = resolve(objectOf(resource.Properties).Url, scope);
  return `arn:aws:iam::${ACCOUNT}:oidc-provider/${providerPathOf(String(url))}`;
}

/** The object that is written as text, so that its keys can be put together. */
function jsonValue(resource: JsonObject, scope: Scope): unknown {
  const text = resolve(objectOf(resource.Properties).Value, scope);
  try {
    return JSON.parse(String(text));
  } catch {
    // Not the form that CDK writes: then it stays unknown.
    return undefined;
  }
}

interface PolicyResource {
  readonly id: string;
  readonly policy: RolePolicy;
  /** Roles that it names itself, by logical id. */
  readonly roles: readonly string[];
}

function policyResource(id: string, properties: JsonObject, scope: Scope): PolicyResource {
  const { Roles, PolicyDocument } = properties;
  return {
    id,
    policy: { name: id, document: JSON.stringify(resolve(PolicyDocument, scope)) },
    roles: (Array.isArray(Roles) ? Roles : []).flatMap((role) => (isObject(role) ? [String(role.Ref)] : [])),
  };
}

function factsOf(id: string, properties: JsonObject, attached: readonly PolicyResource[]): RoleFacts {
  const { Policies, ManagedPolicyArns, PermissionsBoundary, MaxSessionDuration, Tags } = properties;
  const inline = (Array.isArray(Policies) ? Policies : [])
    .map(objectOf)
    .map(({ PolicyName, PolicyDocument }) => ({
      name: String(PolicyName),
      document: JSON.stringify(PolicyDocument),
    }));
  const named = strings(ManagedPolicyArns) ?? [];
  const managed = named.map((arn) => ({ name: arn.slice(arn.lastIndexOf('/') + 1), arn }));
  // A policy of the template is referred to by its logical id.
  const own = attached.filter(
    ({ id: policy, roles }) => roles.includes(id) || named.includes(unknown(policy)),
  );
  const tags = (Array.isArray(Tags) ? Tags : [])
    .map(objectOf)
    .map(({ Key, Value }) => [String(Key), String(Value)]);
  return {
    policies: [...inline, ...managed, ...own.map(({ policy }) => policy)],
    boundary:
      typeof PermissionsBoundary === 'string'
        ? { name: PermissionsBoundary, arn: PermissionsBoundary }
        : null,
    ...(Number.isInteger(Number(MaxSessionDuration)) && { maxSessionSeconds: Number(MaxSessionDuration) }),
    tags: Object.fromEntries(tags),
  };
}

const objectOf = (value: unknown): JsonObject => (isObject(value) ? value : {});

/** A trust policy that stands alone, intrinsics of the template it was cut from as marks. */
export const readDocument = (document: JsonObject): JsonObject => objectOf(resolve(document, NO_SCOPE));
