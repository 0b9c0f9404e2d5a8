import { type GitHubSubject as GitHubData, github, withoutIds } from '../../core/ci/github.ts';
import { FactoryError } from '../../core/errors.ts';
import { bothOrNeither, written } from './literals.ts';
import { Subject } from './subject.ts';

/** A repository; with the ids of owner and repository where its subjects are immutable, which have them. */
export interface GitHubRepositoryProps {
  readonly owner: string;
  readonly repo: string;
  readonly ownerId?: string;
  readonly repoId?: string;
}

type Default = Exclude<GitHubData, { readonly form: 'custom' }>;
type Job = Pick<GitHubRepository, 'branch' | 'environment' | 'pullRequest' | 'tag'>;

const BUILDER = 'GitHubSubject.repo';

class GitHubRepository {
  private readonly props: GitHubRepositoryProps;
  private readonly migrating: boolean;

  constructor(props: GitHubRepositoryProps, migrating = false) {
    this.props = props;
    this.migrating = migrating;
  }

  /**
   * The same jobs before and after the repository moves to immutable subjects. The ids are compared either way, so a
   * name that was given up opens nothing. Not on Enterprise Server, whose subjects stay classic.
   * @throws FactoryError InvalidInput without ids.
   */
  dual(): Job {
    if (this.props.ownerId === undefined) {
      throw new FactoryError('InvalidInput', `${BUILDER}.dual: expected ownerId and repoId`);
    }
    return new GitHubRepository(this.props, true);
  }

  /** Runs on a branch, outside environments: whoever can push to the branch decides what runs. */
  branch(branch: string): Subject {
    return this.subject('branch', 'branch', { branch });
  }

  /** Runs on a tag, outside environments: protect the tag, or it can be moved. */
  tag(tag: string): Subject {
    return this.subject('tag', 'tag', { tag });
  }

  /** Jobs in an environment, on whatever branch its protection rules let in. */
  environment(environment: string): Subject {
    return this.subject('environment', 'environment', { environment });
  }

  /** Runs of pull requests from the repository itself: nobody has reviewed their code. For roles that only read. */
  pullRequest(): Subject {
    return this.subject('pullRequest', 'pull-request');
  }

  private subject(method: string, form: string, rest: Readonly<Record<string, string>> = {}): Subject {
    const { owner, repo, ownerId, repoId } = this.props;
    const values = { owner, repo, ownerId, repoId, ...rest };
    const withIds = bothOrNeither(BUILDER, { ownerId, repoId });
    const subject = { ...values, form: withIds ? `immutable-${form}` : form } as Default;
    const print = (data: Default) => written(`${BUILDER}.${method}`, values, () => github.print(data));
    if (!this.migrating) return Subject.of({ issuer: 'github', values: [print(subject)] });
    return Subject.of({
      issuer: 'github',
      values: [print(withoutIds(subject)), print(subject)],
      claims: { repository_id: repoId as string, repository_owner_id: ownerId as string },
    });
  }
}

/** Subjects of GitHub Actions. */
export const GitHubSubject = {
  /** @throws FactoryError InvalidInput for anything but literals, and where one id is given without the other. */
  repo: (repository: GitHubRepositoryProps): GitHubRepository => new GitHubRepository(repository),

  /**
   * The subject of a customized template: claims in its order, by the keys that `sub` shows, for example
   * `[['repo', 'acme/api'], ['environment', 'production'], ['job_workflow_ref', 'acme/flows/.github/workflows/deploy.yml@refs/tags/v1']]`;
   * `pull_request` stands alone.
   * @throws FactoryError InvalidInput for keys that no template takes, and for anything but literals.
   */
  custom(claims: readonly (readonly [key: string, value?: string])[]): Subject {
    const print = () => github.print({ form: 'custom', claims });
    const text = written('GitHubSubject.custom', Object.fromEntries(claims), print);
    return Subject.of({ issuer: 'github', values: [text] });
  },
};
