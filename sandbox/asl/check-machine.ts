/** What can only be checked once all states are known: transitions, names, variables. */

import { FieldError } from '../fields.ts';
import type { Machine, MapState, State } from './definition.ts';

/** Throws a {@link FieldError}. Branches are checked with the machine that holds them. */
export function checkMachine(machine: Machine, path: string): void {
  check(machine, path, { names: new Set(), labels: new Set(), isChild: false }, new Set());
}

interface Whole {
  /** Every state name and label so far: they must differ across branches. */
  readonly names: Set<string>;
  readonly labels: Set<string>;
  /** Within a child execution. */
  readonly isChild: boolean;
}

/** `outer`: variables read from outside. */
function check(machine: Machine, path: string, whole: Whole, outer: ReadonlySet<string>): void {
  const states = [...machine.states.values()];
  for (const { name } of states) {
    if (whole.names.has(name)) throw new FieldError(`${path}.States.${name}`, 'the name is used twice');
    whole.names.add(name);
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
    const within = `${path}.States.${state.name}`;
    if (state.type === 'Parallel') {
      state.branches.forEach((branch, index) => {
        check(branch, `${within}.Branches[${index}]`, whole, own);
      });
    }
    if (state.type === 'Map') checkMap(state, within, whole, own);
  }
}

function checkMap(state: MapState, path: string, whole: Whole, own: ReadonlySet<string>): void {
  const { distributed, processor } = state;
  if (!distributed) {
    check(processor, `${path}.ItemProcessor`, whole, own);
    return;
  }
  // How its children would be named is not documented.
  if (whole.isChild) throw new FieldError(path, 'a Distributed Map within another one is not interpreted');
  if (whole.labels.has(distributed.label)) throw new FieldError(`${path}.Label`, 'the label is used twice');
  whole.labels.add(distributed.label);
  // A child execution neither reads nor assigns the variables of its parent.
  check(processor, `${path}.ItemProcessor`, { ...whole, isChild: true }, new Set());
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
  return 'catch' in state ? [...own, ...state.catch.map((catcher) => catcher.next)] : own;
}

function assigned(state: State): string[] {
  const own = [...state.variables];
  if (state.type === 'Choice') return [...own, ...state.choices.flatMap((choice) => choice.variables)];
  return 'catch' in state ? [...own, ...state.catch.flatMap((catcher) => catcher.variables)] : own;
}
