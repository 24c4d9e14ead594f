// One ring of a logical unit: the engine's end of one I_T nexus.
import type { Logger } from 'pino';
import { NEXUS_FLAG, type NativeRing } from '../native/types.js';
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
  /** No longer wished for: served until its uio device is gone, because taking the LUN away needs an answer. */
  leaving = false;
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

  attached(native: NativeRing, foundAtAttach: number, flags: number): void {
    this.native = native;
    this.foundAtAttach = foundAtAttach;
    this.publishedFlags = flags;
    this.aborts = 0;
    this.resets = 0;
    this.backOff.reset();
    this.state = 'Attached';
    this.message = undefined;
    this.log.info({ foundAtAttach }, 'ring attached');
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

  status(): RingStatus {
    const { hba, backstore } = this.configuration;
    return { hba, backstore, state: this.state, message: this.message, counters: this.counters() };
  }

  private counters(): RingCounters | undefined {
    if (this.native === undefined) return undefined;
    const native = this.native.counters();
    return {
      reads: Number(native.reads),
      writes: Number(native.writes),
      readBytes: Number(native.readBytes),
      writeBytes: Number(native.writeBytes),
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
