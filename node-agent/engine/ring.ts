// One ring of a logical unit: the engine's end of one I_T nexus.
import type { Logger } from 'pino';
import { NEXUS_FLAG, type HandedOverCommand, type NativeRing } from '../native/types.js';
import type { RingConfiguration, RingCounters, RingStatus } from '../protocol/types.js';
import type { NexusFlags, NexusIdentity } from '../scsi/index.js';
import type { BackOff } from './back-off.js';
import { ringKey } from './ring-kernel.js';

export class Ring {
  state: RingStatus['state'] = 'Waiting';
  message: string | undefined = 'not tried yet';
  /** There while the ring is attached. */
  native: NativeRing | undefined;
  foundAtAttach = 0;
  aborts = 0;
  resets = 0;
  /** Commands that TypeScript answers, of those that the ring engine doesn't count by their data. */
  private handedOver = { reads: 0, writes: 0, readBytes: 0, writeBytes: 0, withoutData: 0 };
  /** No longer wished for: served until its uio device is gone, because taking the LUN away needs an answer. */
  leaving = false;
  /** Another unit served it until now. */
  takenOver = false;
  readonly key: string;
  private publishedFlags: number | undefined;

  constructor(
    public configuration: RingConfiguration,
    readonly log: Logger,
    /** Of the tries to attach. */
    readonly backOff: BackOff,
  ) {
    this.key = ringKey(configuration);
  }

  get nexusId(): string {
    return nexusIdOf(this.configuration);
  }

  /** What its initiator is told when its nexus is new to the unit. */
  get arrival(): 'powerOn' | 'inquiryDataChanged' | 'silent' {
    if (!this.takenOver) return 'powerOn';
    return this.configuration.takenOverSilently === true ? 'silent' : 'inquiryDataChanged';
  }

  attached(native: NativeRing, foundAtAttach: number, flags: number): void {
    this.native = native;
    this.foundAtAttach = foundAtAttach;
    this.publishedFlags = flags;
    this.aborts = 0;
    this.resets = 0;
    this.handedOver = { reads: 0, writes: 0, readBytes: 0, writeBytes: 0, withoutData: 0 };
    this.backOff.reset();
    this.state = 'Attached';
    this.message = undefined;
    this.log.info({ foundAtAttach }, 'ring attached');
  }

  count({ dataOut, dataInLength }: HandedOverCommand): void {
    const counters = this.handedOver;
    if (dataOut.byteLength > 0) {
      counters.writes += 1;
      counters.writeBytes += dataOut.byteLength;
    } else if (dataInLength > 0) {
      counters.reads += 1;
      counters.readBytes += dataInLength;
    } else counters.withoutData += 1;
  }

  detached(state: 'Waiting' | 'Failed', message: string): void {
    if (state !== this.state || message !== this.message)
      this.log.info({ state, reason: message }, 'ring not attached');
    this.native = undefined;
    this.state = state;
    this.message = message;
  }

  publish(flags: number): void {
    if (this.native === undefined || flags === this.publishedFlags) return;
    this.publishedFlags = flags;
    this.native.setFlags(flags);
  }

  status(): Omit<RingStatus, 'counters'> {
    const { hba, backstore } = this.configuration;
    return { hba, backstore, state: this.state, message: this.message };
  }

  /** While it is attached. */
  counters(): RingCounters | undefined {
    if (this.native === undefined) return undefined;
    const native = this.native.counters();
    const { reads, writes, readBytes, writeBytes, withoutData } = this.handedOver;
    return {
      reads: Number(native.reads) + reads,
      writes: Number(native.writes) + writes,
      readBytes: Number(native.readBytes) + readBytes,
      writeBytes: Number(native.writeBytes) + writeBytes,
      withoutData: Number(native.withoutData) + withoutData,
      unalignedReads: Number(native.unalignedReads),
      unalignedWrites: Number(native.unalignedWrites),
      handedOver: Number(native.handedOver),
      inFlight: native.inFlight,
      foundAtAttach: this.foundAtAttach,
      aborts: this.aborts,
      resets: this.resets,
    };
  }
}

/** Stable over restarts of the engine. */
export function nexusIdOf({ sessionUid, lunUid }: RingConfiguration): string {
  return `${sessionUid}/${lunUid}`;
}

export function nexusIdentityOf(configuration: RingConfiguration): NexusIdentity {
  const { readOnly, scsiTransportVersion, physTransportVersion, relTgtId } = configuration;
  return {
    id: nexusIdOf(configuration),
    transportId: Uint8Array.from(Buffer.from(configuration.transportId, 'hex')),
    readOnly,
    scsiTransportVersion,
    physTransportVersion,
    relTgtId,
  };
}

export function flagBits(flags: NexusFlags): number {
  let bits = 0;
  for (const name of Object.keys(NEXUS_FLAG) as (keyof typeof NEXUS_FLAG)[]) if (flags[name]) bits |= NEXUS_FLAG[name];
  return bits;
}
