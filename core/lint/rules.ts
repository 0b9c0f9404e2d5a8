/** The rules: what each is about, and what to do about it. docs/lint.md says more. */

interface Rule {
  /** Two or three words, for lists. */
  readonly title: string;
  readonly about: string;
  readonly remedy: string;
}

const rule = (title: string, about: string, remedy: string): Rule => ({ title, about, remedy });

export const RULES = {
  WI01: rule(
    'tenant-open',
    'A stranger who uses the same issuer gets in.',
    "Demand sub to begin with your tenant's whole name and the separator after it, better to be one exact subject.",
  ),
  WI02: rule(
    'project-open',
    'Another project of the same tenant gets in.',
    'Name the project in full: StringEquals on sub with the exact subject.',
  ),
  WI03: rule(
    'ref-open',
    'Code that nobody has reviewed gets in: any branch, a pull request, a tag that can be moved.',
    'Demand a protected environment or a protected branch. A role that only plans may accept it with a reason.',
  ),
  WI04: rule(
    'phase-open',
    'A plan gets in where an apply is meant.',
    'Make two roles: one for plan that only reads, one for apply.',
  ),
  WI05: rule(
    'workflow-only',
    'A reusable workflow is named, but not who may call it, or not at which commit.',
    'Demand the owner as well (repository_owner_id, or sub), and the workflow at a full commit SHA or a protected ref.',
  ),
  WI06: rule(
    'vacuous',
    'A condition holds for tokens that lack the claim (IfExists, ForAllValues).',
    'Use the operator without IfExists and without ForAllValues.',
  ),
  WI07: rule(
    'audience-missing',
    'A token that was made for another party gets in.',
    'Add StringEquals on aud with the audience that your jobs ask for.',
  ),
  WI08: rule(
    'never-matches',
    'A condition that no token can meet, or that every token meets.',
    'Write the value as the issuer writes it, on a claim that AWS compares, under the key of this very provider.',
  ),
  WI09: rule(
    'several-issuers',
    'One statement trusts several issuers, though each has conditions of its own only.',
    'Give each issuer a statement of its own.',
  ),
  WI10: rule(
    'anybody',
    'The principal is everybody, or everybody but somebody.',
    'Name the provider by its ARN.',
  ),
  WI11: rule(
    'actions-wide',
    'The statement allows more of STS than logging in.',
    'Allow sts:AssumeRoleWithWebIdentity, and sts:TagSession by name where sessions are tagged.',
  ),
  WI12: rule(
    'weak-sibling',
    'A weak statement lets in what a strong one beside it keeps out.',
    'Remove the weak statement: of several that allow, the weakest counts.',
  ),
  WI13: rule(
    'variable',
    'A policy variable stands where a literal belongs, and the token itself fills it in.',
    'Write the subject as a literal.',
  ),
  WI14: rule(
    'mutable-name',
    'Only names are pinned: who gets the name after it was given up gets in.',
    "Pin an id as well: GitHub's immutable subject or repository_id, gitlab.com:project_id, Buildkite's pipeline_id.",
  ),
  WI15: rule(
    'subject-format',
    'The subject is not written as GitHub writes immutable ones.',
    'Take the prefix that GitHub shows for the repository (sub_claim_prefix): repo:OWNER@OWNER-ID/REPO@REPO-ID.',
  ),
  WI16: rule(
    'issuer-retires',
    'The issuer ends: after 2027-07-01 no token of it will come.',
    'Move the pipeline to an issuer that stays, such as Microsoft Entra ID.',
  ),
  WR01: rule(
    'administrator',
    'The role may do everything, or everything in IAM.',
    'Grant what the job does, and no more.',
  ),
  WR02: rule(
    'escalation',
    'The role can give itself or others more rights.',
    'Restrict iam:PassRole and sts:AssumeRole to the roles meant; leave IAM to a role of its own.',
  ),
  WR03: rule(
    'no-boundary',
    'The role can escalate and has no permissions boundary.',
    'Attach a permissions boundary that new roles must carry as well.',
  ),
  WR04: rule(
    'long-session',
    'Sessions may last longer than an hour.',
    'Set MaxSessionDuration to 3600: a job can log in again.',
  ),
  WR05: rule(
    'many-projects',
    'Several projects share the role, and with it all its rights.',
    'Make a role for each project.',
  ),
  WR06: rule(
    'plan-and-apply',
    'The same role serves plan and apply, so a plan can apply.',
    'Make two roles: one for plan that only reads, one for apply.',
  ),
  WR07: rule(
    'mixed-principals',
    'Workloads of an issuer share the role with AWS principals, services or people.',
    'Make a role for each kind of principal.',
  ),
  WR08: rule(
    'foreign-issuer',
    'The provider is of an issuer that is not allowed here.',
    'Find out who added it; remove statement and provider, or allow the issuer.',
  ),
} as const satisfies Record<string, Rule>;

export type RuleId = keyof typeof RULES;
export const RULE_IDS = Object.keys(RULES) as readonly RuleId[];
export const isRuleId = (id: string): id is RuleId => Object.hasOwn(RULES, id);
