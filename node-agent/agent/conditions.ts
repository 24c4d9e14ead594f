// The conditions of a node: may it follow its wish, can its kernel, is the engine there, and is all as it should be (pure).
import type { Condition, EntryStatus, ScstNodeStatus } from '../../crds/types.js';
import type { Acceptance } from './wish.js';

/** A condition without its time, which withTransitions adds. */
export type TimelessCondition = Omit<Condition, 'lastTransitionTime'>;

export interface NodeFacts {
  acceptance: Acceptance;
  /** What the kernel lacks. */
  kernelError: (Error & { code?: string }) | undefined;
  /** An engine is connected. */
  engine: boolean;
  lists: Pick<ScstNodeStatus, 'devices' | 'targets' | 'sessions' | 'luns'>;
}

export function nodeConditions({ acceptance, kernelError, engine, lists }: NodeFacts): TimelessCondition[] {
  const parts = [
    acceptance.accepted
      ? condition('DesiredStateAvailable', true, 'Accepted', 'the node follows its desired state')
      : condition('DesiredStateAvailable', false, acceptance.reason, acceptance.message),
    kernelError === undefined
      ? condition('KernelReady', true, 'ModulesLoaded', 'LIO, TCMU and tcm_loop are there')
      : condition('KernelReady', false, kernelError.code ?? 'KernelNotReady', kernelError.message),
    engine
      ? condition('EngineConnected', true, 'Connected', 'scst-engine is connected')
      : condition('EngineConnected', false, 'EngineUnavailable', 'scst-engine is not connected'),
  ];
  return [...parts, readyCondition(parts, lists)];
}

function readyCondition(parts: readonly TimelessCondition[], lists: NodeFacts['lists']): TimelessCondition {
  const failed = parts.find((part) => part.status !== 'True');
  if (failed !== undefined) return condition('Ready', false, failed.reason, failed.message);
  const entries: EntryStatus[] = [lists.devices, lists.targets, lists.sessions, lists.luns].flatMap(
    (list) => list ?? [],
  );
  const unready = entries.filter((entry) => entry.state !== 'Ready');
  const [first] = unready;
  if (first === undefined) return condition('Ready', true, 'Realised', 'everything is as the desired state says');
  const why = first.message ?? first.reason ?? first.state;
  return condition(
    'Ready',
    false,
    first.reason ?? first.state,
    `${unready.length} of ${entries.length} entries are not ready; the first: ${why}`,
  );
}

function condition(type: string, holds: boolean, reason: string, message: string): TimelessCondition {
  return { type, status: holds ? 'True' : 'False', reason, message };
}

/** Keeps lastTransitionTime where the status of a condition hasn't changed. */
export function withTransitions(
  conditions: readonly TimelessCondition[],
  before: readonly Condition[],
  now: string,
): Condition[] {
  return conditions.map((condition) => {
    const old = before.find((candidate) => candidate.type === condition.type);
    return { ...condition, lastTransitionTime: old?.status === condition.status ? old.lastTransitionTime : now };
  });
}
