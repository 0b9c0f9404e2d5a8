/** What runs as it stands: profile, AWS CLI, boto3, SDK, and the two requests behind them. */
import type { Facts, FederatedCredential, Snippet } from './plan.ts';
import { word } from './quote.ts';

const credentialProcess = ({ roleArn, audience }: Facts): string =>
  `oidc-factory credentials --role-arn ${word(roleArn)} --audience ${word(audience)}`;

/** Where nothing is configured yet, as in a job of its own. */
export const configuring = (facts: Facts): string[] => [
  `aws configure set credential_process ${word(credentialProcess(facts))}`,
  `aws configure set region ${word(facts.region)}`,
];

/** Lines as part of a YAML document. */
export const indented = (blanks: number, lines: readonly string[]): string[] =>
  lines.map((line) => ' '.repeat(blanks) + line);

/** The ways of using the profile. */
export const usages = (facts: Facts): Snippet[] => [profile(facts), cli(facts), boto3(facts), sdk(facts)];

const profile = (facts: Facts): Snippet => ({
  name: 'profile',
  what: 'the profile, in ~/.aws/config',
  content: [
    `[profile ${facts.profile}]`,
    `region = ${facts.region}`,
    `credential_process = ${credentialProcess(facts)}`,
  ].join('\n'),
});

const cli = (facts: Facts): Snippet => ({
  name: 'cli',
  what: 'the AWS CLI',
  content: `aws sts get-caller-identity --profile ${word(facts.profile)}`,
});

const boto3 = (facts: Facts): Snippet => ({
  name: 'boto3',
  what: 'Python',
  content: [
    'import boto3',
    '',
    `session = boto3.Session(profile_name=${JSON.stringify(facts.profile)})`,
    'print(session.client("sts").get_caller_identity()["Arn"])',
  ].join('\n'),
});

/** Without the profile. */
const sdk = ({ roleArn, audience, region }: Facts): Snippet => ({
  name: 'sdk',
  what: 'JavaScript and TypeScript, without a profile',
  content: [
    "import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';",
    "import { fromEntra } from 'oidc-factory/credentials';",
    '',
    'const credentials = fromEntra({',
    `  roleArn: ${JSON.stringify(roleArn)},`,
    `  audience: ${JSON.stringify(audience)},`,
    '});',
    `const sts = new STSClient({ region: ${JSON.stringify(region)}, credentials });`,
    'console.log((await sts.send(new GetCallerIdentityCommand({}))).Arn);',
  ].join('\n'),
});

const CURL = 'curl --fail-with-body --silent --show-error';

/** Tokens and secrets go through pipes: arguments are for everybody on the machine to see. */
const exchanged = (login: readonly string[], { roleArn, endpoints }: Facts): Snippet => ({
  name: 'curl',
  what: 'the same by hand: a token of Entra, exchanged at STS',
  content: [
    ...login,
    '  | jq --join-output .access_token \\',
    `  | ${CURL} ${word(endpoints.sts)} \\`,
    '      --data-urlencode Action=AssumeRoleWithWebIdentity --data-urlencode Version=2011-06-15 \\',
    `      --data-urlencode ${word(`RoleArn=${roleArn}`)} --data-urlencode RoleSessionName=curl \\`,
    '      --data-urlencode WebIdentityToken@-',
  ].join('\n'),
});

export const curlAsManagedIdentity = (facts: Facts): Snippet =>
  exchanged(
    [
      `${CURL} --get --header Metadata:true ${word(`${facts.endpoints.metadata}/metadata/identity/oauth2/token`)} \\`,
      `    --data-urlencode api-version=2018-02-01 --data-urlencode ${word(`resource=${facts.audience}`)} \\`,
    ],
    facts,
  );

const tokenRequest = ({ endpoints, issuer, clientId, audience }: Facts): string[] => [
  `${CURL} ${word(`${endpoints.authority}/${issuer.tenantId}/oauth2/v2.0/token`)} \\`,
  `    --data-urlencode grant_type=client_credentials --data-urlencode client_id=${clientId} \\`,
  `    --data-urlencode ${word(`scope=${audience}/.default`)} \\`,
];

export const curlWithSecret = (facts: Facts): Snippet => {
  const [request = '', ...rest] = tokenRequest(facts);
  const piped = [`printf %s "$AZURE_CLIENT_SECRET" | ${request}`, ...rest];
  return exchanged([...piped, '    --data-urlencode client_secret@- \\'], facts);
};

export const curlWithAssertion = (facts: Facts): Snippet =>
  exchanged(
    [
      ...tokenRequest(facts),
      '    --data-urlencode client_assertion_type=urn:ietf:params:oauth:client-assertion-type:jwt-bearer \\',
      '    --data-urlencode "client_assertion@$AZURE_FEDERATED_TOKEN_FILE" \\',
    ],
    facts,
  );

/** Who creates it needs a right on the application, which is the factory's. */
export const federation = ({ clientId }: Facts, credential: FederatedCredential): Snippet => ({
  name: 'federation',
  what: 'the federated credential, by an administrator of the tenant',
  content: `az ad app federated-credential create --id ${clientId} --parameters ${word(JSON.stringify(credential))}`,
});
