/** Roles for CI systems whose tokens AWS trusts directly. */

export { GitHubSubject } from './github-subject.ts';
export { GitLabSubject } from './gitlab-subject.ts';
export {
  AzureDevOpsSubject,
  BitbucketSubject,
  BuildkiteSubject,
  CircleSubject,
  GoogleSubject,
  KubernetesSubject,
} from './other-subjects.ts';
export { CiProvider } from './provider.ts';
export { CiRole, type CiRoleProps } from './role.ts';
export { CiRolePair, type CiRolePairProps } from './role-pair.ts';
export { type Acceptance, type NonEmpty, Subject } from './subject.ts';
export { HcpSubject } from './terraform-subject.ts';
