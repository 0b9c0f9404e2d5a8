/** Subjects of the issuers that write them in one or two forms. */
import { azureDevOps } from '../../core/ci/azure-devops.ts';
import { bitbucket } from '../../core/ci/bitbucket.ts';
import { buildkite } from '../../core/ci/buildkite.ts';
import { circleci } from '../../core/ci/circleci.ts';
import { google } from '../../core/ci/google.ts';
import {
  type Issuer,
  type IssuerId,
  printSubject,
  type Subject as SubjectData,
} from '../../core/ci/issuer.ts';
import { kubernetes } from '../../core/ci/kubernetes.ts';
import { bothOrNeither, written } from './literals.ts';
import { Subject } from './subject.ts';

/** As wildcards: the exact length, so that nothing else fits between what comes before and after. */
const ANY_UUID = [8, 4, 4, 4, 12].map((length) => '?'.repeat(length)).join('-');

interface OpenSubject {
  readonly builder: string;
  readonly issuer: Issuer;
  /** What is given; the fields that differ with every run are missing. */
  readonly data: SubjectData;
  /** What stands for a missing field. */
  readonly any: string;
  readonly claims?: Readonly<Record<string, string>>;
}

/** A subject with fields that a policy cannot fix. */
function openSubject({ builder, issuer, data, any, claims }: OpenSubject): Subject {
  const text = written(builder, data, () => printSubject(issuer.forms, data, '*'));
  return Subject.of({ issuer: issuer.id, values: [text.replaceAll('*', any)], claims });
}

const at = (kind: { at(path: string): Issuer | undefined }, path: string): Issuer => kind.at(path) as Issuer;
const BITBUCKET = at(bitbucket, 'api.bitbucket.org/2.0/workspaces/any/pipelines-config/identity/oidc');
const CIRCLECI = at(circleci, 'oidc.circleci.com');
const BUILDKITE = at(buildkite, 'agent.buildkite.com');

/** Subjects of Bitbucket Pipelines. UUIDs have braces: `{b2c8…}`. */
export const BitbucketSubject = {
  repo: (repository: string) => ({
    /** Steps that deploy to an environment; its branch restrictions decide who gets there. */
    environment: (environment: string): Subject =>
      openSubject({
        builder: 'BitbucketSubject.repo.environment',
        issuer: BITBUCKET,
        data: { form: 'deployment', repository, environment },
        any: `{${ANY_UUID}}`,
      }),
    /** Every other step, on any branch. For roles that only read: nothing tells AWS whose code runs. */
    step: (): Subject =>
      openSubject({
        builder: 'BitbucketSubject.repo.step',
        issuer: BITBUCKET,
        data: { form: 'step', repository },
        any: `{${ANY_UUID}}`,
      }),
  }),
};

export interface CircleProjectProps {
  readonly orgId: string;
  readonly projectId: string;
}

/** Subjects of CircleCI. */
export const CircleSubject = {
  project: ({ orgId, projectId }: CircleProjectProps) => ({
    /**
     * Pipelines of a branch or tag, with the token `CIRCLE_OIDC_TOKEN_V2`. `origin` as in `github.com/acme/api`, `ref`
     * as in `refs/heads/main`. Switch off SSH reruns: their tokens look the same.
     */
    branch: ({ origin, ref }: { readonly origin: string; readonly ref: string }): Subject =>
      openSubject({
        builder: 'CircleSubject.project.branch',
        issuer: CIRCLECI,
        data: { form: 'ref', organization: orgId, project: projectId, origin, ref },
        any: ANY_UUID,
      }),
  }),
};

/** A pipeline by its slugs; with the ids a name that was given up opens nothing. */
export interface BuildkitePipelineProps {
  /** Slug of the organization. */
  readonly org: string;
  /** Slug of the pipeline. */
  readonly pipeline: string;
  readonly orgId?: string;
  readonly pipelineId?: string;
}

/** Subjects of Buildkite. */
export const BuildkiteSubject = {
  pipeline: ({ org, pipeline, orgId, pipelineId }: BuildkitePipelineProps) => ({
    /** Builds of a branch. Who may start builds by the API chooses the branch and what runs. */
    branch(branch: string): Subject {
      const withIds = bothOrNeither('BuildkiteSubject.pipeline', { orgId, pipelineId });
      return openSubject({
        builder: 'BuildkiteSubject.pipeline.branch',
        issuer: BUILDKITE,
        data: { form: 'branch', organization: org, pipeline, branch },
        any: '*',
        ...(withIds && { claims: { organization_id: orgId as string, pipeline_id: pipelineId as string } }),
      });
    },
  }),
};

/** Subjects of Azure DevOps, whose issuer retires on 2027-07-01. */
export const AzureDevOpsSubject = {
  /** Names as they are in the connection's subject, spaces included. */
  serviceConnection: ({
    org,
    project,
    name,
  }: {
    readonly org: string;
    readonly project: string;
    readonly name: string;
  }) =>
    exact('AzureDevOpsSubject.serviceConnection', azureDevOps, {
      form: 'service-connection',
      organization: org,
      project,
      connection: name,
    }),
};

/** Subjects of Kubernetes service accounts. */
export const KubernetesSubject = {
  /** Whoever can create pods in the namespace can be the service account: one namespace for each identity. */
  serviceAccount: ({ namespace, name }: { readonly namespace: string; readonly name: string }) =>
    exact('KubernetesSubject.serviceAccount', kubernetes, {
      form: 'service-account',
      namespace,
      serviceAccount: name,
    }),
};

/** Subjects of Google service accounts. */
export const GoogleSubject = {
  /** `uniqueId` is the number, not the email address, which can be given to another account. */
  serviceAccount: ({ uniqueId }: { readonly uniqueId: string }) =>
    exact('GoogleSubject.serviceAccount', google, { form: 'account', account: uniqueId }, { aud: uniqueId }),
};

function exact<S extends SubjectData>(
  builder: string,
  kind: { readonly id: IssuerId; print(subject: S): string },
  data: S,
  claims?: Readonly<Record<string, string>>,
): Subject {
  return Subject.of({ issuer: kind.id, values: [written(builder, data, () => kind.print(data))], claims });
}
