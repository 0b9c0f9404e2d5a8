/** The `wildcard` operator: `*` stands for any text, `\*` and `\\` for themselves. */

/** Texts between the stars; N stars make N + 1 parts. */
function parts(pattern: string, refuse: (reason: string) => Error): string[] {
  const found = [''];
  for (let at = 0; at < pattern.length; at++) {
    const character = pattern[at] as string;
    if (character === '*') {
      if (pattern[at - 1] === '*' && found.at(-1) === '' && found.length > 1) {
        throw refuse('Consecutive wildcard characters are not allowed');
      }
      found.push('');
      continue;
    }
    let literal = character;
    if (character === '\\') {
      literal = pattern[++at] ?? '';
      if (literal !== '*' && literal !== '\\') throw refuse('Invalid escape character');
    }
    found[found.length - 1] += literal;
  }
  return found;
}

/** A test in time linear in the text for each part: every part is searched once, from where the one before ended. */
export function compileWildcard(
  pattern: string,
  refuse: (reason: string) => Error,
): (value: string) => boolean {
  const [first = '', ...rest] = parts(pattern, refuse);
  const last = rest.pop();
  if (last === undefined) return (value) => value === first;
  return (value) => {
    if (!value.startsWith(first)) return false;
    let at = first.length;
    for (const part of rest) {
      const found = value.indexOf(part, at);
      if (found < 0) return false;
      at = found + part.length;
    }
    return value.length - last.length >= at && value.endsWith(last);
  };
}

/** More sets than this: the patterns are taken for too complex without looking further. */
const MAX_SETS = 2000;

/**
 * How many prefixes of these patterns one text can match at the same time, at worst; counting stops above `limit`.
 * `*a*a*` has 5: the text `aa` matches `*`, `*a`, `*a*`, `*a*a` and `*a*a*`. EventBridge merges what patterns
 * of a field have in common; here they are counted apart, which is the stricter reading.
 */
export function wildcardComplexity(patterns: readonly string[], limit: number): number {
  const machines = patterns.map(tokens);
  const alphabet = [...new Set(machines.flat())].filter((token) => token !== STAR);
  const start = closure(machines.map((_, machine) => key(machine, 0)));
  const seen = new Set([[...start].sort().join()]);
  const open = [start];
  let worst = 0;
  for (let set = open.pop(); set !== undefined; set = open.pop()) {
    const matched = [...set].filter((position) => !position.endsWith(':0')).length;
    worst = Math.max(worst, matched);
    if (worst > limit || seen.size > MAX_SETS) return limit + 1;
    for (const character of alphabet) {
      const next = closure([...set].flatMap((position) => step(position, character)));
      const id = [...next].sort().join();
      if (next.size > 0 && !seen.has(id)) {
        seen.add(id);
        open.push(next);
      }
    }
  }
  return worst;

  /** Position n of a machine: its first n tokens match what was read. */
  function step(position: string, character: string): string[] {
    const [machine = 0, at = 0] = position.split(':').map(Number);
    const line = machines[machine] ?? [];
    const stays = at > 0 && line[at - 1] === STAR ? [position] : [];
    return line[at] === character ? [...stays, key(machine, at + 1)] : stays;
  }

  /** A star also matches nothing. */
  function closure(positions: readonly string[]): Set<string> {
    const all = new Set(positions);
    for (const position of all) {
      const [machine = 0, at = 0] = position.split(':').map(Number);
      if (machines[machine]?.[at] === STAR) all.add(key(machine, at + 1));
    }
    return all;
  }
}

/** Two characters: no token of a text looks like it. */
const STAR = '**';
const key = (machine: number, at: number) => `${machine}:${at}`;

function tokens(pattern: string): string[] {
  const found: string[] = [];
  for (let at = 0; at < pattern.length; at++) {
    const character = pattern[at] as string;
    if (character === '*') found.push(STAR);
    else found.push(character === '\\' ? (pattern[++at] ?? '') : character);
  }
  return found;
}
