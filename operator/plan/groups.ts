// Access control: which group of its target a session belongs to, by the patterns of the groups. Pure.
import type { ScstTarget, TargetGroup } from '../../crds/types.js';

/** The group that matches, none, or the names of several, between which nobody chooses. */
export type GroupChoice = { group?: string } | { conflict: readonly string[] };

/** Of the session with this name in SCST's own terms. */
export function groupOf(target: ScstTarget, session: string): GroupChoice {
  const matching = (target.spec.groups ?? []).filter((group) => matches(group, session)).map(({ name }) => name);
  if (matching.length > 1) {
    return { conflict: matching };
  }
  const [group] = matching;
  return group === undefined ? {} : { group };
}

/** Whether the target has a group of this name; every target has the LUNs without one. */
export function hasGroup(target: ScstTarget | undefined, group: string | undefined): boolean {
  return group === undefined || (target?.spec.groups ?? []).some(({ name }) => name === group);
}

function matches({ sessions = [] }: TargetGroup, session: string): boolean {
  return sessions.some((pattern) => matchesPattern(pattern, session));
}

/** As SCST: `*` and `?`, a leading `!` for the opposite, and no difference between upper and lower case. */
export function matchesPattern(pattern: string, name: string): boolean {
  return pattern.startsWith('!') ? !matchesWildcards(pattern.slice(1), name) : matchesWildcards(pattern, name);
}

/** Goes back to the last `*` only, so that the time it takes is at most the product of both lengths. */
function matchesWildcards(pattern: string, name: string): boolean {
  const [wanted, given] = [pattern.toLowerCase(), name.toLowerCase()];
  let [at, from] = [0, 0];
  let star: { at: number; from: number } | undefined;
  while (from < given.length) {
    if (wanted[at] === '*') {
      star = { at, from };
      at += 1;
    } else if (at < wanted.length && (wanted[at] === '?' || wanted[at] === given[from])) {
      at += 1;
      from += 1;
    } else if (star === undefined) {
      return false;
    } else {
      star.from += 1;
      [at, from] = [star.at + 1, star.from];
    }
  }
  return /^\**$/.test(wanted.slice(at));
}
