// A SIMULATED node agent: does with the API exactly what an agent does, and nothing on any kernel.
import type { EntryStatus, NodeLunStatus, ScstNode, ScstNodeStatus } from '../../crds/types.js';
import { SCST_NODES } from '../../operator/controller/kinds.js';
import { Writer } from '../../operator/kube/apply.js';
import type { Api } from '../../operator/kube/client.js';
import { LeaseHolder } from '../../operator/kube/lease.js';
import { Reflector } from '../../operator/kube/reflector.js';
import { WorkQueue } from '../../operator/kube/work-queue.js';

export interface SimulatedAgentOptions {
  readonly api: Api;
  readonly node: string;
  readonly namespace: string;
  readonly leaseSeconds: number;
}

export class SimulatedAgent {
  private readonly reflector: Reflector<ScstNode>;
  private readonly lease: LeaseHolder;
  private readonly queue: WorkQueue;
  private readonly writer: Writer;
  /** Names of entries that somebody uses: they are not let go. */
  private readonly used = new Map<string, string>();
  /** uid → name, of all that was ever in the spec. */
  private readonly names = new Map<string, string>();
  private paused = false;

  constructor(private readonly options: SimulatedAgentOptions) {
    const { api, node, namespace, leaseSeconds } = options;
    this.writer = new Writer(api);
    this.queue = new WorkQueue(() => this.report(), { workers: 1, delay: (attempt) => Math.min(20 * attempt, 500) });
    this.reflector = new Reflector<ScstNode>({
      api,
      resource: SCST_NODES,
      fieldSelector: `metadata.name=${node}`,
      onChange: () => this.queue.add('report'),
    });
    this.lease = new LeaseHolder({
      api,
      namespace,
      name: node,
      identity: node,
      durationSeconds: leaseSeconds,
      renewSeconds: leaseSeconds / 4,
      onError: (error) => console.error(`simulated agent of ${node}:`, error),
    });
  }

  async start(): Promise<void> {
    this.lease.start();
    this.queue.start();
    await this.reflector.start();
  }

  async stop(): Promise<void> {
    await Promise.all([this.lease.stop(), this.reflector.stop(), this.queue.stop()]);
  }

  /** As an agent that hangs: the Lease goes on, no report comes. */
  pause(): void {
    this.paused = true;
  }

  resume(): void {
    this.paused = false;
    this.queue.add('report');
  }

  /** From now on `holder` uses the device of LUN `name`. */
  use(name: string, holder: string): void {
    this.used.set(name, holder);
  }

  unuse(name: string): void {
    this.used.delete(name);
    this.queue.add('report');
  }

  private async report(): Promise<void> {
    const live = this.reflector.get(this.options.node);
    if (live === undefined || this.paused) {
      return;
    }
    const status = this.statusOf(live);
    const answer = await this.writer.apply(
      SCST_NODES,
      live,
      { status },
      { fieldManager: 'scst-agent', subresource: 'status' },
    );
    this.reflector.observe(answer);
  }

  private statusOf({ metadata, spec, status: before }: ScstNode): ScstNodeStatus {
    [spec.targets, spec.sessions, spec.devices, spec.luns].flat().forEach(({ uid, name }) => this.names.set(uid, name));
    const ready = ({ uid, generation }: EntryStatus | { uid: string; generation: number }): EntryStatus => ({
      uid,
      generation,
      state: 'Ready',
    });
    const luns = spec.luns.flatMap((lun) =>
      spec.sessions
        .filter(({ target }) => target === lun.target)
        .map((session, index): NodeLunStatus => {
          const path = `/dev/scst/${this.names.get(lun.target)}/${session.scstName}/lun${lun.lun}`;
          return { ...ready(lun), session: session.uid, path, block: `sd${index}`, hctl: `${index}:0:1:${lun.lun}` };
        }),
    );
    // What is in use outlives its entry, and what it needs with it.
    const kept = (before?.luns ?? [])
      .filter(({ uid }) => !luns.some((lun) => lun.uid === uid) && this.used.has(this.names.get(uid) ?? ''))
      .map((lun) => {
        const message = `in use by ${this.used.get(this.names.get(lun.uid) ?? '')}`;
        return { ...lun, state: 'Terminating' as const, reason: 'InUse', message };
      });
    const needed = <T extends EntryStatus>(now: readonly T[], old: readonly T[] | undefined): T[] => [
      ...now,
      ...(kept.length === 0 ? [] : (old ?? [])).filter(({ uid }) => !now.some((entry) => entry.uid === uid)),
    ];
    return {
      observedGeneration: metadata.generation ?? 0,
      epoch: spec.epoch,
      nodeUID: spec.nodeUID,
      agentVersion: 'simulated',
      devices: needed(spec.devices.map(ready), before?.devices),
      targets: needed(spec.targets.map(ready), before?.targets),
      sessions: needed(
        spec.sessions.map((session, index) => ({ ...ready(session), host: index })),
        before?.sessions,
      ),
      luns: [...luns, ...kept],
    };
  }
}
