// What the agent tells the `scst` command over <run-dir>/agent.sock (JSON-RPC).
import type { ManifestProblem } from '../../crds/manifest-files.js';
import type { ScstNodeSpec, ScstNodeStatus, UserObject } from '../../crds/types.js';
import type { RingCounters, UnitAction, UnitStatus } from './types.js';

/** The socket's name in the run directory. */
export const AGENT_SOCKET = 'agent.sock';

/** Why an object isn't realised. */
export interface ObjectFinding {
  kind: string;
  name: string;
  reason: string;
  message: string;
}

/** The node as its agent sees it. */
export interface NodeState {
  node: string;
  agentVersion: string;
  /** Absent until the agent has followed any wish. */
  spec?: ScstNodeSpec;
  /** As reported last; absent until the first pass has ended. */
  status?: ScstNodeStatus;
  /** As the engine tells; absent while it is away. */
  units?: UnitStatus[];
  /** By backstore: the counters when somebody reset the statistics. */
  baselines: Record<string, RingCounters>;
  /** Of a lone node. */
  manifests?: {
    directory: string;
    /** Those that are valid, as of the pass that `status` is of. */
    objects: UserObject[];
    /** Where they stand, by `<kind>/<name>`. */
    files: Record<string, string>;
    problems: ManifestProblem[];
    findings: ObjectFinding[];
  };
}

/** Requests of the command: method name → parameters and result. */
export interface AgentRequests {
  state: { params: Record<string, never>; result: NodeState };
  /** Who uses the node's block devices, by backstore; of those that nobody uses, nothing. */
  holders: { params: Record<string, never>; result: Record<string, string[]> };
  /** From now on the statistics count from here; metrics go on as they were. */
  resetStatistics: { params: Record<string, never>; result: { rings: number } };
  /** Fails where the engine doesn't serve the device, or this can't be done with it. `device`: name or scstName. */
  act: { params: { device: string; action: UnitAction }; result: Record<string, never> };
}
export type AgentMethod = keyof AgentRequests;
