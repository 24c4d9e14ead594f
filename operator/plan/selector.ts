// Which nodes a target is on: nodeName, or nodeSelector as metav1.LabelSelector.
import type { NodeSelector, ScstTarget } from '../../crds/types.js';
import type { ClusterNode } from './objects.js';

/** Whether the target is placed on the node. */
export function isPlacedOn(target: ScstTarget, node: ClusterNode): boolean {
  const { nodeName, nodeSelector } = target.spec;
  return nodeSelector === undefined ? nodeName === node.name : matches(nodeSelector, node.labels);
}

/** An empty selector matches nothing: the CRD refuses it, and meaning every node by leaving out a line is a trap. */
function matches(selector: NodeSelector, labels: Readonly<Record<string, string>>): boolean {
  const wanted = Object.entries(selector.matchLabels ?? {});
  const requirements = selector.matchExpressions ?? [];
  return (
    wanted.length + requirements.length > 0 &&
    wanted.every(([key, value]) => labels[key] === value) &&
    requirements.every(({ key, operator, values }) => {
      const value = labels[key];
      switch (operator) {
        case 'In':
          return value !== undefined && (values ?? []).includes(value);
        case 'NotIn':
          return value === undefined || !(values ?? []).includes(value);
        case 'Exists':
          return value !== undefined;
        case 'DoesNotExist':
          return value === undefined;
      }
    })
  );
}
