// From manifest documents to objects as the API server would hold them: validated, defaulted, with uid and age (pure).
import { v5 as uuid5 } from 'uuid';
import { FINALIZER, USER_KINDS } from '../../../crds/names.js';
import type { UserObject } from '../../../crds/types.js';
import type { validateManifest } from '../../../crds/validation/validate.js';
import type { ManifestDocument, ManifestProblem } from '../../../crds/manifest-files.js';

/** Namespace of the uids of objects that no API server has seen. */
const UID_NAMESPACE = '6f0f6d0e-6d1c-5a0e-9d2b-5c57a3c2f1e4';

/** What is remembered of an object over restarts: its age decides conflicts, its former spec what is immutable. */
export interface KnownObject {
  /** RFC 3339. */
  firstSeen: string;
  spec: unknown;
}
/** By uid. */
export type KnownObjects = Readonly<Record<string, KnownObject>>;

export interface ManifestObjects {
  objects: UserObject[];
  /** Where they stand, by `<kind>/<name>`. */
  files: Record<string, string>;
  known: KnownObjects;
  problems: ManifestProblem[];
}

/** UUIDv5 of setup id, kind and name: the same object has the same uid after every restart. */
export function manifestUid(setupId: string, kind: string, name: string): string {
  return uuid5(`${setupId}/${kind}/${name}`, UID_NAMESPACE);
}

/** An invalid or doubled object is a problem with file and line; the others are unaffected. */
export function manifestObjects(
  documents: readonly ManifestDocument[],
  context: { setupId: string; known: KnownObjects; now: string; validate: typeof validateManifest },
): ManifestObjects {
  const objects = new Map<string, { object: UserObject; document: ManifestDocument; remembered: KnownObject }>();
  const problems: ManifestProblem[] = [];
  for (const document of documents) {
    const { kind, metadata } = (document.object ?? {}) as { kind?: string; metadata?: { name?: string } };
    if (!USER_KINDS.some((each) => each === kind)) {
      const message = `kind must be one of ${USER_KINDS.join(', ')} (apiVersion scst.dev/v1alpha1)`;
      problems.push({ file: document.file, line: document.lineOf('kind'), field: 'kind', message });
      continue;
    }
    const uid = manifestUid(context.setupId, kind ?? '', metadata?.name ?? '');
    const before = context.known[uid];
    const result = context.validate(document.object, before?.spec);
    if (!result.valid) {
      for (const { field, message } of result.errors) {
        problems.push({ file: document.file, line: document.lineOf(field), field, message });
      }
      continue;
    }
    const twin = objects.get(uid);
    if (twin !== undefined) {
      const message = `${kind} ${metadata?.name} stands in ${twin.document.file}:${twin.document.line} too`;
      problems.push({ file: document.file, line: document.line, field: 'metadata.name', message });
      continue;
    }
    const firstSeen = before?.firstSeen ?? context.now;
    const object = completed(result.object, uid, firstSeen);
    objects.set(uid, { object, document, remembered: { firstSeen, spec: object.spec } });
  }
  const known = Object.fromEntries([...objects].map(([uid, { remembered }]) => [uid, remembered]));
  const found = [...objects.values()];
  const files = Object.fromEntries(
    found.map(({ object: { kind, metadata }, document }) => [`${kind}/${metadata.name}`, document.file]),
  );
  return { objects: found.map(({ object }) => object), files, known, problems };
}

function completed(object: UserObject, uid: string, creationTimestamp: string): UserObject {
  const metadata = { ...object.metadata, uid, generation: 1, creationTimestamp, finalizers: [FINALIZER] };
  return { ...object, metadata };
}
