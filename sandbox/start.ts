/** Starts the local cloud on what would be deployed: both clouds, their seed, and every stack of an assembly. */
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CLOUDS, PARTITIONS } from '../core/issuer.ts';
import { type Assembly, readAssembly } from './assembly.ts';
import { createCloudFormation } from './aws/cloudformation.ts';
import type { CloudTrailRecord } from './aws/cloudtrail.ts';
import { type CiIssuers, ciIssuerHosts, createCiIssuers, isHostOf } from './ci-issuers.ts';
import { Cleanup } from './cleanup.ts';
import type { Caller, Credentials, PolicyUse } from './cloud.ts';
import { createControl } from './control.ts';
import { atRest, tenantProvider } from './enrolment.ts';
import { createEntra, ENTRA_HOSTS, type Entra } from './entra/entra.ts';
import type { SeededTenant } from './entra/seed.ts';
import { createCertificates } from './entra/tls.ts';
import { fetchJson } from './issuer-fetch.ts';
import { type LocalAws, startLocalAws } from './local-aws.ts';
import { createRecorder, type SandboxRecorder } from './recorder.ts';
import { createStacks, type Stack, type Stacks } from './stacks.ts';
import { createTime } from './time.ts';
import type { World } from './world.ts';

/** What a program needs to work with the sandbox; one line of JSON. Holds secrets of this start. */
export interface ReadyLine {
  readonly ready: true;
  /** For `/_sandbox/*` on the AWS endpoint. */
  readonly controlToken: string;
  readonly aws: {
    readonly endpoint: string;
    readonly region: string;
    readonly factory: AccountAccess;
    readonly members: readonly (AccountAccess & { readonly providerArn: string })[];
  };
  readonly entra: {
    readonly authority: string;
    readonly graph: string;
    readonly tenantId: string;
    /** PEM file; trust it to talk to authority and Graph. */
    readonly caFile: string;
    readonly admin: { readonly clientId: string; readonly clientSecret: string };
  };
}

/** An administrator user of the account. */
export interface AccountAccess {
  readonly accountId: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

export interface StartOptions {
  readonly world: World;
  /** A CDK assembly, synthesized for this world. */
  readonly assemblyDir: string;
  /** Of the AWS endpoint; 0: any free one. */
  readonly port: number;
  /** What a second of the product's waits takes in reality. */
  readonly timeScale: number;
  /** Told of every allowed AWS call and the policy statements that allowed it. */
  readonly onPolicyUse?: (use: PolicyUse) => void;
  /** Draws faults and jitter; seeded where a run is to be like another. @default Math.random */
  readonly random?: () => number;
  /** Directory objects that the factory may hold. @default 250 */
  readonly objectsPerCreator?: number;
  /** Gets every record of CloudTrail and hands it on: at once, later, more than once or never. @default at once */
  readonly onCloudTrailRecord?: (record: CloudTrailRecord, deliver: () => void) => void;
}

export interface Sandbox {
  readonly ready: ReadyLine;
  readonly world: World;
  readonly recorder: SandboxRecorder;
  readonly aws: LocalAws;
  readonly entra: Entra;
  readonly tenant: SeededTenant;
  /** Of the CI systems whose tokens AWS trusts directly. */
  readonly ciIssuers: CiIssuers;
  /** What the templates became: a stack for any account is here once for each member. */
  readonly stacks: readonly Stack[];
  /** One more stack, deployed by the account's administrator where IAM's events are. */
  deploy(
    stack: { name: string; template: object; parameters?: Readonly<Record<string, string>> },
    accountId: string,
  ): Promise<Stack>;
  /** Deletes a stack; what its template retains stays. */
  remove(stack: Stack): Promise<void>;
  /** A new member account, in which nothing is deployed. */
  openAccount(accountId: string): AccountAccess;
  /** An administrator of any account of the world, those outside the organization too. */
  administrator(accountId: string): Administrator;
  /** Of the metadata service that hands tokens to managed identities. */
  readonly imds: string;
  /** Leaves no process and no file behind. */
  close(): Promise<void>;
}

interface Administrator {
  readonly caller: Caller;
  readonly credentials: Credentials;
}

/** Resolves when everything is deployed and listens on 127.0.0.1. On failure nothing is left. */
export async function startSandbox(options: StartOptions): Promise<Sandbox> {
  const cleanup = new Cleanup();
  try {
    return await start(options, cleanup);
  } catch (error) {
    await cleanup.run().catch((problem: unknown) => console.error(problem));
    throw error;
  }
}

async function start(options: StartOptions, cleanup: Cleanup): Promise<Sandbox> {
  const { world, random = Math.random } = options;
  const { iamEventRegion } = PARTITIONS[world.partition];
  const assembly = readAssembly(options.assemblyDir);
  const time = createTime(options.timeScale);
  const recorder = createRecorder({ time, random });
  const controlToken = randomBytes(32).toString('base64url');

  // mkdtemp makes it 0700.
  const privateDir = await mkdtemp(join(tmpdir(), 'oidc-factory-sandbox-'));
  cleanup.add(() => rm(privateDir, { recursive: true, force: true }));
  const playedHosts = ciIssuerHosts(world.region);
  const hosts = [...Object.values(ENTRA_HOSTS), `*.${OUTBOUND_DOMAIN}`, ...playedHosts];
  const certificates = await createCertificates(hosts, privateDir);
  let entraPort: number | undefined;
  let entraOrigin = '';
  const resolve = (host: string): number | undefined => (isHostOf(hosts, host) ? entraPort : undefined);
  const ciIssuers = createCiIssuers({
    hosts: playedHosts,
    now: () => time.now(),
    publish: (host, document) => entra.publish(host, document),
  });

  const aws = await startLocalAws(
    {
      world,
      time,
      recorder,
      random,
      control: createControl({
        recorder,
        token: controlToken,
        issueToken: ciIssuers.token,
        moveAccount: (move) => aws.organizations.move(move),
      }),
      port: options.port,
      certificates,
      fetchJson: (url) => fetchJson(url, { resolve, ca: certificates.ca }),
      functionVariables: () => ({
        NODE_EXTRA_CA_CERTS: certificates.caFile,
        AZURE_AUTHORITY_HOST: entraOrigin,
        GRAPH_ENDPOINT: entraOrigin,
      }),
      ...(options.onPolicyUse && { onPolicyUse: options.onPolicyUse }),
      ...(options.onCloudTrailRecord && { onCloudTrailRecord: options.onCloudTrailRecord }),
      report: (problem) => console.error(problem),
    },
    cleanup,
  );

  const entra = await createEntra({
    tenantId: world.tenantId,
    recorder,
    time,
    certificates,
    resolveIssuer: resolve,
    ...(options.objectsPerCreator !== undefined && { objectsPerCreator: options.objectsPerCreator }),
  });
  // Known before it is switched on, which the factory's stack does.
  const issuer = aws.sts.reserveOutboundIssuer(world.factoryAccountId, world.outboundIssuerId);
  await publishOutboundIssuer(aws, entra, issuer);
  const tenant = entra.seed(tenantSeed(world, issuer));
  if (world.secretArn !== undefined) aws.secrets.seed(world.secretArn, tenant.factory.clientSecret ?? '');
  cleanup.add(() => entra.close());
  const listening = await entra.listen();
  entraPort = listening.port;
  entraOrigin = listening.origin;

  const accounts = [
    world.managementAccountId,
    world.factoryAccountId,
    ...world.memberAccountIds,
    world.outsideAccountId,
  ];
  const administrators = new Map(
    accounts.map((accountId) => [accountId, aws.iam.createAdministrator(accountId, 'administrator')]),
  );
  const administrator = (accountId: string): Administrator => {
    const found = administrators.get(accountId);
    if (!found) throw new Error(`The world has no account ${accountId}`);
    return found;
  };
  const access = (accountId: string): AccountAccess => {
    const { accessKeyId, secretAccessKey } = administrator(accountId).credentials;
    return { accountId, accessKeyId, secretAccessKey };
  };

  const stacks = createStacks(aws, assembly.assetFolder);
  aws.cloud.register(createCloudFormation(aws.cloud, stacks));
  await deployAssembly(assembly, world, stacks, administrator);
  const members = await Promise.all(
    world.memberAccountIds.map(async (accountId) => ({
      ...access(accountId),
      providerArn: await tenantProvider({ world, cloud: aws.cloud }, administrator(accountId).caller),
    })),
  );
  await atRest({ world, cloud: aws.cloud }, administrator(world.factoryAccountId).caller);
  recorder.clearCalls();

  return {
    ready: {
      ready: true,
      controlToken,
      aws: {
        endpoint: aws.endpoint,
        region: world.region,
        factory: access(world.factoryAccountId),
        members,
      },
      entra: {
        authority: entraOrigin,
        graph: entraOrigin,
        tenantId: world.tenantId,
        caFile: certificates.caFile,
        admin: { clientId: tenant.admin.clientId, clientSecret: tenant.admin.clientSecret },
      },
    },
    world,
    recorder,
    aws,
    entra,
    tenant,
    ciIssuers,
    stacks: stacks.all,
    deploy: (stack, accountId) =>
      stacks.deploy({ ...stack, accountId, region: iamEventRegion, as: administrator(accountId).caller }),
    remove: (stack) => stacks.remove(stack),
    openAccount: (accountId) => {
      aws.organizations.open({ id: accountId, parentId: world.rootId });
      administrators.set(accountId, aws.iam.createAdministrator(accountId, 'administrator'));
      return access(accountId);
    },
    administrator,
    imds: listening.imds,
    close: () => cleanup.run(),
  };
}

/** AWS gives every account's outbound issuer a host under this one. */
const OUTBOUND_DOMAIN = 'tokens.sts.global.api.aws';

/** Entra's server publishes what AWS would under the issuer's own name. The documents do not change. */
async function publishOutboundIssuer(aws: LocalAws, entra: Entra, issuer: string): Promise<void> {
  const paths = ['/.well-known/openid-configuration', '/.well-known/jwks.json'];
  const documents = new Map(
    await Promise.all(
      paths.map(async (path) => [path, await aws.sts.outboundDocument(issuer + path)] as const),
    ),
  );
  entra.publish(new URL(issuer).host, (path) => documents.get(path));
}

const tenantSeed = (world: World, issuer: string) => ({
  factory: {
    appId: world.factoryAppId,
    servicePrincipalId: world.factoryServicePrincipalId,
    ...(world.secretArn === undefined
      ? {
          federated: {
            issuer,
            audience: CLOUDS.public.federatedCredentialAudience,
            subjects: world.entraSubjects,
          },
        }
      : { withSecret: true }),
  },
  reservation: {
    appId: world.reservationAppId,
    servicePrincipalId: world.reservationServicePrincipalId,
    identifierUri: `api://${world.tenantId}/oidc-factory-placeholder`,
  },
});

/** A stack for a certain account goes there; one for any account goes to every member, where IAM's events are. */
async function deployAssembly(
  assembly: Assembly,
  world: World,
  stacks: Stacks,
  administrator: (accountId: string) => Administrator,
): Promise<void> {
  const { iamEventRegion } = PARTITIONS[world.partition];
  for (const { name, template, accountId, region = iamEventRegion } of assembly.stacks) {
    const targets = accountId === undefined ? world.memberAccountIds : [accountId];
    for (const target of targets) {
      await stacks.deploy({
        name,
        template,
        accountId: target,
        region,
        as: administrator(target).caller,
      });
    }
  }
}
