// Objects from files: a file, a directory of *.yaml, or standard input; validated, with file and line of what is wrong.
import { readFile, stat } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import { parseManifests, readManifests, type ManifestDocument, type ManifestProblem } from '../crds/manifest-files.js';
import type { UserObject } from '../crds/types.js';
import { validateManifest } from '../crds/validation/validate.js';
import { CommandFailed, EXIT } from './exit-codes.js';

/** The objects of a path with all defaults. `former`: what is there now, for what is immutable. Throws CommandFailed. */
export async function readObjects(path: string, former: readonly UserObject[]): Promise<UserObject[]> {
  const { documents, problems } = await read(path);
  const specs = new Map(former.map((object) => [keyOf(object), object.spec]));
  const objects = new Map<string, UserObject>();
  for (const document of documents) {
    const result = validateManifest(document.object, specs.get(keyOf(document.object as UserObject)));
    if (!result.valid) {
      const { file } = document;
      problems.push(
        ...result.errors.map(({ field, message }) => ({ file, line: document.lineOf(field), field, message })),
      );
    } else if (objects.has(keyOf(result.object))) {
      problems.push({ file: document.file, line: document.line, message: `${keyOf(result.object)} is there twice` });
    } else {
      objects.set(keyOf(result.object), result.object);
    }
  }
  if (problems.length > 0) throw new CommandFailed(problems.map(textOf).join('\n'));
  if (objects.size === 0) throw new CommandFailed(`${path}: no object in it`, EXIT.usage);
  return [...objects.values()];
}

/** `ScstLun/name`. */
export function keyOf({ kind, metadata }: { kind: string; metadata?: { name: string } }): string {
  return `${kind}/${metadata?.name ?? ''}`;
}

/** `-` is standard input. */
export async function readText(path: string): Promise<string> {
  return path === '-' ? text(process.stdin) : readFile(path, 'utf8');
}

async function read(path: string): Promise<{ documents: ManifestDocument[]; problems: ManifestProblem[] }> {
  try {
    if (path !== '-' && (await stat(path)).isDirectory()) return await readManifests(path);
    const { documents, problem } = parseManifests(path, await readText(path));
    return { documents, problems: problem === undefined ? [] : [problem] };
  } catch (error) {
    throw new CommandFailed((error as Error).message, EXIT.failed, { cause: error });
  }
}

function textOf({ file, line, field, message }: ManifestProblem): string {
  return `${file}${line === undefined ? '' : `:${line}`}: ${field === undefined ? '' : `${field}: `}${message}`;
}
