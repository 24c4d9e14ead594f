// What is different for a node that stands alone: it has no labels, so every selector matches it (docs/adr/0002-lone-node-selectors.md).
import type { UserObject } from '../../crds/types.js';

/** The object as that node takes it. */
export function onLoneNode(object: UserObject, nodeName: string): UserObject {
  if (object.kind !== 'ScstTarget' || object.spec.nodeSelector === undefined) {
    return object;
  }
  const { nodeSelector: _, ...spec } = object.spec;
  return { ...object, spec: { ...spec, nodeName } };
}
