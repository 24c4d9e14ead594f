// From the diff's findings and the results of steps to the problem of each LUN and session (pure).
import { pairName, parseBackstoreName, sessionWwn, type Finding, type Step, type StepResult } from '../lio/index.js';
import type { KernelLun } from './desire.js';
import type { LunProblem } from './status.js';

export interface Problems {
  /** By backstore. */
  luns: Map<string, LunProblem>;
  /** By session uid. */
  sessions: Map<string, LunProblem>;
}

/** Who a WWN and a LUN number belong to. */
export interface Known {
  /** uids of all sessions of the journal. */
  sessionUids: readonly string[];
  /** Every wanted or existing pair with its number. */
  pairs: readonly Pick<KernelLun, 'backstore' | 'wwn' | 'lun' | 'sessionUid'>[];
  /** Pairs that lead to a file, by the name of its backstore. */
  kernelDisks: ReadonlyMap<string, readonly string[]>;
  /** Backstores of pairs that left the spec. */
  leaving: ReadonlySet<string>;
}

/** Results weigh more than findings: they are newer and say what the kernel said. */
export function problemsOf(findings: readonly Finding[], results: readonly StepResult[], known: Known): Problems {
  const problems: Problems = { luns: new Map(), sessions: new Map() };
  for (const finding of findings) {
    const state = finding.reason === 'ForeignObject' ? 'Failed' : 'Pending';
    place(problems, known, finding, { state, reason: finding.reason, message: finding.message });
  }
  for (const result of results) {
    const problem = problemOf(result);
    if (problem !== undefined) place(problems, known, subjectOf(result.step), problem);
  }
  return problems;
}

interface Subject {
  wwn?: string;
  lun?: number;
  backstore?: string;
}

function subjectOf(step: Step): Subject {
  if (step.kind === 'removeHba') return {};
  if (step.kind === 'link' || step.kind === 'unlink') return { backstore: pairName(step.link, step.backstore) };
  return step;
}

function problemOf(result: StepResult): LunProblem | undefined {
  switch (result.outcome) {
    case 'done':
    case 'skipped':
      return undefined;
    case 'refused':
      return { state: 'Terminating', reason: 'InUse', message: result.error.message };
    case 'pending':
      return { state: 'Pending', reason: 'StepPending', message: result.error.message };
    case 'failed':
      return { state: 'Failed', reason: 'StepFailed', message: result.error.message };
  }
}

/** A problem of a session is one of each of its LUNs too. */
function place(problems: Problems, known: Known, { wwn, lun, backstore }: Subject, problem: LunProblem): void {
  const set = (name: string): void => {
    const state = known.leaving.has(name) ? 'Terminating' : problem.state;
    problems.luns.set(name, { ...problem, state });
  };
  if (backstore !== undefined) {
    if (parseBackstoreName(backstore) !== undefined) set(backstore);
    else known.kernelDisks.get(backstore)?.forEach(set);
    return;
  }
  const pairs = known.pairs.filter((pair) => pair.wwn === wwn && (lun === undefined || pair.lun === lun));
  pairs.forEach((pair) => set(pair.backstore));
  const session = known.sessionUids.find((uid) => sessionWwn(uid) === wwn);
  if (lun === undefined && session !== undefined) problems.sessions.set(session, problem);
}
