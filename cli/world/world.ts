// What a command looks at: one node through its agent, or the nodes of a cluster through the API server.
import type { ScstNodeSpec, ScstNodeStatus, UserObject } from '../../crds/types.js';
import { CommandFailed, EXIT } from '../exit-codes.js';
import { onLoneNode } from '../../operator/plan/lone-node.js';
import { buildIndex, type Index } from '../../operator/plan/object-index.js';
import type { ClusterNode } from '../../operator/plan/objects.js';
import type { ManifestProblem } from '../../crds/manifest-files.js';
import type { NodeState, ObjectFinding } from '../../node-agent/protocol/node.js';
import type { UnitStatus } from '../../node-agent/protocol/types.js';

/** One node, as far as it is known. */
export interface NodeView {
  name: string;
  spec?: ScstNodeSpec;
  status?: ScstNodeStatus;
  /** Only of a node that was asked itself. */
  units?: UnitStatus[];
  baselines?: NodeState['baselines'];
}

export interface World {
  kind: 'node' | 'cluster';
  /** For the first line of what people read. */
  where: string;
  nodes: NodeView[];
  /** The users' objects. */
  objects: UserObject[];
  /** The nodes that targets may be on. */
  places: ClusterNode[];
  setupId: string | undefined;
  /** Of a lone node. */
  manifests?: { directory: string; problems: ManifestProblem[]; findings: ObjectFinding[] };
}

/** Throws CommandFailed where the users' objects are elsewhere: the agent of a cluster's node doesn't have them. */
export function requireObjects({ kind, manifests, places: [place] }: World): void {
  if (kind === 'node' && manifests === undefined)
    throw new CommandFailed(
      `node ${place?.name ?? ''} belongs to a cluster, which has the objects: ask it with --kubeconfig`,
      EXIT.usage,
    );
}

/** The world's objects, or others in their place, with the places that they may be on. */
export function indexOf({ kind, objects, places }: World, others: readonly UserObject[] = objects): Index {
  const [lone] = places;
  const placed = kind === 'node' && lone !== undefined ? others.map((object) => onLoneNode(object, lone.name)) : others;
  return buildIndex(placed, places);
}

/** What an agent told, as a world of one node. */
export function worldOfNode(state: NodeState, socket: string): World {
  const { node, spec, status, units, baselines, manifests } = state;
  return {
    kind: 'node',
    where: `node ${node} (${socket})`,
    nodes: [{ name: node, baselines, ...(spec && { spec }), ...(status && { status }), ...(units && { units }) }],
    objects: manifests?.objects ?? [],
    places: [{ name: node, uid: status?.nodeUID ?? node, labels: {} }],
    setupId: spec?.setupId,
    ...(manifests && { manifests }),
  };
}
