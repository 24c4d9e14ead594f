// Makes SCST's default target and session in the cluster where they don't exist; never changes or removes them.
import { GROUP, PLURALS, VERSION } from '../../crds/names.js';
import type { Api } from '../kube/client.js';
import { isApiError } from '../kube/errors.js';
import { pathOf } from '../kube/resources.js';
import { defaultTarget } from '../plan/default-target.js';

/** Makes what is missing; whoever has changed the objects, or has others of those names, keeps them. */
export async function ensureDefaultTarget(api: Api, matchLabels: Readonly<Record<string, string>>): Promise<void> {
  for (const body of defaultTarget(matchLabels)) {
    const path = pathOf({ group: GROUP, version: VERSION, plural: PLURALS[body.kind], kind: body.kind });
    try {
      await api.request({ method: 'POST', path, body });
    } catch (error) {
      if (!isApiError(error, 'AlreadyExists')) {
        throw error;
      }
    }
  }
}
