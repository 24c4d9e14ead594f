// Checks that the API server has the CRDs that this program was built for; they are installed by the chart.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { parse } from 'yaml';
import { crdsDirectory } from '../../crds/load.js';
import { PLURALS } from '../../crds/names.js';
import type { Api } from '../kube/client.js';
import { isApiError } from '../kube/errors.js';
import { CUSTOM_RESOURCE_DEFINITIONS, pathOf, type ApiObject } from '../kube/resources.js';

export interface CustomResourceDefinition extends ApiObject {
  spec: {
    group: string;
    names: { plural: string; kind: string };
    versions: { name: string; schema?: { openAPIV3Schema?: object } }[];
  };
  status?: { conditions?: { type: string; status: string }[] };
}

export class CustomResourceError extends Error {
  override readonly name = 'CustomResourceError';

  constructor(
    readonly code: 'CRD_MISSING' | 'CRD_DIFFERS' | 'CRD_NOT_ESTABLISHED',
    message: string,
  ) {
    super(message);
  }
}

/** Paths of the CRD files that belong to this program. */
export function customResourceFiles(): string[] {
  return Object.values(PLURALS).map((plural) => join(crdsDirectory(), `${plural}.yaml`));
}

/** Throws CustomResourceError unless the API server serves the definition in `file` with the very same schemas. */
export async function verifyCustomResource(api: Api, file: string): Promise<CustomResourceDefinition> {
  const wanted = parse(readFileSync(file, 'utf8')) as CustomResourceDefinition;
  const { name } = wanted.metadata;
  const found = await read(api, name);
  const established = found.status?.conditions?.some(({ type, status }) => type === 'Established' && status === 'True');
  if (established !== true) {
    throw new CustomResourceError('CRD_NOT_ESTABLISHED', `CustomResourceDefinition ${name} is not established yet`);
  }
  if (!isDeepStrictEqual(schemasOf(found), schemasOf(wanted))) {
    const advice = 'install the CRDs of this version (helm upgrade, or kubectl apply)';
    throw new CustomResourceError('CRD_DIFFERS', `CustomResourceDefinition ${name} is of another version: ${advice}`);
  }
  return wanted;
}

async function read(api: Api, name: string): Promise<CustomResourceDefinition> {
  try {
    return await api.request<CustomResourceDefinition>({
      method: 'GET',
      path: pathOf(CUSTOM_RESOURCE_DEFINITIONS, { name }),
    });
  } catch (error) {
    if (isApiError(error, 'NotFound')) {
      throw new CustomResourceError('CRD_MISSING', `CustomResourceDefinition ${name} is not installed`);
    }
    throw error;
  }
}

function schemasOf({ spec }: CustomResourceDefinition): unknown {
  return JSON.parse(JSON.stringify(spec.versions.map(({ name, schema }) => ({ name, schema }))));
}
