// What sysfs says of a SCSI device: the block, sg and bsg names that belong to host:channel:target:lun.
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { writeText } from '../native/change-together.js';
import { readTogether } from '../native/read-together.js';

export interface ScsiDevice {
  /** host:channel:target:lun */
  hctl: string;
  /** Such as sda; absent until sd has probed it, and for what isn't a disk. */
  block?: string;
  /** Such as sg0. */
  sg?: string;
  /** Such as 2:0:0:0, below /dev/bsg. */
  bsg?: string;
  /** Seconds that the mid-layer waits for a command, where there is such a file. */
  timeoutSeconds?: number;
  /** Commands that the device has at a time at most, where there is such a file. */
  queueDepth?: number;
  /** SCSI peripheral device type: 0 is a disk. */
  type?: number;
}

/** sysfs counts in these, whatever the block size. */
const SECTOR_BYTES = 512;

/** The disks' upper layer may still be probing when the link returns. */
const POLL_MS = 20;

/** The device, or undefined where the kernel has none of that address. */
export async function readScsiDevice(hctl: string, sys = '/sys'): Promise<ScsiDevice | undefined> {
  const { files, directories } = await readTogether({
    root: join(sys, 'class/scsi_device', hctl, 'device'),
    files: ['type', 'timeout', 'queue_depth'],
    directories: ['block', 'scsi_generic', 'bsg'],
  });
  const [type, timeout, queueDepth] = files.map((text) => (text === undefined ? undefined : Number(text)));
  if (type === undefined) return undefined;
  const [block, sg, bsg] = directories.map((entries) => entries?.map(({ name }) => name).sort()[0]);
  return {
    hctl,
    type,
    ...(block !== undefined && { block }),
    ...(sg !== undefined && { sg }),
    ...(bsg !== undefined && { bsg }),
    ...(timeout !== undefined && timeout > 0 && { timeoutSeconds: timeout }),
    ...(queueDepth !== undefined && queueDepth > 0 && { queueDepth }),
  };
}

/** Waits until the device has all the names that its type gets: sd's probe is asynchronous. Undefined when it is late. */
export async function waitForScsiDevice(
  hctl: string,
  timeoutMs: number,
  sys = '/sys',
): Promise<ScsiDevice | undefined> {
  const end = performance.now() + timeoutMs;
  for (;;) {
    const device = await readScsiDevice(hctl, sys);
    if (device?.sg !== undefined && (device.type !== 0 || device.block !== undefined)) return device;
    if (performance.now() >= end) return undefined;
    await sleep(POLL_MS);
  }
}

/**
 * Seconds that the mid-layer waits for a command. Above the ring's cmd_time_out, so that error handling never starts
 * while the engine is away: the ring answers first. Written only when it differs.
 */
export async function setTimeoutSeconds(device: ScsiDevice, seconds: number, sys = '/sys'): Promise<void> {
  if (device.timeoutSeconds === undefined || device.timeoutSeconds === seconds) return;
  await writeText(join(sys, 'class/scsi_device', device.hctl, 'device/timeout'), String(seconds));
}

/** Commands that it has at a time at most; others wait in the block layer. Written only when it differs. */
export async function setQueueDepth(device: ScsiDevice, commands: number, sys = '/sys'): Promise<void> {
  if (device.queueDepth === undefined || device.queueDepth === commands) return;
  await writeText(join(sys, 'class/scsi_device', device.hctl, 'device/queue_depth'), String(commands));
}

/** What the kernel holds of a block device. */
export interface BlockLimits {
  bytes: number;
  readOnly: boolean;
}

/** Undefined where there is no block device of that name. */
export async function blockLimitsOf(block: string, sys = '/sys'): Promise<BlockLimits | undefined> {
  const { files } = await readTogether({
    root: join(sys, 'class/block', block),
    files: ['size', 'ro'],
    directories: [],
  });
  const [sectors, readOnly] = files;
  return sectors === undefined ? undefined : { bytes: Number(sectors) * SECTOR_BYTES, readOnly: readOnly === '1' };
}
