// `scst apply` and `scst delete` on a lone node: manifests into its directory or out of it, and waiting until it is so.
import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { stringify } from 'yaml';
import { parseManifests } from '../../crds/manifest-files.js';
import type { UserObject } from '../../crds/types.js';
import type { NodeState } from '../../node-agent/protocol/node.js';
import { CommandFailed, EXIT, type ExitCode } from '../exit-codes.js';
import { keyOf, readObjects } from '../files.js';
import type { Terminal } from '../terminal.js';
import { askAgent } from '../world/connect.js';
import { remaining, unfinished } from '../world/unfinished.js';

export interface ApplyOptions {
  path: string;
  socket: string;
  /** Seconds to wait for the node; 0: not at all. */
  timeout: number;
  /** What was applied before and isn't among these objects goes. */
  prune?: boolean;
}

const POLL_MS = 300;
/** Whoever waits longer than this wants to know for what. */
const QUIET_MS = 2_000;

type Manifests = NonNullable<NodeState['manifests']>;

export async function apply(
  { path, socket, timeout, prune = false }: ApplyOptions,
  terminal: Terminal,
): Promise<ExitCode> {
  const manifests = await manifestsOf(socket);
  const objects = await readObjects(path, manifests.objects);
  const all = objects.map((object) => ({ object, file: ownFile(manifests, object), text: textOf(object) }));
  for (const { object, file } of all) {
    const at = manifests.files[keyOf(object)];
    if (at !== undefined && at !== file)
      throw new CommandFailed(`${keyOf(object)} stands in ${at}: edit it there, or move it away`);
  }
  const same = await Promise.all(all.map(async ({ file, text }) => (await textIn(file)) === text));
  const written = all.filter((_, at) => same[at] === false);
  const wanted = new Set(objects.map(keyOf));
  const pruned = prune
    ? manifests.objects.filter((object) => !wanted.has(keyOf(object)) && isOwn(manifests, object))
    : [];
  try {
    // All of them are on the disk before the first takes its place.
    await Promise.all(written.map(({ file, text }) => writeFile(temporary(file), text)));
    for (const { object, file } of written) {
      await rename(temporary(file), file);
      terminal.out.write(`${keyOf(object)} ${manifests.files[keyOf(object)] === undefined ? 'created' : 'written'}\n`);
    }
    for (const object of pruned) {
      await rm(ownFile(manifests, object), { force: true });
      terminal.out.write(`${keyOf(object)} pruned\n`);
    }
  } catch (error) {
    throw new CommandFailed((error as Error).message, EXIT.failed, { cause: error });
  } finally {
    await Promise.all(written.map(({ file }) => rm(temporary(file), { force: true })));
  }
  for (const { object } of all.filter((_, at) => same[at])) terminal.out.write(`${keyOf(object)} unchanged\n`);
  return wait(socket, timeout, terminal, (state) => [
    ...unfinished(state, socket, objects),
    ...remaining(state, pruned),
  ]);
}

export async function remove({ path, socket, timeout }: ApplyOptions, terminal: Terminal): Promise<ExitCode> {
  const manifests = await manifestsOf(socket);
  const objects = await readObjects(path, []);
  const gone = new Map<string, string>();
  for (const object of objects) {
    const key = keyOf(object);
    const file = manifests.files[key];
    if (file === undefined) throw new CommandFailed(`there is no ${key}`);
    if (
      parseManifests(file, await readFile(file, 'utf8')).documents.some(
        ({ object: other }) => !objects.some((each) => keyOf(each) === keyOf(other as UserObject)),
      )
    )
      throw new CommandFailed(`${key} stands in ${file} with others that aren't to be deleted: edit that file`);
    gone.set(key, file);
  }
  for (const file of new Set(gone.values())) await rm(file, { force: true });
  for (const key of gone.keys()) terminal.out.write(`${key} deleted\n`);
  const objectsGone = manifests.objects.filter((object) => gone.has(keyOf(object)));
  return wait(socket, timeout, terminal, (state) => remaining(state, objectsGone));
}

async function manifestsOf(socket: string): Promise<Manifests> {
  const { manifests, node } = await askAgent(socket, 'state', {});
  if (manifests === undefined)
    throw new CommandFailed(`node ${node} belongs to a cluster: apply the objects there, with kubectl`, EXIT.usage);
  return manifests;
}

/** Resolves when `missing` says nothing any more, with progress; fails when the time is over. */
async function wait(
  socket: string,
  seconds: number,
  { err }: Terminal,
  missing: (state: NodeState) => string[],
): Promise<ExitCode> {
  if (seconds === 0) return EXIT.done;
  const [started, end] = [performance.now(), performance.now() + seconds * 1000];
  let told = '';
  for (;;) {
    const lines = missing(await askAgent(socket, 'state', {}));
    if (lines.length === 0) return EXIT.done;
    const text = lines.join('\n');
    if (performance.now() >= end) {
      err.write(`not ready after ${seconds} s:\n${text}\n`);
      return EXIT.failed;
    }
    if (performance.now() - started > QUIET_MS && text !== told) {
      err.write(`waiting for ${lines[0] ?? ''}${lines.length > 1 ? ` and ${lines.length - 1} more` : ''}\n`);
      told = text;
    }
    await sleep(POLL_MS);
  }
}

/** One file for each object: an edit by hand of another is never overwritten. */
function ownFile({ directory }: Manifests, { kind, metadata }: UserObject): string {
  return join(directory, `${kind.toLowerCase()}-${metadata.name}.yaml`);
}

function isOwn(manifests: Manifests, object: UserObject): boolean {
  return manifests.files[keyOf(object)] === ownFile(manifests, object);
}

/** Nothing where there is no such file. */
async function textIn(file: string): Promise<string | undefined> {
  return readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw new CommandFailed(error.message, EXIT.failed, { cause: error });
  });
}

/** Hidden from the agent, which takes *.yaml only. */
function temporary(file: string): string {
  return `${file}.${process.pid}.new`;
}

function textOf({ apiVersion, kind, metadata: { name }, spec }: UserObject): string {
  return stringify({ apiVersion, kind, metadata: { name }, spec }, { lineWidth: 0 });
}
