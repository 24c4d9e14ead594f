// SCST's default target and session (add_default_tgt), as objects. Pure.
import { API_VERSION } from '../../crds/names.js';
import type { ScstSession, ScstTarget } from '../../crds/types.js';

/** By which nodes get them, unless somebody says others. */
export const DEFAULT_TARGET_LABELS = { 'scst.dev/default-target': '' } as const;

/** The objects for the nodes with these labels. */
export function defaultTarget(matchLabels: Readonly<Record<string, string>>): [ScstTarget, ScstSession] {
  return [
    {
      apiVersion: API_VERSION,
      kind: 'ScstTarget',
      metadata: { name: 'scst-local-tgt' },
      spec: { scstName: 'scst_local_tgt', nodeSelector: { matchLabels: { ...matchLabels } } },
    },
    {
      apiVersion: API_VERSION,
      kind: 'ScstSession',
      metadata: { name: 'scst-local-host' },
      spec: { scstName: 'scst_local_host', target: 'scst-local-tgt' },
    },
  ];
}
