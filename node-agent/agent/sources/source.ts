// Where the wish for the node comes from, and where the report goes: the cluster, or a directory.
import type { ScstNodeStatus } from '../../../crds/types.js';
import type { NodeState } from '../../protocol/node.js';
import type { Journal, SourceState } from '../wish.js';

export interface DesiredStateSource {
  /** metadata.uid of this node, as far as it is known by now. */
  readonly nodeUID: string | undefined;
  /** The wish as it is known now, `journal` being what is in force; quick, and never throws. */
  state(journal: Journal | undefined): Promise<SourceState>;
  /** Takes the newest status; sends or writes it in the background. */
  report(status: ScstNodeStatus): void;
  /** The status that was last known to the source's reader; for the transition times of conditions. */
  readonly reported: ScstNodeStatus | undefined;
  /** Of a lone node: what its directory had when the last report was made. */
  readonly manifests?: NodeState['manifests'];
  /** Resolves when nothing runs on. */
  stop(): Promise<void>;
}
