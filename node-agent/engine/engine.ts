// All logical units of the node: takes the agent's wish, looks for rings in the kernel, answers the agent.
import { setTimeout as delay } from 'node:timers/promises';
import { reclaimFile } from '../backing/reclaim.js';
import type { EngineHandlers } from '../protocol/server.js';
import {
  PROTOCOL_VERSION,
  type EngineConfiguration,
  type EngineRequests,
  type EngineStatus,
  type ReclaimParameters,
  type ReclaimResult,
} from '../protocol/types.js';
import { withoutHandOvers, type ConfigurationStore } from './configuration-store.js';
import type { UnitEnvironment } from './environment.js';
import { FlightRecorder } from './flight-recorder.js';
import { ringKey, type UioDevice } from './ring-kernel.js';
import { Unit } from './unit.js';

export interface EngineOptions {
  environment: Omit<UnitEnvironment, 'devices' | 'reachable' | 'heldByOther' | 'statusChanged'>;
  store: ConfigurationStore;
  version: string;
  onStatusChanged: (status: EngineStatus) => void;
  /** Milliseconds between two looks for the uio devices of rings that wait. Default 1000. */
  lookEveryMs?: number;
  /** Milliseconds after which configure answers although a unit still hangs in its backing. Default 10000. */
  settleMs?: number;
}

export class Engine implements Omit<EngineHandlers, 'end'> {
  private readonly units = new Map<string, Unit>();
  private readonly environment: UnitEnvironment;
  private readonly flight: FlightRecorder;
  private devices = new Map<string, UioDevice>();
  private timer: NodeJS.Timeout | undefined;
  private notifying = false;
  private wanted: EngineConfiguration | undefined;
  /** Keys of rings that change hands at this moment. */
  private readonly changingHands = new Set<string>();
  private handingOver: Promise<void> | undefined;
  private closed = false;

  constructor(private readonly options: EngineOptions) {
    this.flight = new FlightRecorder(options.environment.runDirectory);
    this.environment = {
      ...options.environment,
      devices: () => this.devices,
      reachable: (sessionUid) => [...this.units.values()].flatMap((unit) => unit.reachableFrom(sessionUid) ?? []),
      heldByOther: (key, uid) =>
        this.changingHands.has(key) || [...this.units].some(([other, unit]) => other !== uid && unit.holds(key)),
      statusChanged: () => this.statusChanged(),
    };
  }

  /** Takes up what the former engine served. Resolves when every unit was tried. */
  async start(): Promise<void> {
    const { log } = this.options.environment;
    this.lookLater();
    const stored = await this.options.store.load().catch((error: unknown) => {
      log.error({ err: error }, 'the stored configuration is unreadable: waiting for the agent');
      return undefined;
    });
    if (stored === undefined) return;
    log.info({ units: stored.effective.units.length }, 'taking up the stored configuration');
    const { effective, wanted } = withoutHandOvers(stored);
    this.take(effective);
    this.take(wanted);
    this.wanted = wanted;
    await this.reconcileAll();
  }

  async configure(configuration: EngineConfiguration): Promise<EngineStatus> {
    checkUnique(configuration);
    this.take(configuration);
    this.wanted = configuration;
    // Before anything is attached: an engine that dies from here on leaves the wish to its successor.
    await this.save(configuration);
    const settled = new AbortController();
    await Promise.race([
      this.reconcileAll().finally(() => settled.abort()),
      delay(this.options.settleMs ?? 10_000, undefined, { signal: settled.signal, ref: false }).catch(() => undefined),
    ]);
    return this.currentStatus();
  }

  // eslint-disable-next-line @typescript-eslint/require-await -- the protocol's handlers answer with promises
  async status(): Promise<EngineStatus> {
    return this.currentStatus();
  }

  async drain(): Promise<EngineStatus> {
    await Promise.all([...this.units.values()].map((unit) => unit.drain()));
    return this.currentStatus();
  }

  async reclaim({ filename, uid }: ReclaimParameters): Promise<ReclaimResult> {
    this.forgetFinished();
    const { log } = this.options.environment;
    const result = this.units.has(uid)
      ? { deleted: false, message: `the device ${uid} is still served` }
      : await reclaimFile(this.environment, filename);
    log.info({ filename, uid, ...result }, 'reclaim');
    return result;
  }

  async act({ uid, action }: EngineRequests['act']['params']): Promise<Record<string, never>> {
    const unit = this.units.get(uid);
    if (unit === undefined) throw new Error(`the engine doesn't serve ${uid}`);
    await unit.act(action);
    return {};
  }

  /** Ends serving without taking anything down: commands that come now wait in their rings for the next engine. */
  async shutdown(): Promise<void> {
    this.closed = true;
    clearTimeout(this.timer);
    await this.handingOver?.catch(() => undefined);
    await Promise.all([...this.units.values()].map((unit) => unit.shutdown()));
  }

  private take({ units }: EngineConfiguration): void {
    const wanted = new Set(units.map(({ uid }) => uid));
    for (const [uid, unit] of this.units) if (!wanted.has(uid)) unit.want(undefined);
    for (const configuration of units) {
      const known = this.units.get(configuration.uid);
      if (known !== undefined) known.want(configuration);
      else this.units.set(configuration.uid, new Unit(this.environment, this.flight, configuration));
    }
  }

  private async reconcileAll(): Promise<void> {
    await this.look();
    await this.reconcile([...this.units.values()]);
  }

  private async reconcile(units: Unit[]): Promise<void> {
    await Promise.all(units.map((unit) => unit.reconcile()));
    await this.handOver();
    this.forgetFinished();
  }

  /** Rings that are another unit's by now change hands once that one is open. Resolves when none is to any more. */
  private async handOver(): Promise<void> {
    for (;;) {
      while (this.handingOver !== undefined) await this.handingOver;
      const units = [...this.units.values()];
      const due = units.flatMap((giver) =>
        giver.leaving.flatMap((key) => {
          const taker = units.find((unit) => unit !== giver && unit.awaits(key));
          return taker === undefined ? [] : [{ key, giver, taker }];
        }),
      );
      if (due.length === 0 || this.closed) return;
      this.handingOver = this.changeHands(due).finally(() => (this.handingOver = undefined));
    }
  }

  private async changeHands(due: readonly { key: string; giver: Unit; taker: Unit }[]): Promise<void> {
    for (const { key } of due) this.changingHands.add(key);
    try {
      await Promise.all(due.map(({ key, giver }) => giver.handOver(key)));
      // Before the first command is served as the other unit: a successor must not serve one as the former.
      if (this.wanted !== undefined) await this.save(this.wanted);
    } finally {
      for (const { key } of due) this.changingHands.delete(key);
    }
    await Promise.all(due.map(({ taker }) => taker.reconcile()));
  }

  private async save(wanted: EngineConfiguration): Promise<void> {
    const effective = { ...wanted, units: [...this.units.values()].map((unit) => unit.effective) };
    await this.options.store.save(wanted, effective);
  }

  private forgetFinished(): void {
    for (const [uid, unit] of this.units) if (unit.finished) this.units.delete(uid);
  }

  private async look(): Promise<void> {
    this.devices = await this.environment.kernel.findDevices();
  }

  /** uio tells nobody of a new device, so whoever waits for one looks again; and a backing tells nobody of its changes. */
  private lookLater(): void {
    this.timer = setTimeout(() => {
      this.forgetFinished();
      for (const unit of this.units.values()) if (unit.watched) void unit.watchBacking();
      const looking = [...this.units.values()].filter((unit) => unit.looking);
      const round = looking.length === 0 ? Promise.resolve() : this.look().then(() => void this.reconcile(looking));
      round
        .catch((error: unknown) => this.environment.log.error({ err: error }, 'looking for uio devices failed'))
        .finally(() => {
          if (!this.closed) this.lookLater();
        });
    }, this.options.lookEveryMs ?? 1000);
  }

  private currentStatus(): EngineStatus {
    const units = [...this.units.values()].filter((unit) => !unit.finished).map((unit) => unit.status());
    return { protocolVersion: PROTOCOL_VERSION, pid: process.pid, version: this.options.version, units };
  }

  /** Changes of one moment, such as all rings of a node attached, are one notification. */
  private statusChanged(): void {
    if (this.notifying) return;
    this.notifying = true;
    setImmediate(() => {
      this.notifying = false;
      this.options.onStatusChanged(this.currentStatus());
    });
  }
}

/** Throws: two wishes for one unit or one ring can't both be true. */
function checkUnique({ units }: EngineConfiguration): void {
  const seen = new Set<string>();
  for (const key of [...units.map(({ uid }) => uid), ...units.flatMap(({ rings }) => rings.map(ringKey))]) {
    if (seen.has(key)) throw new Error(`the configuration names ${key} twice`);
    seen.add(key);
  }
}
