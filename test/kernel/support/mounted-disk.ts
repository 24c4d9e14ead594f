// A node with a mounted file system on its disk, for what comes when the node goes down and is back.
import type { NodeKernel } from '../../env/node/index.js';
import { eventually } from '../../env/stack/eventually.js';
import { LoneNode } from './lone-node.js';
import { disk, diskPath } from './manifests.js';

export const PATH = diskPath('d');
export const MINUTE_MS = 60_000;

/** A node with a mounted file system on its disk, agent and engine started apart from each other. */
export class MountedDisk {
  private constructor(readonly node: LoneNode) {}

  static async start(kernel: NodeKernel): Promise<MountedDisk> {
    const machine = new MountedDisk(await LoneNode.boot({ kernel }));
    const { node } = machine;
    await node.apply('d.yaml', disk('d'));
    await machine.startProcesses();
    await node.ready(PATH);
    await node.sh(`mkfs.ext4 -q ${PATH}`);
    await machine.mount();
    return machine;
  }

  async startProcesses(): Promise<void> {
    await this.node.startEngine();
    await this.node.startAgent(['--engine', 'external']);
  }

  mount(): Promise<string> {
    return this.node.sh(`mkdir -p /mnt/d && mount ${PATH} /mnt/d`);
  }

  /** Data that was synced, and data that the disk has only in its write cache; the checksum of the former. */
  writeSyncedAndDirty(): Promise<string> {
    return this.node.sh(
      'cd /mnt/d && dd if=/dev/urandom of=synced bs=1M count=4 conv=fsync status=none && dd if=/dev/zero of=dirty bs=1M count=4 oflag=direct status=none && sha256sum synced',
    );
  }

  /** Nobody answers it. */
  async leaveCommandInFlight(): Promise<void> {
    await this.node.sh(
      'setsid dd if=/dev/zero of=/mnt/d/late bs=4k count=1 oflag=direct < /dev/null > /dev/null 2>&1 &',
    );
    const inFlight = `/sys/class/block/$(basename $(readlink ${PATH}))/inflight`;
    await eventually(() => this.node.sh(`grep -q '[1-9]' ${inFlight}`), MINUTE_MS);
  }

  synced(): Promise<string> {
    return this.node.sh('cd /mnt/d && sha256sum synced');
  }
}
