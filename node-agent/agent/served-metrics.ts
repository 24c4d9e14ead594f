// Metrics of each LUN in each session, and of the devices behind them, read from the engine when they are asked for.
import { Counter, Gauge, type Registry } from 'prom-client';
import type { EngineStatus, RingConfiguration, RingStatus, UnitConfiguration, UnitStatus } from '../protocol/types.js';

type Place = 'device' | 'target' | 'session' | 'lun';

/** What is served, and what the engine says of it now; nothing while it is away. */
export type ServedNow = () => Promise<{ units: readonly UnitConfiguration[]; status: EngineStatus } | undefined>;

export class ServedMetrics {
  private readonly commands: Counter<Place | 'direction'>;
  private readonly bytes: Counter<Place | 'direction'>;
  private readonly unaligned: Counter<Place | 'direction'>;
  private readonly aborts: Counter<Place>;
  private readonly resets: Counter<Place>;
  private readonly failures: Gauge<'device' | 'access'>;
  private readonly internalFailures: Gauge<'device'>;
  private reading: Promise<void> | undefined;

  /** They begin anew with each engine, as counters of a process do. */
  constructor(
    registry: Registry,
    private readonly served: ServedNow,
  ) {
    const registers = [registry];
    const collect = (): Promise<void> => this.read();
    const counter = <Label extends string>(name: string, help: string, ...more: Label[]): Counter<Place | Label> =>
      new Counter({
        name,
        help,
        labelNames: ['device', 'target', 'session', 'lun', ...more] as (Place | Label)[],
        registers,
        collect,
      });
    this.commands = counter('scst_lun_commands_total', 'Commands by the direction of their data', 'direction');
    this.bytes = counter('scst_lun_bytes_total', 'Bytes that these commands carried', 'direction');
    this.unaligned = counter(
      'scst_lun_unaligned_commands_total',
      'READ and WRITE commands that do not begin and end at a multiple of 4096 bytes',
      'direction',
    );
    this.aborts = counter('scst_lun_aborts_total', 'ABORT TASK functions (SCST: Aborts)');
    this.resets = counter('scst_lun_resets_total', 'LOGICAL UNIT RESET functions (SCST: Device Resets)');
    this.failures = new Gauge({
      name: 'scst_device_backing_failures',
      help: 'Accesses to the backing of a device that failed since the engine started; noSpace: writes for want of space',
      labelNames: ['device', 'access'],
      registers,
      collect,
    });
    this.internalFailures = new Gauge({
      name: 'scst_device_internal_failures',
      help: 'Commands that a defect of the engine ended with INTERNAL TARGET FAILURE since the engine started',
      labelNames: ['device'],
      registers,
      collect,
    });
  }

  /** The metrics of one answer are of one moment: whoever comes first reads for all. */
  private read(): Promise<void> {
    this.reading ??= this.update().finally(() => (this.reading = undefined));
    return this.reading;
  }

  private async update(): Promise<void> {
    const now = await this.served();
    const { commands, bytes, unaligned, aborts, resets, failures, internalFailures } = this;
    for (const metric of [commands, bytes, unaligned, aborts, resets, failures, internalFailures]) metric.reset();
    if (now === undefined) return;
    const statuses = new Map(now.status.units.map((unit) => [unit.uid, unit]));
    const rings = new Map(
      now.status.units.flatMap((unit) => unit.rings.map((ring) => [ring.backstore, ring] as const)),
    );
    for (const { uid, name, rings: configured } of now.units) {
      this.tellOfDevice(name, statuses.get(uid));
      for (const ring of configured) this.tellOfLun(labelsOf(name, ring), rings.get(ring.backstore));
    }
  }

  private tellOfDevice(device: string, status: UnitStatus | undefined): void {
    for (const [access, count] of Object.entries<number>(status?.failures ?? {}))
      this.failures.set({ device, access }, count);
    this.internalFailures.set({ device }, status?.internalFailures ?? 0);
  }

  private tellOfLun(labels: Record<Place, string>, status: RingStatus | undefined): void {
    const counters = status?.counters;
    if (counters === undefined) return;
    this.commands.inc({ ...labels, direction: 'read' }, counters.reads);
    this.commands.inc({ ...labels, direction: 'write' }, counters.writes);
    this.commands.inc({ ...labels, direction: 'none' }, counters.withoutData ?? 0);
    this.unaligned.inc({ ...labels, direction: 'read' }, counters.unalignedReads ?? 0);
    this.unaligned.inc({ ...labels, direction: 'write' }, counters.unalignedWrites ?? 0);
    this.bytes.inc({ ...labels, direction: 'read' }, counters.readBytes);
    this.bytes.inc({ ...labels, direction: 'write' }, counters.writeBytes);
    this.aborts.inc(labels, counters.aborts);
    this.resets.inc(labels, counters.resets);
  }
}

function labelsOf(device: string, { target, session, lun }: RingConfiguration): Record<Place, string> {
  return { device, target, session, lun: String(lun) };
}
