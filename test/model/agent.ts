// A node with its agent, as the contract of operator/plan/README.md asks of one: follows a ScstNode in single steps.
import { sees } from '../../crds/lun-set.js';
import type { EntryStatus, NodeLunStatus, ScstNode, ScstNodeSpec, ScstNodeStatus } from '../../crds/types.js';
import type { AgentHealth } from '../../operator/rollup/release.js';
import type { Api } from './api.js';

/** Milliseconds after which the controller takes a Lease that isn't renewed for expired. */
const LEASE_MS = 40_000;

interface Realised {
  kind: 'devices' | 'targets' | 'sessions' | 'luns';
  uid: string;
  generation: number;
  /** What it stands on: a session on its target, a pair of LUN and session on session and device. */
  on: string[];
  session?: string;
  lun?: number;
}

/** What survives a power cut: the state that the agent follows, and of which ScstNode it is. */
interface Journal {
  uid: string;
  generation: number;
  epoch: number;
  spec: ScstNodeSpec;
}

export class NodeMachine {
  /** What the kernel has, by uid; LUNs by uid and session. */
  readonly kernel = new Map<string, Realised>();
  /** uids of LUNs that somebody has open. */
  readonly inUse = new Set<string>();
  journal: Journal | undefined;
  /** Whether an agent was ever started here: it has a Lease since. */
  leased = false;
  running = false;
  connected = true;
  silentSince = 0;
  /** `uid@generation` of everything that was ever realised. */
  readonly everRealised = new Set<string>();

  constructor(
    readonly name: string,
    private readonly api: Api,
    private readonly onRealise: (machine: NodeMachine, uid: string) => void,
  ) {}

  get reporting(): boolean {
    return this.running && this.connected;
  }

  health(now: number): AgentHealth {
    if (!this.leased) {
      return { state: 'NeverSeen' };
    }
    const expiry = this.silentSince + LEASE_MS;
    return this.reporting || now < expiry ? { state: 'Alive' } : { state: 'Unknown', since: expiry };
  }

  start(now: number): void {
    if (!this.running) {
      this.running = true;
      this.silence(now);
    }
    // The Lease comes before anything else, so an agent that can't make one does nothing on its first start.
    this.leased ||= this.connected;
  }

  crash(now: number): void {
    this.silence(now);
    this.running = false;
  }

  /** A power cut: the kernel forgets, the disk doesn't. */
  powerOff(now: number): void {
    this.crash(now);
    this.kernel.clear();
    this.inUse.clear();
  }

  setConnected(connected: boolean, now: number): void {
    this.silence(now);
    this.connected = connected;
    this.leased ||= this.running && connected;
  }

  private silence(now: number): void {
    if (this.reporting) {
      this.silentSince = now;
    }
  }

  /** Reads its ScstNode, `back` versions too old (never what it reads first of one). What it reads is followed when the contract allows; absence changes nothing. */
  read(back: number): void {
    const latest = this.api.scstNodes.get(this.name);
    const uid = latest?.metadata.uid ?? '';
    const versions = (this.api.history.get(this.name) ?? []).filter(({ metadata }) => metadata.uid === uid);
    const stored = this.journal?.uid === uid ? versions[Math.max(0, versions.length - 1 - back)] : latest;
    if (
      !this.reporting ||
      !this.leased ||
      stored === undefined ||
      stored.spec.nodeUID !== this.api.nodes.get(this.name)?.uid
    ) {
      return;
    }
    const { generation = 0 } = stored.metadata;
    const older = this.journal?.uid === uid && generation < this.journal.generation;
    if (!older && stored.spec.epoch >= (this.journal?.epoch ?? 0)) {
      this.journal = { uid, generation, epoch: stored.spec.epoch, spec: stored.spec };
    }
  }

  /** One of the steps that are possible towards what it follows; false when there is none. */
  step(choice: number): boolean {
    const steps = this.running && this.leased && this.journal !== undefined ? this.steps(this.journal.spec) : [];
    steps[choice % steps.length]?.();
    return steps.length > 0;
  }

  /** Writes its status, when it follows the ScstNode that is there. */
  report(): void {
    const { journal } = this;
    if (this.reporting && journal !== undefined && journal.uid === this.api.scstNodes.get(this.name)?.metadata.uid) {
      this.api.setScstNodeStatus(this.name, journal.uid, this.status(journal));
    }
  }

  /** The status that it would write, as text to compare; undefined while it follows no ScstNode that is there. */
  statusText(): string | undefined {
    const { journal } = this;
    return journal === undefined || journal.uid !== this.api.scstNodes.get(this.name)?.metadata.uid
      ? undefined
      : JSON.stringify(this.status(journal));
  }

  private steps(spec: ScstNodeSpec): (() => void)[] {
    const wanted = wantedOf(spec);
    const held = [...this.kernel.entries()];
    const carried = new Set(held.flatMap(([, { on }]) => on));
    const forced = new Set(spec.tombstones.filter(({ force }) => force).map(({ uid }) => uid));
    const removals = held
      .filter(
        ([key, item]) =>
          !this.stays(key, wanted) && !carried.has(key) && (!this.inUse.has(item.uid) || forced.has(item.uid)),
      )
      .map(
        ([key]) =>
          () =>
            void this.kernel.delete(key),
      );
    const additions = [...wanted.entries()]
      .filter(([key, item]) => {
        const present = this.kernel.get(key);
        const free = !held.some(
          ([other, { session, lun }]) =>
            other !== key && session !== undefined && session === item.session && lun === item.lun,
        );
        const standing = item.on.every((uid) => this.kernel.has(uid) && this.stays(uid, wanted));
        return present === undefined
          ? free && standing
          : this.stays(key, wanted) && present.generation < item.generation;
      })
      .map(([key, item]) => () => {
        this.kernel.set(key, item);
        this.everRealised.add(`${item.uid}@${item.generation}`);
        this.onRealise(this, item.uid);
      });
    return [...removals, ...additions];
  }

  /** Whether what the kernel has under a key is what is wanted there. A session of another target of the same name isn't. */
  private stays(key: string, wanted: ReadonlyMap<string, Realised>): boolean {
    const [present, wish] = [this.kernel.get(key), wanted.get(key)];
    return (
      present !== undefined &&
      wish !== undefined &&
      present.on.join() === wish.on.join() &&
      present.on.every((uid) => this.stays(uid, wanted))
    );
  }

  private status({ generation: observedGeneration, epoch, spec }: Journal): ScstNodeStatus {
    const wanted = wantedOf(spec);
    const entries = new Map<Realised['kind'], (EntryStatus & { session?: string })[]>();
    for (const [key, item] of new Map([...wanted, ...this.kernel])) {
      const present = this.kernel.get(key);
      const state = present === undefined ? 'Pending' : this.stays(key, wanted) ? 'Ready' : 'Terminating';
      const entry = {
        uid: item.uid,
        generation: present?.generation ?? 0,
        state,
        ...(item.session === undefined ? {} : { session: item.session }),
      } as const;
      entries.set(item.kind, [...(entries.get(item.kind) ?? []), entry]);
    }
    return {
      observedGeneration,
      epoch,
      devices: entries.get('devices') ?? [],
      targets: entries.get('targets') ?? [],
      sessions: entries.get('sessions') ?? [],
      luns: (entries.get('luns') ?? []) as NodeLunStatus[],
    };
  }
}

/** What a spec asks of the kernel, keyed like it. */
export function wantedOf(spec: ScstNode['spec']): Map<string, Realised> {
  const wanted = new Map<string, Realised>();
  for (const { uid, generation } of spec.devices) {
    wanted.set(uid, { kind: 'devices', uid, generation, on: [] });
  }
  for (const { uid, generation } of spec.targets) {
    wanted.set(uid, { kind: 'targets', uid, generation, on: [] });
  }
  for (const { uid, generation, target } of spec.sessions) {
    wanted.set(uid, { kind: 'sessions', uid, generation, on: [target] });
  }
  for (const entry of spec.luns) {
    const { uid, generation, device, lun } = entry;
    for (const session of spec.sessions.filter((one) => sees(one, entry))) {
      const on = [session.uid, device];
      wanted.set(`${uid}/${session.uid}`, { kind: 'luns', uid, generation, on, session: session.uid, lun });
    }
  }
  return wanted;
}
