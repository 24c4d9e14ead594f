// A kernel and an add-on in memory, for the engine's unit tests: rings whose commands the test sends.
import { closeSync, constants, mkdtempSync, openSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pino from 'pino';
import { BackingRegistry } from '../backing/registry.js';
import type { NativeBinding, NativeRing, NativeUnit, RingEvent, RingOptions, UnitOptions } from '../native/types.js';
import {
  PROTOCOL_VERSION,
  type EngineStatus,
  type FileioConfiguration,
  type RingConfiguration,
  type UnitConfiguration,
} from '../protocol/types.js';
import type { CommandResult } from '../scsi/index.js';
import { ConfigurationStore } from './configuration-store.js';
import { Engine } from './engine.js';
import { ringKey, type RingAction, type RingKernel, type RingName, type UioDevice } from './ring-kernel.js';

export class FakeRing implements NativeRing {
  flags: number;
  stopped = false;
  private nextId = 1;
  private readonly answers = new Map<number, (result: CommandResult) => void>();
  /** Called at the next completion: the moment at which an engine may die. */
  atCompletion: (() => void) | undefined;

  constructor(
    readonly options: RingOptions,
    private readonly onEvents: (events: RingEvent[]) => void,
  ) {
    this.flags = options.flags;
  }

  /** Hands a command over as the fast path would; resolves with its completion. */
  send(cdb: number[], dataOut: Uint8Array = new Uint8Array(0), dataInLength = 0, extra: object = {}) {
    const id = this.nextId++;
    const answer = new Promise<CommandResult>((resolve) => this.answers.set(id, resolve));
    this.emit({ kind: 'command', id, cdb: Uint8Array.from(cdb), dataOut, dataInLength, ...extra });
    return Object.assign(answer, { id });
  }
  emit(...events: RingEvent[]): void {
    this.onEvents(events);
  }
  setFlags(flags: number): void {
    this.flags = flags;
  }
  complete(id: number, status: number, data: Uint8Array | null, sense: Uint8Array | null): void {
    this.atCompletion?.();
    this.atCompletion = undefined;
    this.answers.get(id)?.({ status, data: data ?? undefined, sense: sense ?? undefined });
    this.answers.delete(id);
  }
  counters() {
    const zero = { reads: 0n, writes: 0n, readBytes: 0n, writeBytes: 0n, handedOver: 0n };
    return {
      ...zero,
      inFlight: this.answers.size,
      foundAtAttach: 0,
      unalignedReads: 0n,
      unalignedWrites: 0n,
      withoutData: 0n,
    };
  }
  stop(): Promise<void> {
    if (!this.stopped) closeSync(this.options.uioFd);
    this.stopped = true;
    return Promise.resolve();
  }
}

export class FakeUnit implements NativeUnit {
  readonly rings: FakeRing[] = [];
  gate = 0;
  closed = false;
  constructor(public options: UnitOptions) {}

  attachRing(options: RingOptions, onEvents: (events: RingEvent[]) => void): FakeRing {
    const ring = new FakeRing(options, onEvents);
    this.rings.push(ring);
    return ring;
  }
  closeGate(): Promise<void> {
    this.gate += 1;
    return Promise.resolve();
  }
  openGate(): void {
    this.gate -= 1;
  }
  update(options: Partial<UnitOptions>): void {
    if (this.gate === 0) throw new Error('changed with the gate open');
    this.options = { ...this.options, ...options };
  }
  close(): void {
    if (this.rings.some(({ stopped }) => !stopped)) throw new Error('closed with a ring attached');
    this.closed = true;
  }
}

/** Backstores with a uio device each, and what was done to them. */
export class FakeKernel implements RingKernel {
  readonly actions: string[] = [];
  readonly busy = new Set<string>();
  private readonly devices = new Map<string, UioDevice>();

  add(ring: RingName): void {
    this.devices.set(ringKey(ring), { path: ringKey(ring), mapSize: 4096 });
  }
  remove(ring: RingName): void {
    this.devices.delete(ringKey(ring));
  }
  findDevices(): Promise<Map<string, UioDevice>> {
    return Promise.resolve(new Map(this.devices));
  }
  open({ path }: UioDevice): number {
    if (this.busy.has(path)) throw Object.assign(new Error(`${path} is busy`), { code: 'EBUSY' });
    this.actions.push(`open ${path}`);
    return openSync('/dev/null', 'r+');
  }
  act(ring: RingName, action: RingAction, value: 0 | 1): Promise<void> {
    this.actions.push(`${action}=${value} ${ringKey(ring)}`);
    return Promise.resolve();
  }
}

/** A directory, a kernel and engines on them; several engines follow each other as processes would. */
export class TestNode {
  readonly directory = realpathSync(mkdtempSync(join(tmpdir(), 'scst-engine-')));
  readonly kernel = new FakeKernel();
  units: FakeUnit[] = [];
  /** A test changes it for a reboot. */
  bootId = 'boot';
  lockedElsewhere = new Set<string>();
  /** Until when the next lock of a file has no answer, as of a server that is gone. */
  lockAnswers: Promise<void> | undefined;
  private readonly engines: Engine[] = [];

  /** Another engine on the same directory and kernel, as after the death of the one before. */
  async startEngine(): Promise<Engine> {
    this.units = [];
    const binding: NativeBinding = {
      openBeneath: async (root, path, flags, mode) =>
        Promise.resolve(openSync(join(root, path), flags | constants.O_NOFOLLOW, mode)),
      readNodes: () => Promise.reject(new Error('the engine reads one thing at a time')),
      changeNodes: () => Promise.reject(new Error('the kernel of this test is written to otherwise')),
      tryLock: async () => {
        const answer = this.lockAnswers;
        this.lockAnswers = undefined;
        await answer;
        return this.lockedElsewhere.size === 0;
      },
      countOutstanding: () => 3,
      punchHole: () => Promise.resolve(),
      zeroRange: () => Promise.reject(Object.assign(new Error('not here'), { code: 'EOPNOTSUPP' })),
      readDirectly: () => Promise.resolve(),
      extentAt: (_fd, _offset, length) => Promise.resolve({ mapped: true, length }),
      createUnit: (options) => {
        const unit = new FakeUnit(options);
        this.units.push(unit);
        return unit;
      },
    };
    const engine = new Engine({
      environment: {
        binding,
        registry: new BackingRegistry(),
        allowedPaths: [this.directory],
        minFree: 0,
        kernel: this.kernel,
        runDirectory: this.directory,
        stateDirectory: join(this.directory, 'state'),
        bootId: this.bootId,
        log: pino({ level: 'silent' }),
        retry: { initialMs: 10, maximumMs: 20 },
      },
      store: new ConfigurationStore(this.directory),
      version: 'test',
      onStatusChanged: () => undefined,
      lookEveryMs: 10,
    });
    this.engines.push(engine);
    await engine.start();
    return engine;
  }

  /** Ring number `at` of the first unit of the running engine. */
  ring(at = 0): FakeRing {
    const ring = this.units[0]?.rings[at];
    if (ring === undefined) throw new Error(`no ring ${at} is attached`);
    return ring;
  }

  /** The same, with its power-on unit attention taken. */
  async readyRing(at = 0): Promise<FakeRing> {
    const ring = this.ring(at);
    const first = codeOf(await ring.send(TEST_UNIT_READY));
    if (first !== '6/29/0') throw new Error(`${first} in place of the power-on unit attention`);
    return ring;
  }

  async end(): Promise<void> {
    for (const engine of this.engines) await engine.shutdown();
    rmSync(this.directory, { recursive: true });
  }

  unit(changes: Partial<FileUnit> = {}): FileUnit {
    const uid = changes.uid ?? 'unit1';
    return {
      uid,
      name: `device-${uid}`,
      generation: 1,
      handler: 'vdiskFileio',
      vdiskFileio: {
        filename: join(this.directory, `${uid}.img`),
        size: 65_536,
        blocksize: 512,
        readOnly: false,
        writeThrough: false,
        nvCache: false,
        removable: false,
        rotational: true,
        thinProvisioned: false,
        active: true,
      },
      identity: {
        vendor: 'SCST_FIO',
        product: uid,
        revision: '3110',
        serial: 'serial',
        t10DeviceId: 'id',
        vendorSpecificId: 'id',
        naa: '3000000000000001',
      },
      rings: [ringConfiguration(1)],
      ...changes,
    };
  }
}

/** A unit of vdiskFileio. */
export type FileUnit = UnitConfiguration & { vdiskFileio: FileioConfiguration };

export function ringConfiguration(number: number, changes: Partial<RingConfiguration> = {}): RingConfiguration {
  return {
    hba: `user_${number}`,
    backstore: `lun${number}`,
    sessionUid: `session${number}`,
    lunUid: `lun${number}`,
    target: 'target',
    session: `session${number}`,
    lun: 0,
    readOnly: false,
    transportId: `060000005${number}`.padEnd(48, '0'),
    scsiTransportVersion: 0x0be0,
    physTransportVersion: 0,
    relTgtId: 1,
    ...changes,
  };
}

export function configurationOf(...units: UnitConfiguration[]) {
  return { protocolVersion: PROTOCOL_VERSION, units };
}

/** Waits until `condition` holds. */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setImmediate(resolve));
}

export const TEST_UNIT_READY = [0, 0, 0, 0, 0, 0];
export const RESERVE = [0x16, 0, 0, 0, 0, 0];

/** Sense key, ASC and ASCQ in hexadecimal, or the status where there is no sense. */
export function codeOf({ status, sense }: CommandResult): string {
  if (sense === undefined) return `status ${status.toString(16)}`;
  return [(sense[2] ?? 0) & 15, sense[12] ?? 0, sense[13] ?? 0].map((part) => part.toString(16)).join('/');
}

export function ringStates({ units }: EngineStatus): string[] {
  return units.flatMap(({ rings }) => rings.map(({ state }) => state));
}
