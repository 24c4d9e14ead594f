// What sysfs tells of a block device: size, blocks, whether it gives space back, whether it is still the same.
import { readFile, realpath } from 'node:fs/promises';
import { basename, join } from 'node:path';

const SECTOR = 512n;

export interface BlockDevice {
  /** Bytes. */
  size: bigint;
  /** Bytes. */
  logicalBlockSize: number;
  /** Bytes. */
  physicalBlockSize: number;
  /** Bytes that are given back as one. */
  discardGranularity: number;
  discards: boolean;
  /** Space can be given back so that it reads as zeros, which discarding alone doesn't promise. */
  unmapsToZeros: boolean;
  /** Counts the devices of this boot (Linux 5.15); the same number may be another device's later. */
  sequence: string | undefined;
}

/** major:minor of st_rdev, as glibc packs it. */
export function deviceNumber(device: bigint): string {
  const major = ((device >> 8n) & 0xfffn) | ((device >> 32n) & ~0xfffn);
  const minor = (device & 0xffn) | ((device >> 12n) & ~0xffn);
  return `${major}:${minor}`;
}

export class BlockAttributes {
  private readonly directory: string;

  constructor(
    /** major:minor */
    readonly number: string,
    sys = '/sys',
  ) {
    this.directory = join(sys, 'dev/block', number);
  }

  /** Such as sda1. */
  async name(): Promise<string> {
    return basename(await realpath(this.directory));
  }

  /** Rejects where there is no such device. */
  async read(): Promise<BlockDevice> {
    const size = BigInt((await readFile(join(this.directory, 'size'), 'utf8')).trim()) * SECTOR;
    const disk = await this.disk();
    const limit = async (name: string, absent: number) => Number((await text(join(disk, 'queue', name))) ?? absent);
    const discards = (await limit('discard_max_bytes', 0)) > 0;
    return {
      size,
      logicalBlockSize: await limit('logical_block_size', 512),
      physicalBlockSize: await limit('physical_block_size', 512),
      discardGranularity: await limit('discard_granularity', 0),
      discards,
      unmapsToZeros: discards && (await limit('write_zeroes_max_bytes', 0)) > 0,
      sequence: await text(join(disk, 'diskseq')),
    };
  }

  async isThere(sequence: string | undefined): Promise<boolean> {
    if ((await text(join(this.directory, 'size'))) === undefined) return false;
    return (await text(join(await this.disk(), 'diskseq'))) === sequence;
  }

  /** What the device goes by, whatever its number is after the next boot; with the size, because not every kind has a name. */
  async mark(): Promise<string> {
    const disk = await this.disk();
    const names = ['device/wwid', 'wwid', 'dm/uuid', 'device/serial', 'serial'];
    const found = await Promise.all(names.map((name) => text(join(disk, name))));
    const name = found.find((each) => each !== undefined && each !== '') ?? '';
    return `${name}/${(await text(join(this.directory, 'size'))) ?? ''}`;
  }

  /** Of a partition: the disk that it is on, which has what they share. */
  private async disk(): Promise<string> {
    const partition = await text(join(this.directory, 'partition'));
    return partition === undefined ? this.directory : join(await realpath(this.directory), '..');
  }
}

async function text(path: string): Promise<string | undefined> {
  return readFile(path, 'utf8').then(
    (value) => value.trim(),
    () => undefined,
  );
}
