// The control side of one logical unit: brings what is open and attached to what is wished for, again and again.
import type { Backing } from '../backing/backing.js';
import { BackingRefused } from '../backing/errors.js';
import type { RingEvent } from '../native/types.js';
import { diskOf } from '../../crds/disk.js';
import type {
  RingConfiguration,
  RingCounters,
  UnitAction,
  UnitConfiguration,
  UnitReason,
  UnitStatus,
} from '../protocol/types.js';
import { act } from './actions.js';
import { BackOff } from './back-off.js';
import type { UnitEnvironment } from './environment.js';
import { equal } from './equal.js';
import type { FlightRecorder } from './flight-recorder.js';
import { changeIdentity, giveUpBacking, openUnit, swapBacking } from './open-unit.js';
import { attachRing, RingBusy } from './ring-attachment.js';
import { ringKey } from './ring-kernel.js';
import { Ring } from './ring.js';
import { RunStateFile } from './run-state.js';
import type { ReachableUnit, ServingUnit } from './serving-unit.js';
import { manageTask } from './task-management.js';

export class Unit {
  private readonly rings = new Map<string, Ring>();
  private readonly backOff: BackOff;
  /** Nothing: the unit is to go, once its rings have gone from the kernel. */
  private wanted: UnitConfiguration | undefined;
  /** The last wish, for a unit that is to go. */
  private configuration: UnitConfiguration;
  /** What the serving unit has; its rings are those that it knows as nexuses. */
  private applied: UnitConfiguration | undefined;
  private evaluatedGeneration = 0;
  private serving: ServingUnit | undefined;
  private failure: { reason: UnitReason; message: string } | undefined;
  private pass: Promise<void> | undefined;
  private again = false;
  private watching = false;
  /** What the backing did by itself, and the unit hasn't followed yet. */
  private backingChange: 'gone' | 'grown' | undefined;
  private closed = false;

  constructor(
    private readonly environment: UnitEnvironment,
    private readonly flight: FlightRecorder,
    configuration: UnitConfiguration,
  ) {
    this.configuration = configuration;
    this.failure = { reason: 'BackingError', message: 'the backing is being opened' };
    this.backOff = new BackOff(environment.retry, () => void this.reconcile());
    this.want(configuration);
  }

  /** Takes a wish; reconcile() makes it true. */
  want(configuration: UnitConfiguration | undefined): void {
    this.wanted = configuration;
    this.configuration = configuration ?? this.configuration;
    const wantedKeys = new Set(configuration?.rings.map(ringKey));
    for (const ring of this.rings.values()) ring.leaving = !wantedKeys.has(ring.key);
    for (const ringConfiguration of configuration?.rings ?? []) this.wantRing(ringConfiguration);
    this.backOff.reset();
  }

  /** Nothing of it is left: neither wished for nor open. */
  get finished(): boolean {
    return this.wanted === undefined && this.serving === undefined && this.rings.size === 0;
  }

  /** A look into the kernel could help. */
  get looking(): boolean {
    return [...this.rings.values()].some(({ state }) => state !== 'Attached');
  }

  /** Keys of rings that it serves and that aren't its own any more. */
  get leaving(): string[] {
    return [...this.rings.values()].filter(({ leaving }) => leaving).map(({ key }) => key);
  }

  /** It could serve that ring. */
  awaits(key: string): boolean {
    return this.serving !== undefined && this.rings.get(key)?.leaving === false;
  }

  holds(key: string): boolean {
    return this.rings.get(key)?.leaving === true;
  }

  /** Lets go of a ring that another unit is to serve from now on. */
  async handOver(key: string): Promise<void> {
    const ring = this.rings.get(key);
    if (ring === undefined) return;
    await this.serving?.letGo(ring);
    ring.backOff.reset();
    this.rings.delete(key);
    ring.log.info('ring handed over to another logical unit');
    await this.reconcile();
  }

  /** The wish, and the rings that are served beyond it. */
  get effective(): UnitConfiguration {
    return { ...this.configuration, rings: [...this.rings.values()].map(({ configuration }) => configuration) };
  }

  /** The unit as that session's commands can copy from or to it. */
  reachableFrom(sessionUid: string): ReachableUnit | undefined {
    const ring = [...this.rings.values()].find(({ configuration }) => configuration.sessionUid === sessionUid);
    return this.serving && ring && { unit: this.serving, nexusId: ring.nexusId };
  }

  /** Resolves when everything known at this moment was tried. Never rejects, never runs twice at a time. */
  async reconcile(): Promise<void> {
    this.again = true;
    this.pass ??= this.passes().finally(() => (this.pass = undefined));
    await this.pass;
  }

  /**
   * Looks after what is open, which tells nobody of its changes. Somebody has grown it, and no size is wished for: the disk
   * grows with it (SCST: resync_size). One that was cut stays as it was, or data that commands were told to be safe would
   * silently be gone. A block device that went away is let go, and opened again once it is back. Never rejects.
   */
  async watchBacking(): Promise<void> {
    const backing = this.serving?.backing;
    if (backing === undefined || this.watching) return;
    this.watching = true;
    const change = await this.changeOf(backing).catch(() => undefined);
    this.watching = false;
    if (change === undefined || this.serving?.backing !== backing) return;
    this.backingChange = change;
    await this.reconcile();
  }

  /** What is open can change by itself: a block device, or a file whose size the disk follows. */
  get watched(): boolean {
    const backing = this.serving?.backing;
    return backing !== undefined && (backing.gone !== undefined || diskOf(this.configuration).size === undefined);
  }

  private async changeOf(backing: Backing): Promise<'gone' | 'grown' | undefined> {
    if ((await backing.gone?.()) !== undefined) return 'gone';
    const { size, blocksize } = diskOf(this.configuration);
    if (size !== undefined) return undefined;
    const missing = await backing.missing();
    return missing < 0n && missing % BigInt(blocksize) === 0n ? 'grown' : undefined;
  }

  status(): UnitStatus {
    return this.describe((ring) => ring.counters());
  }

  private describe(countersOf: (ring: Ring) => RingCounters | undefined): UnitStatus {
    const medium = this.serving?.scsi.medium;
    const blocked = this.serving?.scsi.blocked ? BLOCKED : undefined;
    const failure = this.failure ?? this.serving?.health.failure(this.serving.scsi) ?? blocked;
    return {
      uid: this.configuration.uid,
      generation: this.evaluatedGeneration,
      state: failure === undefined ? 'Ready' : 'Failed',
      ...failure,
      size: this.size,
      thinProvisioned: medium && this.serving?.scsi.settings.thinProvisioned,
      rings: [...this.rings.values()].map((ring) => ({ ...this.ringStatus(ring), counters: countersOf(ring) })),
      failures: this.serving?.scsi.mediumFailures ?? NO_FAILURES,
      internalFailures: this.serving?.internalFailures ?? 0,
    };
  }

  /** Throws where it can't be done, and says why. */
  async act(action: UnitAction): Promise<void> {
    const { name } = this.configuration;
    if (this.serving === undefined) throw new Error(`${name} is not open`);
    await act(this.serving, name, action);
    this.environment.log.info({ device: name, action }, 'done by the node’s owner');
    this.environment.statusChanged();
  }

  /** Waits for what is in flight and makes the medium durable; goes on serving, whoever wanted it blocked: the host goes down. */
  async drain(): Promise<void> {
    const unit = this.serving;
    if (unit?.scsi.blocked) await unit.unblock();
    await unit?.exclusively(() => unit.flush());
  }

  /** Ends the process's part in the unit; its commands wait in the rings. */
  async shutdown(): Promise<void> {
    this.closed = true;
    this.backOff.reset();
    for (const ring of this.rings.values()) ring.backOff.reset();
    const unit = this.serving;
    this.serving = undefined;
    await unit?.close();
  }

  private wantRing(configuration: RingConfiguration): void {
    const key = ringKey(configuration);
    const known = this.rings.get(key);
    if (known !== undefined) {
      known.configuration = configuration;
      known.backOff.reset();
      return;
    }
    const { target, session, lun } = configuration;
    const log = this.environment.log.child({ device: this.configuration.name, target, session, lun });
    const backOff = new BackOff(this.environment.retry, () => void this.reconcile());
    const ring = new Ring(configuration, log, backOff);
    ring.takenOver = this.environment.heldByOther(key, this.configuration.uid);
    this.rings.set(key, ring);
  }

  private ringStatus(ring: Ring): UnitStatus['rings'][number] {
    const status = ring.status();
    const [poison] = this.flight.poison(ring.key);
    return poison === undefined
      ? status
      : { ...status, message: `the command ${poison} is refused: it ended the engine` };
  }

  /** Bytes. */
  private get size(): number | undefined {
    const medium = this.serving?.scsi.medium;
    return medium && Number(medium.blocks) * medium.blockSize;
  }

  private async passes(): Promise<void> {
    while (this.again && !this.closed) {
      this.again = false;
      const before = this.describe(WITHOUT_COUNTERS);
      try {
        await this.runPass();
      } catch (error) {
        this.fail(error);
      }
      if (!equal(before, this.describe(WITHOUT_COUNTERS))) this.environment.statusChanged();
    }
  }

  private async runPass(): Promise<void> {
    const generation = this.wanted?.generation;
    this.dropGoneRings();
    if (this.wanted === undefined && this.rings.size === 0) {
      await this.close();
      return;
    }
    try {
      await this.openOrChange();
    } catch (error) {
      // A unit that serves what it had before still serves its rings.
      this.fail(error);
    }
    this.evaluatedGeneration = generation ?? this.evaluatedGeneration;
    await Promise.all([...this.rings.values()].map((ring) => this.attach(ring)));
  }

  private dropGoneRings(): void {
    const devices = this.environment.devices();
    for (const ring of this.rings.values()) {
      if (!ring.leaving || ring.native !== undefined || devices.has(ring.key)) continue;
      ring.backOff.reset();
      this.rings.delete(ring.key);
      this.serving?.forget(ring);
      this.flight.forget(ring.key);
      ring.log.info('ring let go');
    }
  }

  private async close(): Promise<void> {
    const unit = this.serving;
    this.serving = undefined;
    await unit?.close();
    const { runDirectory, bootId, log } = this.environment;
    await new RunStateFile(runDirectory, this.configuration.uid, bootId).remove();
    if (unit !== undefined) log.info({ device: this.configuration.name }, 'logical unit closed');
  }

  private async openOrChange(): Promise<void> {
    if (this.backOff.waiting) return;
    const wanted = this.effective;
    if (this.serving === undefined) {
      this.serving = await openUnit(this.environment, this.flight, wanted, () => this.rings.values());
      this.environment.log.info({ device: wanted.name, size: this.size }, 'logical unit open');
    } else if (this.applied !== undefined) {
      await this.change(this.serving, this.applied, wanted);
    }
    this.applied = wanted;
    this.failure = diskOf(wanted).active === false ? INACTIVE : undefined;
    this.backOff.reset();
  }

  private async change(unit: ServingUnit, applied: UnitConfiguration, wanted: UnitConfiguration): Promise<void> {
    const rings = () => this.rings.values();
    if (!equal([applied.identity, applied.rings], [wanted.identity, wanted.rings])) {
      await changeIdentity(unit, applied, wanted, rings);
      this.applied = { ...applied, identity: wanted.identity, rings: wanted.rings };
    }
    const change = this.backingChange;
    this.backingChange = undefined;
    if (change === 'gone') await giveUpBacking(unit, wanted.name);
    const reopens = unit.backing === undefined && diskOf(wanted).active !== false;
    if (change === 'grown' || reopens || !equal(handlerOf(applied), handlerOf(wanted))) {
      await swapBacking(this.environment, unit, applied, wanted, rings);
      this.environment.log.info({ device: wanted.name, size: this.size }, 'backing changed');
    }
  }

  private async attach(ring: Ring): Promise<void> {
    const unit = this.serving;
    const device = this.environment.devices().get(ring.key);
    if (ring.native !== undefined || ring.backOff.waiting || this.closed) return;
    if (unit === undefined) return ring.detached('Waiting', 'the logical unit is not open');
    if (!ring.leaving && this.environment.heldByOther(ring.key, this.configuration.uid))
      return ring.detached('Waiting', 'the unit that it was of has yet to let it go');
    // A nexus that the unit couldn't be told of yet has no flags.
    if (!unit.scsi.nexuses.has(ring.nexusId)) return ring.detached('Waiting', 'the logical unit is being changed');
    if (device === undefined) return ring.detached('Waiting', 'no uio device of this name');
    const { kernel, binding } = this.environment;
    try {
      await attachRing(kernel, binding, ring.configuration, device, (uioFd, foundAtAttach) => {
        const flags = unit.flagsFor(ring);
        const native = unit.native.attachRing({ uioFd, mapSize: device.mapSize, flags }, (events) =>
          this.handle(unit, ring, events),
        );
        // At once: its first command may come before the kernel's answer to the unblocking.
        ring.attached(native, foundAtAttach, flags);
      });
    } catch (error) {
      const { message } = error as Error;
      if (ring.native !== undefined) this.lose(unit, ring, 'Failed', message);
      else ring.detached(error instanceof RingBusy ? 'Waiting' : 'Failed', message);
      if (ring.state === 'Failed') ring.backOff.arm();
    }
  }

  private handle(unit: ServingUnit, ring: Ring, events: RingEvent[]): void {
    for (const event of events) {
      switch (event.kind) {
        case 'command':
          unit.accept(ring, event);
          break;
        case 'taskManagement':
          manageTask(unit, ring, event);
          break;
        case 'gone':
          this.environment.devices().delete(ring.key);
          this.lose(unit, ring, 'Waiting', 'the uio device is gone');
          break;
        case 'failed':
          this.lose(unit, ring, 'Failed', event.message);
          ring.backOff.arm();
          break;
      }
    }
  }

  private lose(unit: ServingUnit, ring: Ring, state: 'Waiting' | 'Failed', message: string): void {
    const { native } = ring;
    ring.detached(state, message);
    unit.forget(ring);
    native
      ?.stop()
      .catch((error: unknown) => ring.log.error({ err: error }, 'a lost ring could not be stopped'))
      .finally(() => void this.reconcile());
    this.environment.statusChanged();
  }

  private fail(error: unknown): void {
    const { message } = error as Error;
    const reason = error instanceof BackingRefused ? error.reason : 'BackingError';
    if (this.failure?.message !== message)
      this.environment.log.error({ device: this.configuration.name, reason, err: error }, 'logical unit refused');
    this.failure = { reason, message };
    this.backOff.arm();
  }
}

const INACTIVE = { reason: 'Inactive', message: 'active is false: the backing is closed' } as const;
const BLOCKED = { reason: 'Blocked', message: 'its commands wait until `scst unblock` lets them run' } as const;
/** They change with every command, which is no news. */
const WITHOUT_COUNTERS = () => undefined;
const NO_FAILURES = { read: 0, write: 0, noSpace: 0, flush: 0 } as const;

/** What the backing, and what is made of it, follow from. */
function handlerOf({ vdiskFileio, vdiskBlockio, vdiskNullio, sharedMedium }: UnitConfiguration) {
  return [vdiskFileio, vdiskBlockio, vdiskNullio, sharedMedium];
}
