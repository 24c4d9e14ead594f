// Kubernetes' structural schemas in ajv's terms: unknown fields are refused, defaults are filled in.
import Ajv, { type ErrorObject, type ValidateFunction } from 'ajv';
import type { StructuralSchema } from '../load.js';

const KEPT = [
  'enum',
  'default',
  'pattern',
  'minimum',
  'maximum',
  'minLength',
  'maxLength',
  'maxItems',
  'maxProperties',
] as const;
/** metav1.ObjectMeta, as far as a person may write it; its values are the API server's business. */
const METADATA_FIELDS = [
  'name',
  'generateName',
  'namespace',
  'uid',
  'resourceVersion',
  'generation',
  'creationTimestamp',
  'deletionTimestamp',
  'deletionGracePeriodSeconds',
  'finalizers',
  'labels',
  'annotations',
  'ownerReferences',
  'managedFields',
  'selfLink',
];

/** A validator that fills in defaults in place. `schema` is the whole object's; status isn't looked at. */
export function compileSchema(schema: StructuralSchema): ValidateFunction {
  const ajv = new Ajv({ allErrors: true, useDefaults: true, allowUnionTypes: true, verbose: true });
  return ajv.compile({
    type: 'object',
    required: ['apiVersion', 'kind', 'metadata', ...(schema.required ?? [])],
    additionalProperties: false,
    properties: {
      apiVersion: { type: 'string' },
      kind: { type: 'string' },
      metadata: {
        type: 'object',
        required: ['name'],
        additionalProperties: false,
        properties: {
          ...Object.fromEntries(METADATA_FIELDS.map((name) => [name, {}])),
          // RFC 1123 subdomain, as the API server asks of names of custom resources.
          name: { type: 'string', maxLength: 253, pattern: '^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$' },
        },
      },
      spec: convert(schema.properties?.spec ?? {}),
      status: {},
    },
  });
}

function convert(schema: StructuralSchema): Record<string, unknown> {
  const converted: Record<string, unknown> = {};
  for (const keyword of KEPT) {
    if (schema[keyword] !== undefined) {
      converted[keyword] = schema[keyword];
    }
  }
  converted.type = schema['x-kubernetes-int-or-string'] === true ? ['integer', 'string'] : schema.type;
  if (schema.properties !== undefined) {
    const properties = Object.entries(schema.properties).map(([name, property]) => [name, convert(property)]);
    converted.properties = Object.fromEntries(properties);
    converted.additionalProperties = false;
    converted.required = schema.required ?? [];
  } else if (schema.additionalProperties !== undefined) {
    converted.additionalProperties = convert(schema.additionalProperties);
  }
  if (schema.items !== undefined) {
    converted.items = convert(schema.items);
  }
  return converted;
}

/** The field of an error in the API server's notation (`spec.nodeSelector.matchExpressions[0].key`). */
export function fieldOf(error: ErrorObject): string {
  const params = error.params as { missingProperty?: string; additionalProperty?: string };
  const last = params.missingProperty ?? params.additionalProperty;
  const path = error.instancePath.split('/').slice(1).map(unescapePointer);
  return [...path, ...(last === undefined ? [] : [last])].reduce(joinField, '');
}

/** Appends a property or an index to a field's path. */
export function joinField(path: string, part: string): string {
  if (/^[A-Za-z_][A-Za-z0-9_]*$/.test(part)) {
    return path === '' ? part : `${path}.${part}`;
  }
  return `${path}[${part}]`;
}

/** What is wrong, in a sentence without the field. */
export function messageOf(error: ErrorObject): string {
  const params = error.params as { allowedValues?: unknown[] };
  switch (error.keyword) {
    case 'required':
      return 'is required';
    case 'additionalProperties':
      return 'is an unknown field';
    case 'enum':
      return `must be one of ${(params.allowedValues ?? []).join(', ')}`;
    default:
      return error.message ?? error.keyword;
  }
}

/** RFC 6901. */
function unescapePointer(part: string): string {
  return part.replaceAll('~1', '/').replaceAll('~0', '~');
}
