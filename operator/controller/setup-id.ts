// The id of this installation, which all SCSI identities derive from: made once, kept in a ConfigMap.
import { randomUUID } from 'node:crypto';
import type { Api } from '../kube/client.js';
import { isApiError } from '../kube/errors.js';
import { CONFIG_MAPS, pathOf, type ApiObject } from '../kube/resources.js';
import { SCST_NODES, SETUP_CONFIG_MAP, type ScstNodeObject } from './kinds.js';

interface ConfigMap extends ApiObject {
  data?: Record<string, string>;
}

const FIELD = 'setupId';

/**
 * Reads the id, or makes it. When the ConfigMap was lost, the id that the nodes carry is taken again: with a new one
 * every device would come back as another device.
 */
export async function ensureSetupId(api: Api, namespace: string): Promise<string> {
  const existing = await read(api, namespace);
  if (existing !== undefined) {
    return existing;
  }
  const setupId = (await fromNodes(api)) ?? randomUUID();
  try {
    await api.request({
      method: 'POST',
      path: pathOf(CONFIG_MAPS, { namespace }),
      body: {
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: { name: SETUP_CONFIG_MAP, namespace },
        data: { [FIELD]: setupId },
      },
    });
    return setupId;
  } catch (error) {
    if (isApiError(error, 'AlreadyExists')) {
      return ensureSetupId(api, namespace);
    }
    throw error;
  }
}

async function read(api: Api, namespace: string): Promise<string | undefined> {
  try {
    const path = pathOf(CONFIG_MAPS, { namespace, name: SETUP_CONFIG_MAP });
    const { data } = await api.request<ConfigMap>({ method: 'GET', path });
    const setupId = data?.[FIELD];
    if (setupId === undefined || setupId === '') {
      throw new SetupIdError(
        `ConfigMap ${namespace}/${SETUP_CONFIG_MAP} has no ${FIELD}: delete it or put the id back`,
      );
    }
    return setupId;
  } catch (error) {
    if (isApiError(error, 'NotFound')) {
      return undefined;
    }
    throw error;
  }
}

async function fromNodes(api: Api): Promise<string | undefined> {
  const { items } = await api.request<{ items: ScstNodeObject[] }>({ method: 'GET', path: pathOf(SCST_NODES) });
  return items.find(({ spec }) => spec.setupId !== '')?.spec.setupId;
}

export class SetupIdError extends Error {
  override readonly name = 'SetupIdError';
  readonly code = 'SETUP_ID_MISSING';
}
