// Containers on a test node, as a kubelet has them run: containerd and runc of Debian, privileged, in the node's PID namespace.
import { join } from 'node:path';
import { cacheFolder, shellQuote, type TestNode } from '../../env/node/index.js';
import { eventually } from '../../env/stack/eventually.js';

/** Debian's containerd and runc, as `make setup-conformance` fetches them. */
export const PACKAGES = join(cacheFolder(), 'containers/root');
const FOLDER = '/run/containers';
const CONFIGURATION = `version = 2
root = "${FOLDER}/root"
state = "${FOLDER}/state"
disabled_plugins = ["io.containerd.grpc.v1.cri"]
[grpc]
address = "${FOLDER}/socket"
`;
/** Directories of the node that a container of ours has, at the same paths; the rest of /run, /sys and /dev is its own. */
export const HOST_PATHS = ['/dev', '/sys/kernel/config', '/lib/modules', '/run/udev', '/run/scst', '/var/lib/scst'];

export class Containers {
  private constructor(private readonly node: TestNode) {}

  static async start(node: TestNode): Promise<Containers> {
    const containers = new Containers(node);
    await node.write(`${FOLDER}/config.toml`, CONFIGURATION);
    await node.sh(`mkdir -p ${HOST_PATHS.join(' ')} ${FOLDER}/image && mount --bind / ${FOLDER}/image`);
    await containers.command(`setsid containerd -c ${FOLDER}/config.toml > ${FOLDER}/log 2>&1 < /dev/null &`);
    await eventually(() => containers.ctr('version'));
    return containers;
  }

  /** Starts a container whose image is the node's own root, and whose output goes to a file of the node. */
  async run(name: string, command: readonly string[], log: string): Promise<void> {
    const mounts = HOST_PATHS.map((path) => `--mount type=bind,src=${path},dst=${path},options=rbind:rslave:rw`);
    const options = [
      '--detach',
      '--privileged',
      '--net-host',
      '--with-ns pid:/proc/1/ns/pid',
      '--env PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
      `--log-uri file://${log}`,
    ];
    await this.ctr(
      `run ${[...options, ...mounts].join(' ')} --rootfs ${FOLDER}/image ${name} ${command.map(shellQuote).join(' ')}`,
    );
  }

  /** The output of a command in a running container. */
  exec(name: string, command: string): Promise<string> {
    return this.ctr(`task exec --exec-id probe ${name} /bin/sh -c ${shellQuote(command)}`);
  }

  /** Kills a container's process, and removes the container. */
  async kill(name: string): Promise<void> {
    await this.ctr(`task kill --signal SIGKILL ${name}`);
    await eventually(() => this.ctr(`task rm ${name}`));
    await this.ctr(`container rm ${name}`);
  }

  private ctr(command: string): Promise<string> {
    return this.command(`ctr --address ${FOLDER}/socket ${command}`);
  }

  private command(command: string): Promise<string> {
    return this.node.sh(`PATH=$PATH:${PACKAGES}/usr/bin:${PACKAGES}/usr/sbin; export PATH; ${command}`);
  }
}
