// Persistent reservations on a disk with several nexuses. For tests.
import { addNexus } from '../../index.js';
import { bytes, diskWithTwoNexuses, nexus, outcome, type DiskFixture } from '../../testing/disk-fixture.js';
import { concat, putUint64, uint32 } from '../bytes.js';

export const SERVICE_ACTION = {
  register: 0,
  reserve: 1,
  release: 2,
  clear: 3,
  preempt: 4,
  preemptAndAbort: 5,
  registerIgnoring: 6,
  registerAndMove: 7,
} as const;

export interface ReserveOut {
  type?: number;
  key?: bigint;
  actionKey?: bigint;
  /** Byte 20: SPEC_I_PT 08h, ALL_TG_PT 04h, APTPL 01h. */
  flags?: number;
  /** Behind the basic parameter list. */
  additional?: Uint8Array;
}

/** SAS TransportID of a nexus of the fixture. */
export function transportIdOf(number: number): Uint8Array {
  return bytes(`06000000 500000000000000${number} 00000000000000000000 0000`.replaceAll(' ', '').padEnd(48, '0'));
}

export class ReservationFixture {
  readonly disk: DiskFixture = diskWithTwoNexuses();

  /** Nexuses s1 to s3, each an initiator port of its own, target port 1 to 3; and one that only looks on. */
  constructor() {
    addNexus(this.disk.unit, nexus('reader', { transportId: transportIdOf(8) }));
    this.disk.unit.nexuses.get('reader')?.attentions.splice(0);
    for (const number of [1, 2, 3]) {
      addNexus(this.disk.unit, nexus(`s${number}`, { transportId: transportIdOf(number), relTgtId: number }));
      this.disk.unit.nexuses.get(`s${number}`)?.attentions.splice(0);
    }
  }

  /** PERSISTENT RESERVE OUT; what it ended with, as outcome() says it. */
  async out(on: string, action: keyof typeof SERVICE_ACTION, request: ReserveOut = {}): Promise<string> {
    const { type = 0, key = 0n, actionKey = 0n, flags = 0, additional = new Uint8Array() } = request;
    const basic = new Uint8Array(24);
    putUint64(basic, 0, key);
    putUint64(basic, 8, actionKey);
    basic[20] = flags;
    const list = concat(basic, additional);
    return this.outRaw(on, [0x5f, SERVICE_ACTION[action], type, 0, 0, 0, 0, 0, list.length, 0], list);
  }

  async outRaw(on: string, cdb: number[], dataOut: Uint8Array): Promise<string> {
    return outcome(await this.disk.run(Uint8Array.from(cdb), { on, dataOut }));
  }

  /** PERSISTENT RESERVE IN with that service action. */
  async in(serviceAction: number, on = 'reader', allocationLength = 255): Promise<Uint8Array> {
    const cdb = [0x5e, serviceAction, 0, 0, 0, 0, 0, 0, allocationLength, 0];
    const { status, data } = await this.disk.run(Uint8Array.from(cdb), { on });
    if (status !== 0 || !data) throw new Error(`PERSISTENT RESERVE IN ended with status ${status}`);
    return data;
  }

  /** Keys of READ KEYS, hexadecimal without leading zeros. */
  async keys(): Promise<string[]> {
    const data = await this.in(0);
    const list = Buffer.from(data.subarray(8, 8 + uint32(data, 4))).toString('hex');
    return (list.match(/.{16}/g) ?? []).map((key) => key.replace(/^0+/, ''));
  }

  /** `key type` of READ RESERVATION, or nothing. */
  async reservation(): Promise<string> {
    const data = await this.in(1);
    if (data.length === 8) return '';
    return `${Buffer.from(data.subarray(8, 16)).toString('hex').replace(/^0+/, '')} ${data[21]}`;
  }

  async run(on: string, cdb: string, dataOut?: Uint8Array): Promise<string> {
    return outcome(await this.disk.run(cdb, { on, ...(dataOut ? { dataOut } : {}) }));
  }
}
