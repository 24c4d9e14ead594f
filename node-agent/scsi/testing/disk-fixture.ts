// FX-PURE: the SCSI layer alone, a disk over a medium in memory. For tests.
import { addNexus, createLogicalUnit, disk, execute, type LogicalUnit, type LogicalUnitOptions } from '../index.js';
import type { CommandResult, Medium, MediumError, NexusIdentity } from '../types.js';

export class ModelMedium implements Medium {
  readonly content: Uint8Array;
  /** What was asked of the medium, in order. */
  readonly calls: {
    call: 'read' | 'write' | 'flush' | 'zero' | 'discard';
    offset?: number;
    length?: number;
    durable?: boolean;
  }[] = [];
  /** Thrown by the next access instead of doing it. */
  failure: MediumError | Error | undefined;

  constructor(
    readonly blockSize: number,
    readonly blocks: bigint,
    content?: Uint8Array,
  ) {
    this.content = content ?? new Uint8Array(Number(blocks) * blockSize);
  }

  async read(offset: number, into: Uint8Array): Promise<void> {
    this.note({ call: 'read', offset, length: into.length });
    into.set(this.content.subarray(offset, offset + into.length));
    return Promise.resolve();
  }

  async write(offset: number, data: Uint8Array, durable: boolean): Promise<void> {
    this.note({ call: 'write', offset, length: data.length, durable });
    this.content.set(data, offset);
    return Promise.resolve();
  }

  async flush(): Promise<void> {
    this.note({ call: 'flush' });
    return Promise.resolve();
  }

  readonly allocationUnit = 4096;
  /** Offset of each discarded run: length; writes don't take them away again. */
  readonly holes: { offset: number; length: number }[] = [];

  zero(offset: number, length: number): Promise<void> {
    this.note({ call: 'zero', offset, length });
    this.content.fill(0, offset, offset + length);
    return Promise.resolve();
  }

  discard(offset: number, length: number): Promise<void> {
    this.note({ call: 'discard', offset, length });
    this.content.fill(0, offset, offset + length);
    this.holes.push({ offset, length });
    return Promise.resolve();
  }

  extentAt(offset: number, length: number): Promise<{ mapped: boolean; length: number }> {
    const isHole = (at: number) => this.holes.some((hole) => at >= hole.offset && at < hole.offset + hole.length);
    let end = offset;
    while (end < offset + length && isHole(end) === isHole(offset)) end += 1;
    return Promise.resolve({ mapped: !isHole(offset), length: end - offset });
  }

  private note(call: ModelMedium['calls'][number]): void {
    if (this.failure) throw this.failure;
    this.calls.push(call);
  }
}

/** A medium that knows its size only: for capacities that don't fit into memory. */
export function hugeMedium(blockSize: number, blocks: bigint): Medium {
  return {
    blockSize,
    blocks,
    read: (_offset, into) => Promise.resolve(void into.fill(0)),
    write: () => Promise.resolve(),
    flush: () => Promise.resolve(),
    zero: () => Promise.resolve(),
    discard: () => Promise.resolve(),
    extentAt: (_offset, length) => Promise.resolve({ mapped: true, length }),
    allocationUnit: 4096,
  };
}

export const IDENTITY = {
  vendor: 'SCST_FIO',
  product: 'vm_disk1',
  revision: '3110',
  serial: '3c1b5f0a',
  t10DeviceId: '3c1b5f0a-vm_disk1',
  vendorSpecificId: '',
  naa: '5a5b0001c0ffee11',
};

export function nexus(id: string, changes: Partial<NexusIdentity> = {}): NexusIdentity {
  return {
    id,
    transportId: new Uint8Array(24),
    readOnly: false,
    scsiTransportVersion: 0,
    physTransportVersion: 0,
    relTgtId: 1,
    ...changes,
  };
}

export interface DiskFixture {
  unit: LogicalUnit;
  medium: ModelMedium;
  /** Runs a CDB given as hexadecimal bytes on nexus `id`, s1 if not given. */
  run: (
    cdb: string | Uint8Array,
    options?: { on?: string; dataOut?: Uint8Array; dataInLength?: number },
  ) => Promise<CommandResult>;
}

/** FX-TWO: a disk of 64 blocks with the nexuses s1 and s2, whose power-on attention was delivered already. */
export function diskWithTwoNexuses(options: Partial<LogicalUnitOptions> = {}): DiskFixture {
  const fixture = disk64(options);
  for (const id of ['s1', 's2']) {
    addNexus(fixture.unit, nexus(id));
    fixture.unit.nexuses.get(id)?.attentions.splice(0);
  }
  return fixture;
}

/** A disk of 64 blocks without a nexus. */
export function disk64(options: Partial<LogicalUnitOptions> = {}): DiskFixture {
  const medium = new ModelMedium(512, 64n);
  const unit = createLogicalUnit({ personality: disk, identity: IDENTITY, medium, ...options });
  return {
    unit,
    medium,
    run: (cdb, { on = 's1', dataOut = new Uint8Array(), dataInLength = 65_536 } = {}) =>
      execute(unit, on, typeof cdb === 'string' ? bytes(cdb) : cdb, dataOut, dataInLength),
  };
}

/** Hexadecimal, blanks ignored. */
export function bytes(text: string): Uint8Array {
  return Uint8Array.from(Buffer.from(text.replaceAll(' ', ''), 'hex'));
}

export function hex(data: Uint8Array | undefined): string {
  return Buffer.from(data ?? []).toString('hex');
}

/** What a result says, in short: GOOD, CONFLICT, or key/asc/ascq of its fixed or descriptor sense. */
export function outcome({ status, sense }: CommandResult): string {
  if (status === 0) return 'GOOD';
  if (status === 0x18) return 'CONFLICT';
  if (status !== 2 || !sense) return `status ${status}`;
  const [key, asc, ascq] =
    ((sense[0] ?? 0) & 0x7f) >= 0x72 ? [sense[1], sense[2], sense[3]] : [sense[2], sense[12], sense[13]];
  return [(key ?? 0) & 0x0f, asc ?? 0, ascq ?? 0].map((code) => code.toString(16).padStart(2, '0')).join('/');
}
