import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { TARGETS } from '../../cli/connect/targets.ts';
import { roleArn } from '../../core/ids.ts';
import { pendingTags } from '../../core/tags.ts';
import {
  ACCOUNT,
  APP_ID,
  AUDIENCE,
  key,
  MANAGED_IDENTITY,
  PLACEHOLDER,
  PROVIDER_ARN,
  policyWith,
  SERVICE_PRINCIPAL,
  TENANT,
} from '../fixtures/domain.ts';
import { run } from './recorded-io.ts';
import { READY, ROLE_ARN, ROLE_ID, roleAnswer, withRole } from './role-answer.ts';

type Options = { env?: Record<string, string>; width?: number };
const connect = (place: string, more: string[] = [], role = roleAnswer(READY), options: Options = {}) =>
  withRole([role], () => run(['connect', '--role-arn', ROLE_ARN, '--for', place, ...more], options));
const answer = async (place: string, env: Record<string, string> = {}) =>
  (await connect(place, ['--json'], undefined, { env })).json();

// The machine's own region is none of the tests' business.
beforeAll(() => {
  vi.stubEnv('AWS_REGION', undefined);
  vi.stubEnv('AWS_CONFIG_FILE', '/dev/null');
});
afterAll(() => vi.unstubAllEnvs());

describe('connect', () => {
  it.each(TARGETS)('for %s has every value of the role, and says it to people too', async (place) => {
    const found = await answer(place);
    expect(found).toMatchObject({
      ready: true,
      for: place,
      roleArn: ROLE_ARN,
      providerArn: PROVIDER_ARN,
      issuer: `https://sts.windows.net/${TENANT}/`,
      tenantId: TENANT,
      clientId: APP_ID,
      audience: AUDIENCE,
      scope: `${AUDIENCE}/.default`,
      subject: 'pinned',
      subjects: [SERVICE_PRINCIPAL],
      region: 'us-east-1',
    });
    expect(found.snippets).toMatchObject({
      profile: expect.stringContaining(
        `credential_process = oidc-factory credentials --role-arn ${ROLE_ARN} --audience ${AUDIENCE}`,
      ),
      boto3: expect.stringContaining('profile_name="deploy"'),
      sdk: expect.stringContaining('fromEntra'),
    });
    const { exitCode, stdout } = await connect(place);
    expect(exitCode).toBe(0);
    for (const value of [TENANT, APP_ID, AUDIENCE, SERVICE_PRINCIPAL]) expect(stdout).toContain(value);
    for (const { title } of found.steps) expect(stdout).toContain(title);
    for (const line of Object.values<string>(found.snippets).join('\n').split('\n'))
      expect(stdout).toContain(line);
  });

  it.each([
    ['aks', '<OIDC issuer of the cluster>', 'system:serviceaccount:<namespace>:<service account>'],
    [
      'github',
      'https://token.actions.githubusercontent.com',
      'repo:<owner>/<repository>:environment:<environment>',
    ],
    ['gitlab', 'https://gitlab.com', 'project_path:<group>/<project>:ref_type:branch:ref:<branch>'],
    [
      'azure-devops',
      expect.stringContaining('service connection'),
      expect.stringContaining('service connection'),
    ],
  ])('for %s names the federated credential to create', async (place, issuer, subject) => {
    const { federatedCredential, snippets } = await answer(place);
    expect(federatedCredential).toEqual({
      name: expect.any(String),
      issuer,
      subject,
      audiences: ['api://AzureADTokenExchange'],
    });
    expect(snippets.federation).toContain(
      `--id ${APP_ID} --parameters '${JSON.stringify(federatedCredential)}'`,
    );
  });

  it.each(['azure', 'onprem'])('for %s needs none', async (place) => {
    expect((await answer(place)).federatedCredential).toBeNull();
  });

  it.each(['github', 'gitlab', 'aks', 'onprem'])('for %s says that Entra can be left out', async (place) => {
    const { direct } = await answer(place);
    expect(direct).toMatch(
      /AWS trusts GitHub itself|AWS trusts GitLab itself|AWS can trust the cluster itself|Roles Anywhere/,
    );
    expect((await connect(place)).stdout).toContain('Simpler');
  });

  it.each(['azure', 'azure-devops'])('for %s does not', async (place) => {
    expect((await answer(place)).direct).toBeNull();
    expect((await connect(place)).stdout).not.toContain('Simpler');
  });

  it('for a managed identity has the trust policy that lets it in, by its object id', async () => {
    const { snippets, steps } = await answer('azure');
    const [, document = ''] = /--role-name deploy --policy-document '(.*)'$/.exec(snippets.trust) ?? [];
    expect(JSON.parse(document)).toEqual(
      JSON.parse(policyWith({ StringEquals: { [key('aud')]: AUDIENCE, [key('sub')]: 'OBJECT_ID' } })),
    );
    expect(steps[0].text).toMatch(/principal id.*client id is another one/);
  });

  it('for who logs in as the application tells which object id has to be in sub', async () => {
    const { stdout } = await connect(
      'github',
      [],
      roleAnswer(READY, {
        trustPolicy: policyWith({ StringEquals: { [key('aud')]: AUDIENCE, [key('sub')]: MANAGED_IDENTITY } }),
      }),
    );
    expect(stdout).toMatch(new RegExp(`lets in ${MANAGED_IDENTITY}`));
    expect(stdout).toContain(`az ad sp show --id ${APP_ID} --query id`);
  });

  it('says that strangers get in where sub is not pinned', async () => {
    const open = roleAnswer(READY, { trustPolicy: policyWith({ StringEquals: { [key('aud')]: AUDIENCE } }) });
    expect((await connect('azure', [], open)).stdout).toMatch(/lets in +every application of the tenant/);
    expect((await connect('github', [], open)).stdout).toContain('keeps nobody out');
  });

  it('goes where the environment aims the tools of AWS and Azure', async () => {
    const env = {
      AWS_REGION: 'eu-central-1',
      AWS_ENDPOINT_URL: 'http://127.0.0.1:1/aws',
      AZURE_AUTHORITY_HOST: 'https://127.0.0.1:2/',
      AZURE_POD_IDENTITY_AUTHORITY_HOST: 'http://127.0.0.1:3',
    };
    const azure = await answer('azure', env);
    expect(azure.region).toBe('eu-central-1');
    expect(azure.snippets.profile).toContain('region = eu-central-1');
    expect(azure.snippets.curl).toContain('http://127.0.0.1:3/metadata/identity/oauth2/token');
    expect(azure.snippets.curl).toContain(' http://127.0.0.1:1/aws ');
    const { snippets } = await answer('onprem', { ...env, AWS_ENDPOINT_URL_STS: 'http://127.0.0.1:4' });
    expect(snippets.curl).toContain(`https://127.0.0.1:2/${TENANT}/oauth2/v2.0/token`);
    expect(snippets.curl).toContain(' http://127.0.0.1:4 ');
  });

  it('knows the national clouds: endpoints of the partition, audience of the authority', async () => {
    const gov = ROLE_ARN.replace('arn:aws:', 'arn:aws-us-gov:');
    const trustPolicy = policyWith({ StringEquals: { [key('aud')]: AUDIENCE } }).replaceAll(
      'arn:aws:',
      'arn:aws-us-gov:',
    );
    const role = roleAnswer(READY, { arn: gov, trustPolicy });
    const env = { AZURE_AUTHORITY_HOST: 'https://login.microsoftonline.us', AWS_REGION: 'eu-central-1' };
    const { json } = await withRole([role], () =>
      run(['connect', '--role-arn', gov, '--for', 'github', '--json'], { env }),
    );
    expect(json().region).toBe('us-gov-west-1');
    expect(json().federatedCredential.audiences).toEqual(['api://AzureADTokenExchangeUSGov']);
    expect(json().snippets.curl).toContain('https://sts.us-gov-west-1.amazonaws.com ');
    expect(json().snippets.curl).toContain('https://login.microsoftonline.us/');
  });

  it('quotes what a shell would obey', async () => {
    const arn = `arn:aws:iam::${ACCOUNT}:role/$(id)/it's/deploy`;
    const role = roleAnswer(READY, { arn });
    const { json } = await withRole([role], () =>
      run(['connect', '--role-arn', roleArn(arn), '--for', 'onprem', '--json']),
    );
    const quoted = `'arn:aws:iam::${ACCOUNT}:role/$(id)/it'\\''s/deploy'`;
    expect(json().snippets.profile).toContain(`--role-arn ${quoted} --audience`);
    expect(json().snippets.curl).toContain(`--data-urlencode 'RoleArn=${quoted.slice(1)}`);
    expect(json().snippets.sdk).toContain(`roleArn: ${JSON.stringify(arn)}`);
  });

  it('prints no snippet broken, however narrow the terminal', async () => {
    const { stdout } = await connect('github', [], undefined, { width: 50 });
    const { snippets } = await answer('github');
    for (const line of snippets.workflow.split('\n')) expect(stdout).toContain(line);
  });

  it.each<[string, ReturnType<typeof roleAnswer>, string, RegExp]>([
    ['pending', roleAnswer(pendingTags(ROLE_ID)), 'pending', /status --role-arn .*deploy --wait/],
    ['not looked at', roleAnswer({}), 'none', /doctor --role-arn .*deploy/],
    [
      'ready by its tags, but with the placeholder again',
      roleAnswer(READY, { trustPolicy: policyWith({ StringEquals: { [key('aud')]: PLACEHOLDER } }) }),
      'ready',
      /trust rewrite/,
    ],
  ])('ends with 1 where the role is %s', async (_, role, status, remedy) => {
    const asJson = await connect('azure', ['--json'], role);
    expect(asJson.exitCode).toBe(1);
    expect(asJson.json()).toEqual({
      ready: false,
      roleArn: ROLE_ARN,
      status,
      detail: expect.stringMatching(/\w/),
      remedy: expect.stringMatching(remedy),
    });
    const { exitCode, stdout } = await connect('azure', [], role);
    expect(exitCode).toBe(1);
    expect(stdout).toMatch(remedy);
    expect(stdout).toContain(`Not ready (${status})`);
  });

  it.each([
    [['--role-arn', ROLE_ARN]],
    [['--for', 'azure']],
    [['--role-arn', ROLE_ARN, '--for', 'the moon']],
    [['--role-arn', 'deploy', '--for', 'azure']],
  ])('refuses the arguments %j', async (args) => {
    const { exitCode } = await withRole([roleAnswer(READY)], () => run(['connect', ...args]));
    expect(exitCode).toBe(2);
  });

  it("refuses another account's role of the same name", async () => {
    const elsewhere = roleAnswer(READY, { arn: 'arn:aws:iam::999999999999:role/deploy' });
    const { exitCode, json } = await connect('azure', ['--json'], elsewhere);
    expect({ exitCode, code: json().error.code }).toEqual({ exitCode: 3, code: 'WrongAccount' });
    expect(json().error.remedy).toContain(ACCOUNT);
  });
});
