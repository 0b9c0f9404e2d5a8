/** What a config must not say although each of its fields is well-formed. */
import { MAX_CLIENT_IDS } from '../../core/consent.ts';
import { isGuid, tenantId } from '../../core/ids.ts';
import { entraIssuer, partitionOfRegion, providerPath } from '../../core/issuer.ts';
import { lint } from '../../core/lint/lint.ts';
import { patternsOverMemberRoles } from '../../core/protected-roles.ts';
import type { FactoryConfig } from './config.ts';

export interface Refusal {
  readonly path: readonly (string | number)[];
  readonly message: string;
}

/** Why this config would be dangerous, or could not work; empty where nothing is against it. */
export const refusalsOf = (config: FactoryConfig): readonly Refusal[] => [
  ...claimablePlaceholders(config),
  ...protectedMemberRoles(config),
  ...openWorkloads(config),
  ...unreadableSecret(config),
  ...tooManyAudiences(config),
];

/** Audiences are identifier URIs, which have a scheme and never end with a slash, or client ids. */
const CLAIMABLE = /^[a-z][a-z0-9+.-]*:.*[^/]$/i;

/** A role on an audience that a token carries is open from its first moment, before the factory has looked at it. */
function claimablePlaceholders({
  placeholders,
  entra,
  dangerouslyAllowClaimablePlaceholders,
}: FactoryConfig): Refusal[] {
  if (dangerouslyAllowClaimablePlaceholders) return [];
  const issuer = entraIssuer({ ...entra, tenantId: tenantId(entra.tenantId) });
  const ofTenant = `api://${entra.tenantId}/`;
  const isSafe = (placeholder: string): boolean =>
    // Reserved by `bootstrap entra` with an application that gets no tokens.
    placeholder.startsWith(ofTenant) ||
    // Nobody can verify Entra's own domain as theirs.
    placeholder === issuer.url ||
    !(CLAIMABLE.test(placeholder) || isGuid(placeholder));
  return placeholders.flatMap((placeholder, index) =>
    isSafe(placeholder)
      ? []
      : [
          {
            path: ['placeholders', index],
            message: `expected ${ofTenant}…, the issuer or a word without a scheme: some application of the tenant may get tokens for ${placeholder} (dangerouslyAllowClaimablePlaceholders accepts that)`,
          },
        ],
  );
}

/** Where others own such names, or keep them from being changed, the member stack cannot be deployed. */
const protectedMemberRoles = ({ prefix, protectedRoles }: FactoryConfig): Refusal[] =>
  patternsOverMemberRoles({ memberRolePrefix: prefix, protectedRoles }).map(({ pattern, roleName }) => {
    const index = protectedRoles.indexOf(pattern);
    return {
      path: index < 0 ? ['prefix'] : ['protectedRoles', index],
      message: `expected no protected role name to cover the member roles: ${pattern} covers ${roleName}`,
    };
  });

/** A prefix that ends within a name is the beginning of other names, too. */
const SEPARATED = /^[^*?]*[:/@]$/;

/** Subjects are judged as the linter judges a trust policy: by a token that a stranger could get. */
const openWorkloads = ({ federatedCredentials = [] }: FactoryConfig): Refusal[] =>
  federatedCredentials.flatMap(({ issuer, subjects }, index) =>
    subjects.flatMap((subject, at) => {
      const path = ['federatedCredentials', index, 'subjects', at];
      if (!SEPARATED.test(subject)) {
        return [{ path, message: 'expected no wildcard, and a separator (: / @) at the end' }];
      }
      const stranger = strangerWith(issuer, subject);
      return stranger === undefined
        ? []
        : [
            {
              path,
              message: `expected the whole name of your organization at ${issuer}: a stranger's subject ${stranger} begins so, too`,
            },
          ];
    }),
  );

function strangerWith(issuer: string, prefix: string): string | undefined {
  const path = providerPath(issuer);
  const trustPolicy = {
    Version: '2012-10-17',
    Statement: {
      Effect: 'Allow',
      Principal: { Federated: `arn:aws:iam::000000000000:oidc-provider/${path}` },
      Action: 'sts:AssumeRoleWithWebIdentity',
      Condition: { StringLike: { [`${path}:sub`]: `${prefix}*` } },
    },
  };
  // A medium one is a member of one's own organization.
  const open = lint({ name: prefix, trustPolicy }, { today: '' }).findings.find(
    ({ rule, severity }) => rule === 'WI01' && severity === 'critical',
  );
  return open && String(open.witness?.claims.sub);
}

/** Functions ask Secrets Manager in their own region. */
function unreadableSecret({ entra: { login }, factory }: FactoryConfig): Refusal[] {
  if (login.kind !== 'secret') return [];
  const [, partition, , region] = login.secretArn.split(':');
  if (partition === partitionOfRegion(factory.region) && region === factory.region) return [];
  return [
    {
      path: ['entra', 'login', 'secretArn'],
      message: `expected a secret in ${factory.region}, where the factory is, not in ${region} (${partition})`,
    },
  ];
}

/** Placeholders stand on the provider's list as well. */
function tooManyAudiences({ placeholders, caps }: FactoryConfig): Refusal[] {
  const most = MAX_CLIENT_IDS - placeholders.length;
  return caps.rolesPerAccount <= most
    ? []
    : [
        {
          path: ['caps', 'rolesPerAccount'],
          message: `expected at most ${most}: a provider has ${MAX_CLIENT_IDS} audiences, ${placeholders.length} of them placeholders`,
        },
      ];
}
