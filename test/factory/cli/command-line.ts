/** The command line against a running factory, as an operator has set it up: profiles, config, a login to Entra. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { afterAll, beforeAll, vi } from 'vitest';
import { configFor } from '../../../bin/local.ts';
import { type Ran, run } from '../../cli/recorded-io.ts';
import type { Keys } from '../callers.ts';
import type { Factory } from '../harness.ts';

export interface CommandLine {
  /** Runs a command; `env` comes over the operator's environment. */
  run(args: readonly string[], env?: Readonly<Record<string, string | undefined>>): Promise<Ran>;
  /** The factory's config; also what `--config` finds without being given. */
  readonly config: string;
  /** Another file beside it. */
  file(name: string, text: string): string;
}

/** Profiles `factory` and `member-<n>`, administrators all, and `extra`. */
export function useCommandLine(
  factory: () => Factory,
  extra: () => Promise<Readonly<Record<string, Keys>>> = async () => ({}),
): () => CommandLine {
  const folder = mkdtempSync(join(tmpdir(), 'oidc-factory-cli-'));
  const file = (name: string, text: string): string => {
    writeFileSync(join(folder, name), text, { mode: 0o600 });
    return join(folder, name);
  };
  let config = '';

  beforeAll(async () => {
    const { aws, entra } = factory().sandbox.ready;
    const members = aws.members.map((member, index): [string, Keys] => [`member-${index}`, member]);
    const profiles = { factory: aws.factory, ...Object.fromEntries(members), ...(await extra()) };
    config = file('oidc-factory.json', JSON.stringify(configFor(factory().sandbox.world)));
    // Variables of the environment come too late for this process.
    setDefaultCACertificates([...getCACertificates('default'), readFileSync(entra.caFile, 'utf8')]);
    const environment = {
      AWS_CONFIG_FILE: file('aws-config', Object.entries(profiles).map(profileText).join('')),
      AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
      AWS_EC2_METADATA_DISABLED: 'true',
      AWS_ENDPOINT_URL: aws.endpoint,
      AWS_REGION: aws.region,
      AZURE_AUTHORITY_HOST: entra.authority,
      AZURE_POD_IDENTITY_AUTHORITY_HOST: factory().sandbox.imds,
      AZURE_TENANT_ID: entra.tenantId,
      AZURE_CLIENT_ID: entra.admin.clientId,
      AZURE_CLIENT_SECRET: entra.admin.clientSecret,
      GRAPH_ENDPOINT: entra.graph,
    };
    for (const [name, value] of Object.entries(environment)) vi.stubEnv(name, value);
  });
  afterAll(() => {
    vi.unstubAllEnvs();
    rmSync(folder, { recursive: true, force: true });
  });

  return () => ({
    config,
    file,
    run: (args, env = {}) => run(args, { env: { ...process.env, ...env } }),
  });
}

const profileText = ([name, keys]: [string, Keys]): string =>
  [
    `[profile ${name}]`,
    `aws_access_key_id = ${keys.accessKeyId}`,
    `aws_secret_access_key = ${keys.secretAccessKey}`,
    '',
  ].join('\n');
