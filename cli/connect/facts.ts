import { type Connection, trustingSubject } from '../../core/connection.ts';
import { CLOUDS, type EntraCloud, type Issuer, PARTITIONS, type Partition } from '../../core/issuer.ts';
import type { RoleView } from '../../lambdas/ports.ts';
import type { Io } from '../io.ts';
import { type Facts, OBJECT_ID } from './plan.ts';

/** Where the environment aims Azure's and AWS's own tools at other endpoints, the snippets follow. */
export function factsOf(role: RoleView, connection: Connection, region: string, env: Io['env']): Facts {
  const cloud = cloudOf(connection.issuer, env.AZURE_AUTHORITY_HOST);
  const { authorityHost, federatedCredentialAudience } = CLOUDS[cloud];
  const partition = PARTITIONS[connection.roleArn.split(':')[1] as Partition] ?? PARTITIONS.aws;
  return {
    ...connection,
    profile: role.roleName,
    region,
    endpoints: {
      authority: withoutSlash(env.AZURE_AUTHORITY_HOST ?? authorityHost),
      sts: env.AWS_ENDPOINT_URL_STS ?? env.AWS_ENDPOINT_URL ?? `https://sts.${region}.${partition.dnsSuffix}`,
      metadata: withoutSlash(env.AZURE_POD_IDENTITY_AUTHORITY_HOST ?? 'http://169.254.169.254'),
    },
    assertionAudience: federatedCredentialAudience,
    trustPolicy: trustingSubject(role, connection, OBJECT_ID),
  };
}

/** Clouds share an issuer's host: whoever works in the other one has set its authority. */
function cloudOf(issuer: Issuer, authority = ''): EntraCloud {
  const clouds = Object.keys(CLOUDS) as EntraCloud[];
  return clouds.find((cloud) => CLOUDS[cloud].authorityHost === withoutSlash(authority)) ?? issuer.cloud;
}

const withoutSlash = (url: string): string => url.replace(/\/$/, '');
