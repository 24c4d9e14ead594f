// The wish of a lone node: the manifests of a directory, through the same schema, rules and plan as in a cluster.
import { watch, type FSWatcher } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Logger } from 'pino';
import {
  readManifests,
  type ManifestDocument,
  type ManifestProblem,
  type ParsedFiles,
} from '../../../crds/manifest-files.js';
import type { ScstNodeSpec, ScstNodeStatus, UserObject } from '../../../crds/types.js';
import { prepareValidation, validateManifest } from '../../../crds/validation/validate.js';
import { buildIndex } from '../../../operator/plan/object-index.js';
import { DEFAULT_TARGET_LABELS, defaultTarget } from '../../../operator/plan/default-target.js';
import { onLoneNode } from '../../../operator/plan/lone-node.js';
import type { Finding } from '../../../operator/plan/objects.js';
import { objectFindings } from '../../../operator/plan/placement.js';
import { planNode } from '../../../operator/plan/plan-node.js';
import { writeAtomically } from '../../files/atomic-file.js';
import type { NodeState } from '../../protocol/node.js';
import { LONE_NODE_EPOCH } from '../tombstones.js';
import type { Journal, SourceState } from '../wish.js';
import { manifestObjects, manifestUid, type KnownObjects } from './manifest-objects.js';
import type { DesiredStateSource } from './source.js';
import { StatusFile } from './status-file.js';

/** Milliseconds that a directory has to be quiet after a change: editors write in several steps. */
const SETTLE_MS = 100;

export interface DirectorySourceOptions {
  directory: string;
  nodeName: string;
  /** SCST's default target and session are there unless a manifest has objects of their names. */
  defaultTarget: boolean;
  setupId: string;
  stateDir: string;
  runDir: string;
  onChange: () => void;
  log: Logger;
}

/** Stands for the file of what no file has. */
const DEFAULT_TARGET = '--default-target';

function withDefaultTarget(written: ManifestDocument[]): ManifestDocument[] {
  const keyOf = (object: unknown): string => {
    const { kind, metadata } = (object ?? {}) as { kind?: string; metadata?: { name?: string } };
    return `${kind}/${metadata?.name}`;
  };
  const there = new Set(written.map(({ object }) => keyOf(object)));
  const added = defaultTarget(DEFAULT_TARGET_LABELS).filter((object) => !there.has(keyOf(object)));
  return [...written, ...added.map((object) => ({ file: DEFAULT_TARGET, line: 1, object, lineOf: () => 1 }))];
}

/** What a state was made of. */
interface Planned {
  written: readonly ManifestDocument[];
  problems: readonly ManifestProblem[];
  /** Of the journal. */
  spec: ScstNodeSpec | undefined;
  state: SourceState;
}

/** The very same elements. */
function isSame(one: readonly unknown[], other: readonly unknown[]): boolean {
  return one.length === other.length && one.every((each, at) => each === other[at]);
}

/** The rules of a document that hasn't changed aren't asked again. */
function rememberingValidation(): typeof validateManifest {
  const results = new WeakMap<object, { previousSpec: unknown; result: ReturnType<typeof validateManifest> }>();
  return (manifest, previousSpec) => {
    if (typeof manifest !== 'object' || manifest === null) return validateManifest(manifest, previousSpec);
    const known = results.get(manifest);
    if (known !== undefined && known.previousSpec === previousSpec) return known.result;
    const result = validateManifest(manifest, previousSpec);
    results.set(manifest, { previousSpec, result });
    return result;
  };
}

export class DirectorySource implements DesiredStateSource {
  readonly nodeUID: string;
  private readonly knownPath: string;
  private readonly file: StatusFile;
  private readonly parsed: ParsedFiles = new Map();
  private readonly validate = rememberingValidation();
  private watcher: FSWatcher | undefined;
  private known: KnownObjects | undefined;
  private problems: ManifestProblem[] = [];
  private findings: Finding[] = [];
  private objects: UserObject[] = [];
  private files: Record<string, string> = {};
  manifests: NodeState['manifests'];
  private planned: Planned | undefined;
  private last: ScstNodeStatus | undefined;
  private settle: NodeJS.Timeout | undefined;
  private logged = '';

  constructor(private readonly options: DirectorySourceOptions) {
    this.nodeUID = manifestUid(options.setupId, 'Node', options.nodeName);
    this.knownPath = join(options.stateDir, 'manifests.json');
    this.file = new StatusFile(options.runDir, options.log);
    // Not in the time of whoever applies the first manifest.
    setImmediate(prepareValidation);
  }

  get reported(): ScstNodeStatus | undefined {
    return this.last;
  }

  async state(journal: Journal | undefined): Promise<SourceState> {
    this.watch();
    try {
      return await this.read(journal);
    } catch (error) {
      const { message } = error as Error;
      this.planned = undefined;
      this.tell([{ file: this.options.directory, message }], []);
      return { kind: 'unavailable', reason: 'Unreachable', message };
    }
  }

  report(status: ScstNodeStatus): void {
    this.last = status;
    const { directory, nodeName } = this.options;
    const { objects, files, problems, findings } = this;
    this.manifests = { directory, objects, files, problems, findings };
    this.file.write({ node: nodeName, manifests: { directory, problems, findings }, status });
  }

  async stop(): Promise<void> {
    clearTimeout(this.settle);
    this.watcher?.close();
    await this.file.settled();
  }

  private async read(journal: Journal | undefined): Promise<SourceState> {
    const { directory, nodeName, setupId } = this.options;
    const { documents: written, problems } = await readManifests(directory, this.parsed);
    const { planned } = this;
    // Nobody has changed a file: the plan of before holds.
    if (
      planned?.spec === journal?.spec &&
      planned !== undefined &&
      isSame(planned.written, written) &&
      isSame(planned.problems, problems)
    )
      return planned.state;
    const documents = this.options.defaultTarget ? withDefaultTarget(written) : written;
    const before = await this.remembered();
    const now = new Date().toISOString();
    const made = manifestObjects(documents, { setupId, known: before, now, validate: this.validate });
    const placed = made.objects.map((object) => onLoneNode(object, nodeName));
    const index = buildIndex(placed, [{ name: nodeName, uid: this.nodeUID, labels: {} }]);
    const kept = {
      devices: new Map(journal?.spec.devices.map((device) => [device.uid, device])),
      sessions: new Map(journal?.spec.sessions.map((session) => [session.uid, session])),
      luns: new Map(journal?.spec.luns.map((lun) => [lun.uid, lun])),
    };
    const plan = planNode(index, nodeName, { setupId, kept });
    const findings = [...placed.flatMap((object) => objectFindings(index, object)), ...plan.findings];
    this.objects = made.objects;
    this.files = made.files;
    this.tell([...problems, ...made.problems], findings);
    const complete = this.problems.length === 0;
    // While something is broken nothing is forgotten: age and former spec of an object must outlive a typing error.
    await this.remember(complete ? made.known : { ...before, ...made.known });
    const spec: ScstNodeSpec = { ...plan.spec, nodeUID: this.nodeUID, epoch: LONE_NODE_EPOCH, tombstones: [] };
    const state: SourceState = { kind: 'state', spec, objectUID: this.nodeUID, generation: 1, complete };
    this.planned = { written, problems, spec: journal?.spec, state };
    return state;
  }

  private async remembered(): Promise<KnownObjects> {
    if (this.known === undefined) {
      const text = await readFile(this.knownPath, 'utf8').catch((error: NodeJS.ErrnoException) => {
        if (error.code === 'ENOENT') return '{}';
        throw error;
      });
      this.known = JSON.parse(text) as KnownObjects;
    }
    return this.known;
  }

  private async remember(known: KnownObjects): Promise<void> {
    const text = JSON.stringify(known);
    if (text === JSON.stringify(this.known)) return;
    await writeAtomically(this.knownPath, text, true);
    this.known = known;
  }

  /** Logs problems when they change, not with every pass. */
  private tell(problems: ManifestProblem[], findings: readonly Finding[]): void {
    this.problems = problems;
    this.findings = [...findings];
    const now = JSON.stringify([problems, findings]);
    if (now === this.logged) return;
    this.logged = now;
    const { log } = this.options;
    for (const { file, line, field, message } of problems) {
      log.error(
        { file, line, field },
        `${file}${line === undefined ? '' : `:${line}`}: ${field === undefined ? '' : `${field}: `}${message}`,
      );
    }
    for (const { kind, name, reason, message } of findings)
      log.warn({ kind, name, reason }, `${kind} ${name}: ${message}`);
  }

  /** A directory that isn't there yet is looked for again with every pass. */
  private watch(): void {
    if (this.watcher !== undefined) return;
    try {
      this.watcher = watch(this.options.directory, () => {
        clearTimeout(this.settle);
        this.settle = setTimeout(this.options.onChange, SETTLE_MS);
      });
      this.watcher.on('error', () => this.unwatch());
    } catch {
      this.unwatch();
    }
  }

  private unwatch(): void {
    this.watcher?.close();
    this.watcher = undefined;
  }
}
