/** A CDK cloud assembly folder: what would be deployed. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fields } from './fields.ts';

export interface AssemblyStack {
  readonly name: string;
  /** Undefined: the stack is for any account. */
  readonly accountId: string | undefined;
  /** Undefined: for any region. */
  readonly region: string | undefined;
  readonly template: object;
}

export interface Assembly {
  readonly stacks: readonly AssemblyStack[];
  /** The folder of a file asset by where it would be uploaded. Undefined: no asset goes there. */
  assetFolder(bucket: string, key: string): string | undefined;
}

/** Reads `<dir>/manifest.json` and what it names. Throws where it is not an assembly. */
export function readAssembly(dir: string): Assembly {
  const artifacts = Object.entries(
    fields(readJson(dir, 'manifest.json'), 'manifest.json').required('artifacts', 'object'),
  ).map(([name, value]) => {
    const artifact = fields(value, name);
    return { name, type: artifact.required('type', 'string'), artifact };
  });

  const stacks = artifacts
    .filter(({ type }) => type === 'aws:cloudformation:stack')
    .map(({ name, artifact }) => {
      const file = propertiesOf(artifact).required('templateFile', 'string');
      const environment = environmentOf(artifact.required('environment', 'string'));
      return { name, ...environment, template: readJson(dir, file) };
    });
  const folders = artifacts
    .filter(({ type }) => type === 'cdk:asset-manifest')
    .flatMap(({ artifact }) => assetsOf(dir, propertiesOf(artifact).required('file', 'string')));
  const byUpload = new Map(folders);
  return { stacks, assetFolder: (bucket, key) => byUpload.get(`${bucket}/${key}`) };
}

/** `aws://<account>/<region>`; `unknown-…` stands for any. */
function environmentOf(text: string): Pick<AssemblyStack, 'accountId' | 'region'> {
  const [, accountId, region] = /^aws:\/\/([^/]+)\/([^/]+)$/.exec(text) ?? [];
  const known = (part: string | undefined) => (part?.startsWith('unknown-') ? undefined : part);
  return { accountId: known(accountId), region: known(region) };
}

const propertiesOf = (artifact: ReturnType<typeof fields>) =>
  fields(artifact.required('properties', 'object'), `${artifact.path}.properties`);

/** Upload address and folder of every asset that is a folder to be zipped. */
function assetsOf(dir: string, file: string): [string, string][] {
  const files = fields(readJson(dir, file), file).required('files', 'object');
  return Object.entries(files).flatMap(([id, value]) => {
    const asset = fields(value, `${file}.${id}`);
    const source = fields(asset.required('source', 'object'), `${asset.path}.source`);
    if (source.required('packaging', 'string') !== 'zip') return [];
    const folder = join(dir, source.required('path', 'string'));
    return Object.values(asset.required('destinations', 'object')).map((destination): [string, string] => {
      const to = fields(destination, `${asset.path}.destinations`);
      return [`${to.required('bucketName', 'string')}/${to.required('objectKey', 'string')}`, folder];
    });
  });
}

function readJson(dir: string, file: string): object {
  return JSON.parse(readFileSync(join(dir, file), 'utf8')) as object;
}
