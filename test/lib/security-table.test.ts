/** docs/security.md says what every role may do, under which condition and why: exactly what the templates say. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { expect, it } from 'vitest';
import { PROTECTED_PATHS, protectedRoleNames } from '../../core/protected-roles.ts';
import { type FactoryConfigInput, parseConfig } from '../../lib/config/config.ts';
import { RolloutStack } from '../../lib/rollout-stack.ts';
import { CONFIG, factoryTemplate, memberTemplate } from './stacks.ts';

// biome-ignore lint/suspicious/noExplicitAny: templates are read as they are; what is not there fails the test
type Json = any;

const SECRET = 'arn:aws:secretsmanager:eu-central-1:111122223333:secret:entra-a1b2c3';
/** Together they have every role and statement that there can be. */
const CONFIGS: readonly FactoryConfigInput[] = [
  { ...CONFIG, guard: {} },
  {
    ...CONFIG,
    guard: {},
    encryption: 'customer',
    entra: { ...CONFIG.entra, login: { kind: 'secret', secretArn: SECRET } },
  },
];

/** What every deployment has of its own, by its name in the tables. */
const NAMES: readonly (readonly [text: string, name: string])[] = [
  [SECRET, 'the secret'],
  [CONFIG.organizationId, '<organization>'],
  [CONFIG.factory.accountId, '<factory>'],
  [CONFIG.factory.region, '<region>'],
  [CONFIG.entra.tenantId, '<tenant>'],
];
const REFS: Readonly<Record<string, string>> = {
  'AWS::Partition': '<partition>',
  'AWS::AccountId': '<account>',
  'AWS::Region': '<region>',
  'AWS::URLSuffix': 'amazonaws.com',
};

const PREFIX = 'oidc-factory-';
const code = (text: string): string => `\`${text}\``;

/** What one role may do, but for the reason. */
interface Right {
  readonly who: string;
  /** May, on or by, if. */
  readonly cells: string;
}

function rightsIn(template: Template): Right[] {
  const resources: Readonly<Record<string, Json>> = template.toJSON().Resources;
  const withoutHash = (id: string): string => id.replace(/[0-9A-F]{8}$/, '');

  function roleName(id: string): string {
    const user = Object.values(resources).find(
      ({ Type, Properties }) =>
        Type === 'AWS::StepFunctions::StateMachine' && Properties.RoleArn['Fn::GetAtt'][0] === id,
    );
    const name =
      resources[id]?.Properties.RoleName ?? (user ? user.Properties.StateMachineName : withoutHash(id));
    return `${user ? 'workflow ' : ''}${name.replace(PREFIX, '')}`;
  }

  function nameOf(id: string): string {
    const { Type, Properties } = resources[id] ?? {};
    return Type === 'AWS::Logs::LogGroup'
      ? 'its log group'
      : (Properties?.StateMachineName ?? withoutHash(id));
  }

  function text(value: Json): string {
    if (typeof value === 'string') {
      const named = NAMES.reduce((told, [from, to]) => told.replaceAll(from, to), value);
      return named.replace(/^arn:(aws|<partition>):/, '');
    }
    if (value.Ref !== undefined) return REFS[value.Ref] ?? nameOf(value.Ref);
    if (value['Fn::GetAtt']) return nameOf(value['Fn::GetAtt'][0]);
    if (value['Fn::Join']) return text(value['Fn::Join'][1].map(text).join(''));
    throw new Error(`Cannot read ${JSON.stringify(value)}`);
  }

  const list = (value: Json): string[] => [value].flat().map(text);
  const conditions = (condition: Json = {}): string =>
    Object.entries<Json>(condition)
      .flatMap(([operator, keys]) =>
        Object.entries<Json>(keys).map(([key, values]) => code([operator, key, ...list(values)].join(' '))),
      )
      .join(', ');
  const may = ({ Effect, Action }: Json): string =>
    (Effect === 'Deny' ? '**never** ' : '') + list(Action).map(code).join(', ');
  const right = (id: string, what: string, on: string, { Condition }: Json): Right => ({
    who: roleName(id),
    cells: [what, on, conditions(Condition)].join(' | '),
  });
  const permissions = (id: string, { Statement }: Json): Right[] =>
    Statement.map((statement: Json) =>
      right(id, may(statement), onText(list(statement.Resource)), statement),
    );
  /** Who may assume a role may also say in whose name: both are one row. */
  const trust = (id: string, { Statement: [first, ...others] }: Json): Right => {
    const { Principal, Condition } = first;
    for (const other of others) expect(other).toMatchObject({ Principal, ...(Condition && { Condition }) });
    const Action = [first, ...others].map((statement) => statement.Action);
    return right(id, may({ Action }), code(list(Principal.Service ?? Principal.AWS).join(' ')), first);
  };

  return Object.entries(resources).flatMap(([id, { Type, Properties }]) => {
    if (Type === 'AWS::IAM::Policy') {
      return Properties.Roles.flatMap(({ Ref }: Json) => permissions(Ref, Properties.PolicyDocument));
    }
    if (Type !== 'AWS::IAM::Role') return [];
    if (Properties.ManagedPolicyArns) throw new Error(`${id}: managed policies are not looked into`);
    return [
      trust(id, Properties.AssumeRolePolicyDocument),
      ...(Properties.Policies ?? []).flatMap(({ PolicyDocument }: Json) => permissions(id, PolicyDocument)),
    ];
  });
}

/** As every Deny of a member role names them. */
const PROTECTED = new Set([
  ...PROTECTED_PATHS.map((path) => `iam::<account>:role${path}*`),
  ...protectedRoleNames({ protectedRoles: [], memberRolePrefix: 'oidc-factory' }).flatMap((name) => [
    `iam::<account>:role/${name}`,
    `iam::<account>:role/*/${name}`,
  ]),
]);

const onText = (resources: readonly string[]): string =>
  resources.length === PROTECTED.size && resources.every((one) => PROTECTED.has(one))
    ? 'protected roles'
    : resources.map(code).join(', ');

function rolloutTemplate(): Template {
  const outdir = mkdtempSync(join(tmpdir(), 'oidc-factory-stack-'));
  try {
    const config = parseConfig(
      { ...CONFIG, rollout: { organizationalUnits: ['ou-ab12-a1b2c3d4'] } },
      'config',
    );
    if (!config.rollout) throw new Error('There is no roll-out');
    const props = { config, rollout: config.rollout, memberTemplate: '{"Resources":{}}' };
    return Template.fromStack(
      new RolloutStack(new App({ outdir, analyticsReporting: false }), 'Rollout', props),
    );
  } finally {
    rmSync(outdir, { recursive: true });
  }
}

/** The roles of every right, in the order of the templates. */
function rolesByRight(): Map<string, Set<string>> {
  const roles = new Map<string, Set<string>>();
  const templates = CONFIGS.flatMap((config) => [factoryTemplate(config), memberTemplate(config)]);
  for (const { who, cells } of [...templates, rolloutTemplate()].flatMap(rightsIn)) {
    roles.set(cells, (roles.get(cells) ?? new Set()).add(who));
  }
  return roles;
}

const IS_FUNCTION = '`sts:AssumeRole` | `lambda.amazonaws.com` | ';

/** By name; by exception where most functions are meant. */
function whoText(roles: ReadonlySet<string>, functions: ReadonlySet<string>): string {
  const others = [...functions].filter((name) => !roles.has(name)).sort();
  const isMostFunctions = [...roles].every((name) => functions.has(name)) && roles.size > 2 * others.length;
  if (!isMostFunctions) return [...roles].sort().join(', ');
  return others.length === 0 ? 'every function' : `every function but ${others.join(', ')}`;
}

interface Row extends Right {
  readonly why: string;
}

/** The rows of the tables whose first column is the role. */
function documented(): Row[] {
  const text = readFileSync(new URL('../../docs/security.md', import.meta.url), 'utf8');
  return [...text.matchAll(/^\| role \| .*\n\|[-|]+\n((?:\|.*\n)+)/gm)].flatMap(([, table = '']) =>
    table
      .trim()
      .split('\n')
      .map((line) => {
        const [who = '', ...cells] = line.slice(2, -2).split(' | ');
        return { who, cells: cells.slice(0, -1).join(' | '), why: cells.at(-1) ?? '' };
      }),
  );
}

const lineOf = ({ who, cells, why }: Row): string => `| ${who} | ${cells} | ${why} |`;

it('has a row for everything that a role may do, and no other', () => {
  const rights = rolesByRight();
  const functions = rights.get(IS_FUNCTION) ?? new Set();
  const rows = documented();
  const reasons = new Map(rows.map(({ cells, why }) => [cells, why]));
  const wanted = [...rights].map(([cells, roles]) =>
    lineOf({ who: whoText(roles, functions), cells, why: reasons.get(cells) ?? 'WHY?' }),
  );
  const there = rows.map(lineOf);
  expect({
    write: wanted.filter((line) => !there.includes(line)),
    remove: there.filter((line) => !wanted.includes(line)),
  }).toEqual({ write: [], remove: [] });
});

it('gives a reason in every row', () => {
  expect(documented().filter(({ why }) => why.length < 10 || why === 'WHY?')).toEqual([]);
});
