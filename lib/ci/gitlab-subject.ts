import { gitlab } from '../../core/ci/gitlab.ts';
import { FactoryError } from '../../core/errors.ts';
import { written } from './literals.ts';
import { Subject } from './subject.ts';

/**
 * A project by path, by id, or by both. `id` alone is for projects whose `ci_id_token_sub_claim_components` begin with
 * `project_id`. With both, tokens are told by path and must carry the id as well, which AWS compares for gitlab.com
 * alone.
 */
export interface GitLabProjectProps {
  /** With all groups: `acme/platform/api`. */
  readonly path?: string;
  readonly id?: string;
}

class GitLabProject {
  private readonly props: GitLabProjectProps;

  constructor(props: GitLabProjectProps) {
    this.props = props;
  }

  /** Pipelines of a branch; a merge request's pipeline carries its source branch. */
  branch(branch: string): Subject {
    return this.subject('branch', branch);
  }

  tag(tag: string): Subject {
    return this.subject('tag', tag);
  }

  private subject(kind: 'branch' | 'tag', ref: string): Subject {
    const { path, id } = this.props;
    const builder = `GitLabSubject.project.${kind}`;
    const values = { path, id, [kind]: ref };
    if (path === undefined) {
      const subject = { form: `id-${kind}`, projectId: id, [kind]: ref } as Parameters<
        typeof gitlab.print
      >[0];
      return Subject.of({
        issuer: 'gitlab',
        values: [written(builder, values, () => gitlab.print(subject))],
      });
    }
    const [, group = '', project = ''] = /^([^/]*)\/?(.*)$/s.exec(path) ?? [];
    const subject = { form: kind, group, path: project, [kind]: ref } as Parameters<typeof gitlab.print>[0];
    return Subject.of({
      issuer: 'gitlab',
      values: [written(builder, values, () => gitlab.print(subject))],
      claims: id === undefined ? {} : { project_id: id },
    });
  }
}

/** Subjects of GitLab CI/CD. */
export const GitLabSubject = {
  /** @throws FactoryError InvalidInput where neither path nor id is given. */
  project(project: GitLabProjectProps): GitLabProject {
    if (project.path === undefined && project.id === undefined) {
      throw new FactoryError('InvalidInput', 'GitLabSubject.project: expected path, id or both');
    }
    return new GitLabProject(project);
  },
};
