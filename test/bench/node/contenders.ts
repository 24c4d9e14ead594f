// What is compared: disks of the same size on files of the same tmpfs, each in its own SCSI host of one node.
import { join } from 'node:path';
import { shellQuote, type TestNode } from '../../env/node/index.js';
import { eventually } from '../../env/stack/eventually.js';
import { startAgent, startDetached } from '../../env/stack/node-processes.js';

/** The only directory that the agent allows by default; a tmpfs on a node without a data disk. */
const DIRECTORY = '/var/lib/scst';
const CONFIGFS = '/sys/kernel/config/target';
const BLOCK_SIZE = 512;
/** Slow under emulation, slower while the host is busy. */
const START_MS = 300_000;

/** Moves no data, so it is no disk. */
export const RING_ALONE = 'ring alone';

export interface Contender {
  readonly name: string;
  /** For the table: what was measured, in a few words. */
  readonly note: string;
  /** Makes the disk; resolves with its block device, such as /dev/sda. */
  start(node: TestNode, sizeMiB: number): Promise<string>;
}

/** Folders on the host, which the guest sees too. */
export interface ContenderFiles {
  /** Holds minimal-engine. */
  build: string;
  /** The files of the packages that setup.sh got. */
  packages: string;
}

export function contenders({ build, packages }: ContenderFiles): Contender[] {
  return [lioFileio, tcmuRunner(packages), minimalEngine(build), ringAlone(build), scst];
}

const lioFileio: Contender = {
  name: 'LIO fileio',
  note: 'in the kernel, buffered',
  start: async (node, sizeMiB) => {
    const file = await makeFile(node, 'lio', sizeMiB);
    const backstore = `${CONFIGFS}/core/fileio_90/bench`;
    const control = `fd_dev_name=${file},fd_dev_size=${sizeMiB * 1048576},fd_buffered_io=1`;
    await node.sh(`mkdir -p ${backstore} && printf ${control} > ${backstore}/control && echo 1 > ${backstore}/enable`);
    return exposeLun(node, backstore, 'a1');
  },
};

/** Debian's package has no handler for plain files; its qcow handler on a preallocated image comes nearest. */
function tcmuRunner(packages: string): Contender {
  return {
    name: 'tcmu-runner',
    note: 'qcow handler on a preallocated image: Debian’s package has none for plain files',
    start: async (node, sizeMiB) => {
      const libraries = ['usr/lib', 'lib'].map((folder) => join(packages, folder, 'x86_64-linux-gnu')).join(':');
      const image = `${DIRECTORY}/bench-tcmu-runner.qcow2`;
      const handlers = join(packages, 'usr/lib/x86_64-linux-gnu/tcmu-runner');
      const environment = `LD_LIBRARY_PATH=${libraries}`;
      await node.sh(
        'mkdir -p /run/dbus /etc/tcmu && touch /etc/tcmu/tcmu.conf && dbus-daemon --system --fork && ' +
          `${environment} ${packages}/usr/bin/qemu-img create -q -f qcow2 -o preallocation=full ${image} ${sizeMiB}M`,
      );
      const runner = [`${packages}/usr/bin/tcmu-runner`, `--handler-path=${handlers}`, '--tcmu-log-dir=/run'];
      await startDetached(node, ['env', environment, ...runner], '/dev/null');
      await eventually(() => node.sh('grep -q "Handler qcow is registered" /run/tcmu-runner.log'), START_MS);
      const backstore = await tcmuBackstore(node, 'runner', [`dev_config=qcow/${image}`], sizeMiB);
      return exposeLun(node, backstore, 'a2');
    },
  };
}

function minimalEngine(build: string): Contender {
  return {
    name: 'minimal C engine',
    note: 'one thread, preadv and pwritev, nothing else: the ceiling of a plain ring engine',
    start: (node, sizeMiB) => startMinimalEngine(node, sizeMiB, { build, name: 'minimal', id: 'a3', more: [] }),
  };
}

function ringAlone(build: string): Contender {
  return {
    name: RING_ALONE,
    note: 'the C engine answering at once, without a system call for the data: what the kernel’s way through a ring takes',
    start: (node, sizeMiB) => startMinimalEngine(node, sizeMiB, { build, name: 'alone', id: 'a4', more: ['nothing'] }),
  };
}

async function startMinimalEngine(
  node: TestNode,
  sizeMiB: number,
  { build, name, id, more }: { build: string; name: string; id: string; more: readonly string[] },
): Promise<string> {
  const file = await makeFile(node, name, sizeMiB);
  const backstore = await tcmuBackstore(node, name, ['dev_config=bench,nl_reply_supported=-1'], sizeMiB);
  const log = `/run/${name}.log`;
  await startDetached(
    node,
    [`${build}/minimal-engine`, `tcm-user/90/${name}/bench`, file, String(BLOCK_SIZE), ...more],
    log,
  );
  await eventually(() => node.sh(`grep -q attached ${log}`), START_MS);
  return exposeLun(node, backstore, id);
}

const scst: Contender = {
  name: 'SCST Local',
  note: 'vdiskFileio, engine tcmu',
  start: async (node, sizeMiB) => {
    await node.sh('mkdir -p /etc/scst/manifests');
    await node.write('/etc/scst/manifests/bench.yaml', manifests(node.name, sizeMiB));
    await startAgent(node, ['--manifests', '/etc/scst/manifests']);
    const path = '/dev/scst/bench/bench/lun0';
    await eventually(() => node.sh(`test -b ${path}`), START_MS);
    return (await node.sh(`readlink -f ${path}`)).trim();
  },
};

function manifests(nodeName: string, sizeMiB: number): string {
  const object = (kind: string, spec: object): string =>
    JSON.stringify({ apiVersion: 'scst.dev/v1alpha1', kind, metadata: { name: 'bench' }, spec });
  return [
    object('ScstDevice', { vdiskFileio: { filename: `${DIRECTORY}/bench-scst.img`, size: `${sizeMiB}Mi` } }),
    object('ScstTarget', { nodeName }),
    object('ScstSession', { target: 'bench' }),
    object('ScstLun', { target: 'bench', lun: 0, device: 'bench' }),
  ].join('\n---\n');
}

async function makeFile(node: TestNode, name: string, sizeMiB: number): Promise<string> {
  const file = `${DIRECTORY}/bench-${name}.img`;
  await node.sh(`mkdir -p ${DIRECTORY} && truncate -s ${sizeMiB}M ${file}`);
  return file;
}

/** With the settings by which a ring engine is fastest, as our agent makes them. */
async function tcmuBackstore(node: TestNode, name: string, own: string[], sizeMiB: number): Promise<string> {
  const backstore = `${CONFIGFS}/core/user_90/${name}`;
  const control = [
    ...own,
    `dev_size=${sizeMiB * 1048576},hw_block_size=${BLOCK_SIZE},hw_max_sectors=2048`,
    'data_pages_per_blk=32,max_data_area_mb=64,cmd_ring_size_mb=1',
  ];
  await node.sh(
    `mkdir -p ${backstore} && for c in ${control.join(' ')}; do printf $c > ${backstore}/control || exit 1; done && ` +
      `timeout 60 sh -c ${shellQuote(`echo 1 > ${backstore}/enable`)}`,
  );
  return backstore;
}

/** A SCSI host of its own with the backstore as LUN 0; resolves with the block device. */
async function exposeLun(node: TestNode, backstore: string, id: string): Promise<string> {
  const tpg = `${CONFIGFS}/loopback/naa.50000000000000${id}/tpgt_1`;
  await node.sh(
    `mkdir -p ${tpg} && printf naa.60000000000000${id} > ${tpg}/nexus && mkdir ${tpg}/lun/lun_0 && ` +
      `ln -s ${backstore} ${tpg}/lun/lun_0/bench`,
    { timeoutMs: START_MS },
  );
  const find = `a=$(cat ${tpg}/address); ls /sys/class/scsi_device/$a:0/device/block`;
  return eventually(async () => `/dev/${(await node.sh(find)).trim()}`, START_MS);
}
