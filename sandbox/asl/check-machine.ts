/** What can only be checked once all states are known: transitions, names, variables. */

import { FieldError } from '../fields.ts';
import type { Machine, State } from './definition.ts';

/** Throws a {@link FieldError}. Branches are checked with the machine that holds them. */
export function checkMachine(machine: Machine, path: string): void {
  check(machine, path, new Set(), new Set());
}

/** `names`: every state name so far, for they must differ across branches. `outer`: variables read from outside. */
function check(machine: Machine, path: string, names: Set<string>, outer: ReadonlySet<string>): void {
  const states = [...machine.states.values()];
  for (const { name } of states) {
    if (names.has(name)) throw new FieldError(`${path}.States.${name}`, 'the name is used twice');
    names.add(name);
  }
  checkTransitions(machine, path);

  const own = new Set(outer);
  for (const state of states) {
    for (const variable of assigned(state)) {
      // Step Functions: a branch reads the variables around it and cannot assign them.
      if (outer.has(variable)) {
        throw new FieldError(`${path}.States.${state.name}.Assign.${variable}`, 'belongs to an outer scope');
      }
      own.add(variable);
    }
  }
  for (const state of states) {
    if (state.type !== 'Parallel') continue;
    state.branches.forEach((branch, index) => {
      check(branch, `${path}.States.${state.name}.Branches[${index}]`, names, own);
    });
  }
}

function checkTransitions(machine: Machine, path: string): void {
  const { states, startAt } = machine;
  if (!states.has(startAt)) throw new FieldError(`${path}.StartAt`, `there is no state ${startAt}`);
  const reached = new Set([startAt]);
  // A set grows while it is iterated: every state is looked at once.
  for (const name of reached) {
    const state = states.get(name) as State;
    for (const target of targets(state)) {
      if (!states.has(target)) throw new FieldError(`${path}.States.${name}`, `there is no state ${target}`);
      reached.add(target);
    }
  }
  for (const state of states.values()) {
    if (!reached.has(state.name)) {
      throw new FieldError(`${path}.States.${state.name}`, 'cannot be reached');
    }
  }
  if (![...states.values()].some((state) => state.type !== 'Choice' && state.next === undefined)) {
    throw new FieldError(`${path}.States`, 'no state ends the execution');
  }
}

function targets(state: State): string[] {
  const own = state.next === undefined ? [] : [state.next];
  if (state.type === 'Choice') return [...own, ...state.choices.map((choice) => choice.next)];
  if (state.type === 'Task' || state.type === 'Parallel') {
    return [...own, ...state.catch.map((catcher) => catcher.next)];
  }
  return own;
}

function assigned(state: State): string[] {
  const own = [...state.variables];
  if (state.type === 'Choice') return [...own, ...state.choices.flatMap((choice) => choice.variables)];
  if (state.type === 'Task' || state.type === 'Parallel') {
    return [...own, ...state.catch.flatMap((catcher) => catcher.variables)];
  }
  return own;
}
