// Reads the CRD YAML, the source of truth of the API, from this checkout or from beside the compiled code.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { PLURALS, VERSION, type Kind } from './names.js';

/** A rule of x-kubernetes-validations. */
export interface ValidationRule {
  rule: string;
  message?: string;
  fieldPath?: string;
}

/** The part of a structural schema (apiextensions.k8s.io/v1 JSONSchemaProps) that our CRDs use. */
export interface StructuralSchema {
  type?: string;
  title?: string;
  description?: string;
  enum?: unknown[];
  required?: string[];
  default?: unknown;
  pattern?: string;
  format?: string;
  minimum?: number;
  maximum?: number;
  minLength?: number;
  maxLength?: number;
  maxItems?: number;
  maxProperties?: number;
  anyOf?: StructuralSchema[];
  properties?: Record<string, StructuralSchema>;
  items?: StructuralSchema;
  additionalProperties?: StructuralSchema;
  'x-kubernetes-int-or-string'?: boolean;
  'x-kubernetes-list-type'?: string;
  'x-kubernetes-list-map-keys'?: string[];
  'x-kubernetes-map-type'?: string;
  'x-kubernetes-validations'?: ValidationRule[];
}

/** A CustomResourceDefinition as parsed, and the schema of its served version. */
export interface LoadedCrd {
  definition: {
    metadata: { name: string };
    spec: { names: { kind: string; plural: string; shortNames?: string[]; categories?: string[] } };
  };
  schema: StructuralSchema;
}

/** Where the CRD YAML is: beside this file in a checkout, two levels up from dist/crds when compiled. */
export function crdsDirectory(): string {
  return existsSync(join(__dirname, `${PLURALS.ScstNode}.yaml`)) ? __dirname : join(__dirname, '..', '..', 'crds');
}

/** The CRD of a kind. Throws when the file is missing or has no schema for the served version. */
export function loadCrd(kind: Kind, directory = crdsDirectory()): LoadedCrd {
  const path = join(directory, `${PLURALS[kind]}.yaml`);
  const definition = parse(readFileSync(path, 'utf8')) as LoadedCrd['definition'] & {
    spec: { versions: { name: string; schema: { openAPIV3Schema: StructuralSchema } }[] };
  };
  const version = definition.spec.versions.find(({ name }) => name === VERSION);
  if (version === undefined) {
    throw new Error(`${path}: no version ${VERSION}`);
  }
  return { definition, schema: version.schema.openAPIV3Schema };
}
