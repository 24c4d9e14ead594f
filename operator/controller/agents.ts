// What is known of the agents: alive, unknown since when, or never seen; from their Leases and their Nodes' Ready.
import type { LeaseObject } from '../kube/lease.js';
import type { NodeObject, ScstNodeObject } from './kinds.js';

export type AgentState =
  | { readonly state: 'Alive' }
  /** `since` in milliseconds of the clock given to `Agents`. */
  | { readonly state: 'Unknown'; readonly since: number }
  | { readonly state: 'NeverSeen' };

interface Heartbeat {
  readonly version: string | undefined;
  /** When this process saw the Lease change: clocks of machines differ, so the time in it is not used. */
  readonly at: number;
  readonly durationMilliseconds: number;
}

const DEFAULT_DURATION_SECONDS = 40;

export class Agents {
  private readonly heartbeats = new Map<string, Heartbeat>();
  private readonly unknownSince = new Map<string, number>();
  /** What stateOf answered since the last call of `changed`: decisions may rest on any of it. */
  private readonly answered = new Map<string, Set<AgentState['state']>>();

  constructor(private readonly now: () => number) {}

  observeLease(lease: LeaseObject): void {
    const { name, resourceVersion } = lease.metadata;
    if (this.heartbeats.get(name)?.version !== resourceVersion) {
      const durationMilliseconds = (lease.spec?.leaseDurationSeconds ?? DEFAULT_DURATION_SECONDS) * 1000;
      this.heartbeats.set(name, { version: resourceVersion, at: this.now(), durationMilliseconds });
    }
  }

  forgetLease(name: string): void {
    this.heartbeats.delete(name);
  }

  /** The state of the agent of node `name`, of which `node` and `scstNode` are what the caches have. */
  stateOf(name: string, node: NodeObject | undefined, scstNode: ScstNodeObject | undefined): AgentState {
    const answer = this.judge(name, node, scstNode);
    const answered = this.answered.get(name);
    if (answered === undefined) this.answered.set(name, new Set([answer.state]));
    else answered.add(answer.state);
    return answer;
  }

  /** Forgets all nodes but these. */
  retain(names: ReadonlySet<string>): void {
    for (const known of [this.unknownSince, this.answered]) {
      [...known.keys()].filter((name) => !names.has(name)).forEach((name) => known.delete(name));
    }
  }

  /**
   * Whether stateOf answered anything else than this state since the last call for this node. Not merely whether the state
   * is another one than at the last call: what was decided while it was another for a moment would stay as decided.
   */
  changed(name: string, { state }: AgentState): boolean {
    const answered = this.answered.get(name);
    this.answered.set(name, new Set([state]));
    return answered !== undefined && [...answered].some((other) => other !== state);
  }

  private judge(name: string, node: NodeObject | undefined, scstNode: ScstNodeObject | undefined): AgentState {
    const heartbeat = this.heartbeats.get(name);
    if (heartbeat === undefined && scstNode?.status === undefined) {
      this.unknownSince.delete(name);
      return { state: 'NeverSeen' };
    }
    const now = this.now();
    const expires = heartbeat === undefined ? undefined : heartbeat.at + heartbeat.durationMilliseconds;
    if (expires !== undefined && now < expires && node !== undefined && isReady(node)) {
      this.unknownSince.delete(name);
      return { state: 'Alive' };
    }
    const since = this.unknownSince.get(name) ?? Math.min(now, expires ?? now);
    this.unknownSince.set(name, since);
    return { state: 'Unknown', since };
  }
}

/** A Node without the condition (made by hand, or its kubelet has yet to report) counts as ready: the Lease decides. */
function isReady({ status }: NodeObject): boolean {
  const ready = status?.conditions?.find((condition) => condition.type === 'Ready');
  return ready === undefined || ready.status === 'True';
}
