/** The Azure CLI, as far as the guides use it: each command as the request to Graph that it stands for. */
const { AZURE_AUTHORITY_HOST, AZURE_TENANT_ID, AZURE_CLIENT_ID, AZURE_CLIENT_SECRET, GRAPH_ENDPOINT } =
  process.env;
const GRAPH = 'https://graph.microsoft.com/v1.0';

interface Request {
  readonly method: string;
  /** Below {@link GRAPH}. */
  readonly path: string;
  readonly body?: object;
}

function requestOf(args: readonly string[]): Request {
  const command = args
    .filter((arg) => !arg.startsWith('--'))
    .slice(
      0,
      args.findIndex((arg) => arg.startsWith('--')),
    );
  const option = (name: string): string => {
    const value = args[args.indexOf(`--${name}`) + 1];
    if (!args.includes(`--${name}`) || value === undefined)
      throw new Error(`az ${command.join(' ')}: no --${name}`);
    return value;
  };
  switch (command.join(' ')) {
    case 'rest':
      return { method: 'GET', path: option('url').replace(GRAPH, '') };
    case 'ad app owner add': {
      const owner = { '@odata.id': `${GRAPH}/directoryObjects/${option('owner-object-id')}` };
      return { method: 'POST', path: `/applications(appId='${option('id')}')/owners/$ref`, body: owner };
    }
    case 'ad app delete':
      return { method: 'DELETE', path: `/applications(appId='${option('id')}')` };
    case 'ad sp delete':
      return { method: 'DELETE', path: `/servicePrincipals(appId='${option('id')}')` };
    default:
      throw new Error(`az ${command.join(' ')} is not known here`);
  }
}

async function token(): Promise<string> {
  const answer = await fetch(`${AZURE_AUTHORITY_HOST}/${AZURE_TENANT_ID}/oauth2/v2.0/token`, {
    method: 'POST',
    body: new URLSearchParams({
      grant_type: 'client_credentials',
      client_id: AZURE_CLIENT_ID ?? '',
      client_secret: AZURE_CLIENT_SECRET ?? '',
      scope: 'https://graph.microsoft.com/.default',
    }),
  });
  return ((await answer.json()) as { access_token: string }).access_token;
}

const { method, path, body } = requestOf(process.argv.slice(2));
const answer = await fetch(`${GRAPH_ENDPOINT}/v1.0${path}`, {
  method,
  headers: { authorization: `Bearer ${await token()}`, 'content-type': 'application/json' },
  ...(body && { body: JSON.stringify(body) }),
});
const text = await answer.text();
if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
if (text !== '') console.log(text);
