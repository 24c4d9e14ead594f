// What the engine asks of the kernel about TCMU rings: which uio devices there are, and the action files of a backstore.
import { constants, openSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { writeText } from '../native/change-together.js';
import { readTogether } from '../native/read-together.js';

/** hba and backstore name a ring. */
export interface RingName {
  hba: string;
  backstore: string;
}
export interface UioDevice {
  /** Such as /dev/uio3. */
  path: string;
  /** Bytes of the one mapping. */
  mapSize: number;
}
export type RingAction = 'block_dev' | 'reset_ring';

export interface RingKernel {
  /** Every TCMU ring of the node, by ringKey. */
  findDevices(): Promise<Map<string, UioDevice>>;
  /** At once. Throws with code EBUSY when another process has it open. The caller closes the descriptor. */
  open(device: UioDevice): number;
  act(ring: RingName, action: RingAction, value: 0 | 1): Promise<void>;
}

export function ringKey({ hba, backstore }: RingName): string {
  return `${hba}/${backstore}`;
}

/** tcm-user/<hba number>/<backstore>, and /<dev_config> where that is not empty. */
const UIO_NAME = /^tcm-user\/(\d+)\/([^/]+)(\/|$)/;

/** The real kernel, or for tests a directory that looks like one. */
export class SysfsRingKernel implements RingKernel {
  constructor(private readonly root = '/') {}

  async findDevices(): Promise<Map<string, UioDevice>> {
    const directory = join(this.root, 'sys/class/uio');
    const found = await Promise.all((await listDirectory(directory)).map((name) => this.inspect(directory, name)));
    return new Map(found.filter((entry) => entry !== undefined));
  }

  open({ path }: UioDevice): number {
    // TCMU only notes that it is open, which takes less time than a job of the thread pool.
    return openSync(path, constants.O_RDWR);
  }

  async act({ hba, backstore }: RingName, action: RingAction, value: 0 | 1): Promise<void> {
    const path = join(this.root, 'sys/kernel/config/target/core', hba, backstore, 'action', action);
    await writeText(path, String(value));
  }

  private async inspect(directory: string, name: string): Promise<[string, UioDevice] | undefined> {
    const files = ['name', 'maps/map0/size'];
    const found = await readTogether({ root: join(directory, name), files, directories: [] }).catch(() => undefined);
    const [title = '', size] = found?.files ?? [];
    const [, hba, backstore] = UIO_NAME.exec(title) ?? [];
    // Unreadable, or without a size: it went away between readdir and read.
    if (hba === undefined || backstore === undefined || size === undefined) return undefined;
    const device = { path: join(this.root, 'dev', name), mapSize: Number(size) };
    return [ringKey({ hba: `user_${hba}`, backstore }), device];
  }
}

async function listDirectory(path: string): Promise<string[]> {
  try {
    return await readdir(path);
  } catch (error) {
    // Before the first ring of the boot the class doesn't exist.
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}
