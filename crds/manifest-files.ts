// Reads a directory of manifests: YAML documents to objects, each with the file and line that it came from.
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { LineCounter, parseAllDocuments, type Document } from 'yaml';

/** A YAML document of a file, not yet validated. */
export interface ManifestDocument {
  file: string;
  /** Line of the document's first entry, from 1. */
  line: number;
  object: unknown;
  /** Line of a field such as `spec.vdiskFileio.size`, or of the nearest thing above it. */
  lineOf(field: string): number;
}

export interface ManifestProblem {
  file: string;
  line?: number;
  /** Such as spec.vdiskFileio.size. */
  field?: string;
  message: string;
}

/** The directory itself can't be read: that is no wish at all. */
export class DirectoryUnreadable extends Error {
  readonly code = 'DirectoryUnreadable';
}

/** Of each file: the text that was parsed, and what came out. */
export type ParsedFiles = Map<string, { text: string; parsed: ReturnType<typeof parseManifests> }>;

/**
 * Reads every *.yaml and *.yml of the directory in the order of names; a broken file is a problem, others are unaffected.
 * `before`: what the calls before came to; files that haven't changed since yield the very same documents.
 */
export async function readManifests(
  directory: string,
  before: ParsedFiles = new Map(),
): Promise<{ documents: ManifestDocument[]; problems: ManifestProblem[] }> {
  let names: string[];
  try {
    names = (await readdir(directory)).filter((name) => /^[^.].*\.ya?ml$/.test(name)).sort();
  } catch (error) {
    throw new DirectoryUnreadable(`the directory of manifests can't be read: ${(error as Error).message}`, {
      cause: error,
    });
  }
  const documents: ManifestDocument[] = [];
  const problems: ManifestProblem[] = [];
  for (const name of names) {
    const file = join(directory, name);
    try {
      const parsed = parseChanged(file, await readFile(file, 'utf8'), before);
      if (parsed.problem === undefined) documents.push(...parsed.documents);
      else problems.push(parsed.problem);
    } catch (error) {
      problems.push({ file, message: (error as Error).message });
    }
  }
  const present = new Set(names.map((name) => join(directory, name)));
  for (const file of before.keys()) if (!present.has(file)) before.delete(file);
  return { documents, problems };
}

function parseChanged(file: string, text: string, before: ParsedFiles): ReturnType<typeof parseManifests> {
  const known = before.get(file);
  if (known?.text === text) return known.parsed;
  const parsed = parseManifests(file, text);
  before.set(file, { text, parsed });
  return parsed;
}

/** Parses one file; with a syntax error anywhere in it nothing of the file counts. */
export function parseManifests(
  file: string,
  text: string,
): { documents: ManifestDocument[]; problem?: ManifestProblem } {
  const lines = new LineCounter();
  const parsed = parseAllDocuments(text, { lineCounter: lines, prettyErrors: true });
  const documents = 'empty' in parsed ? [] : parsed;
  for (const document of documents) {
    const [error] = document.errors;
    if (error !== undefined) {
      const [message = error.message] = error.message.split('\n');
      return {
        documents: [],
        problem: { file, line: lines.linePos(error.pos[0]).line, message: message.replace(/ at line .*$/, '') },
      };
    }
  }
  return {
    documents: documents
      .filter((document) => document.toJS() !== null)
      .map((document) => {
        const start = document.contents?.range?.[0] ?? 0;
        return {
          file,
          line: lines.linePos(start).line,
          object: document.toJS() as unknown,
          lineOf: (field) => lines.linePos(nearestOffset(document, field) ?? start).line,
        };
      }),
  };
}

/** Offset of the field's value, or of the deepest parent that exists: a missing field is shown at what lacks it. */
function nearestOffset(document: Document.Parsed, field: string): number | undefined {
  const path = field.split(/[.[\]]+/).filter((part) => part !== '');
  for (let length = path.length; length > 0; length -= 1) {
    const node = document.getIn(path.slice(0, length), true) as { range?: [number, number, number] | null } | undefined;
    if (node?.range != null) return node.range[0];
  }
  return undefined;
}
