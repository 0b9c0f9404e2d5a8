/** Whether a policy makes the sessions of its role administrators. */
import { FactoryError, isFactoryError } from './errors.ts';
import { readJson } from './policy/json.ts';
import { matchesAction } from './policy/match.ts';
import { isObject, strings } from './trust-policy/document.ts';

/** A policy attached to a role, or inline in it. */
export interface RolePolicy {
  readonly name: string;
  /** Of a managed policy. */
  readonly arn?: string;
  /** JSON text; absent where only the name is known. */
  readonly document?: string;
}

/** AWS's own policy, in whatever partition. */
const ADMINISTRATOR_ACCESS = /^arn:aws[a-z-]*:iam::aws:policy\/AdministratorAccess$/;

/** What cannot be read as a policy is none: IAM has checked what it keeps. */
export const isAdministrator = ({ arn = '', document }: RolePolicy): boolean =>
  ADMINISTRATOR_ACCESS.test(arn) || (document !== undefined && statementsOf(document).some(allowsEverything));

/** An action that lesser policies leave out, and one of a service that no policy can name. */
const WITNESSES = ['iam:CreateAccessKey', 'a-service:AnAction'];

/** Leans towards yes: neither a condition nor a Deny beside it makes such a statement harmless. */
function allowsEverything(statement: unknown): boolean {
  if (!isObject(statement) || statement.Effect !== 'Allow') return false;
  const { Action, NotAction, Resource, NotResource } = statement;
  const covers = (list: unknown, action: string): boolean =>
    strings(list)?.some((pattern) => matchesAction(pattern, action)) === true;
  const everyAction = WITNESSES.every((action) =>
    Action === undefined ? NotAction !== undefined && !covers(NotAction, action) : covers(Action, action),
  );
  return everyAction && (NotResource !== undefined || strings(Resource)?.includes('*') === true);
}

function statementsOf(document: string): readonly unknown[] {
  try {
    const root = readJson(document, (place, expected) => {
      throw new FactoryError('PolicyNotUnderstood', `${place}: expected ${expected}`);
    });
    if (!isObject(root)) return [];
    return Array.isArray(root.Statement) ? root.Statement : [root.Statement];
  } catch (error) {
    if (isFactoryError(error, 'PolicyNotUnderstood')) return [];
    throw error;
  }
}
