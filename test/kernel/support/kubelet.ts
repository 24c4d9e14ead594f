// A kubelet on a test node, without a cluster: static pods on Debian's containerd, both as services of the node's systemd.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { findBinaries } from '../../env/control-plane/binaries.js';
import { shellQuote, type TestNode } from '../../env/node/index.js';
import { eventually } from '../../env/stack/eventually.js';
import { ROOT } from '../../env/stack/paths.js';
import { HOST_PATHS, PACKAGES } from './containers.js';

const FOLDER = '/run/kubelet-test';
const SOCKET = `${FOLDER}/containerd.sock`;
const PODS = `${FOLDER}/pods`;
const IMAGE = 'node.test/busybox:1';
/** On a busy machine. */
const START_MS = 120_000;
/** Of a container that does nothing but end when it is told to: process 1 gets no signal that it doesn't wait for. */
export const IDLE = 'trap "exit 0" TERM; while :; do sleep 1000 & wait; done';
/** Where the node's programs are; the image has nothing but busybox, and links to them. */
const PROGRAM_PATHS = [...new Set(['/usr', '/etc', dirname(process.execPath), ROOT])].filter(
  (path) => path === '/usr' || !path.startsWith('/usr/'),
);

const CONTAINERD = `version = 2
root = "${FOLDER}/root"
state = "${FOLDER}/state"
[grpc]
address = "${SOCKET}"
[plugins."io.containerd.grpc.v1.cri"]
sandbox_image = "${IMAGE}"
`;
const KUBELET = `apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
authentication: {anonymous: {enabled: true}, webhook: {enabled: false}}
authorization: {mode: AlwaysAllow}
staticPodPath: ${PODS}
containerRuntimeEndpoint: unix://${SOCKET}
cgroupDriver: cgroupfs
failSwapOn: false
makeIPTablesUtilChains: false
`;

export interface PodContainer {
  readonly name: string;
  /** Run by sh. */
  readonly script: string;
  /** Of the node, at the same paths; the programs' are added. */
  readonly paths: readonly string[];
}

export class Kubelet {
  private constructor(private readonly node: TestNode) {}

  /** The node needs systemd as process 1. */
  static async start(node: TestNode): Promise<Kubelet> {
    const kubelet = new Kubelet(node);
    const path = `PATH=/usr/sbin:/usr/bin:/sbin:/bin:${PACKAGES}/usr/bin:${PACKAGES}/usr/sbin`;
    await node.write(`${FOLDER}/containerd.toml`, CONTAINERD);
    await node.write(`${FOLDER}/kubelet.yaml`, KUBELET);
    await node.write(`${FOLDER}/image.tar`, image());
    await node.sh(`mkdir -p ${PODS} ${HOST_PATHS.filter((path) => !path.startsWith('/sys/')).join(' ')}`);
    // UML doesn't say how fast its processor is, and the kubelet won't start without.
    const cpuinfo = `${FOLDER}/cpuinfo`;
    await node.sh(
      `sed 's/^mode.*/cpu MHz : 1000.0/' /proc/cpuinfo > ${cpuinfo} && mount --bind ${cpuinfo} /proc/cpuinfo`,
    );
    // KillMode as in the units that the two projects ship: containers outlive their runtime.
    await kubelet.service('containerd', `${PACKAGES}/usr/bin/containerd -c ${FOLDER}/containerd.toml`, [
      `Environment=${path}`,
      'KillMode=process',
      'Delegate=yes',
    ]);
    await eventually(() => kubelet.ctr(`images import ${FOLDER}/image.tar`), START_MS);
    const program = join(await findBinaries(['kubelet']), 'kubelet');
    await kubelet.service('kubelet', `${program} --config ${FOLDER}/kubelet.yaml --root-dir ${FOLDER}/kubelet`, []);
    return kubelet;
  }

  /** Starts a privileged pod in the node's network and PID namespace, and waits until its containers run. */
  async run(name: string, containers: readonly PodContainer[]): Promise<void> {
    const pod = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name, namespace: 'default' },
      spec: {
        hostNetwork: true,
        hostPID: true,
        containers: containers.map(({ name: container, script, paths }) => ({
          name: container,
          image: IMAGE,
          imagePullPolicy: 'Never',
          command: ['/busybox', 'sh', '-c', script],
          env: [{ name: 'PATH', value: `${dirname(process.execPath)}:/usr/sbin:/usr/bin:/sbin:/bin` }],
          securityContext: { privileged: true },
          volumeMounts: [...PROGRAM_PATHS, ...paths].map((path) => ({
            name: volumeName(path),
            mountPath: path,
            mountPropagation: 'HostToContainer',
            readOnly: PROGRAM_PATHS.includes(path),
          })),
        })),
        volumes: [...new Set([...PROGRAM_PATHS, ...containers.flatMap(({ paths }) => paths)])].map((path) => ({
          name: volumeName(path),
          hostPath: { path },
        })),
      },
    };
    await this.node.write(`${PODS}/${name}.json`, JSON.stringify(pod));
    for (const { name: container } of containers) await eventually(() => this.isRunning(name, container), START_MS);
  }

  private async isRunning(pod: string, container: string): Promise<void> {
    const filter = `labels."io.kubernetes.pod.name"==${pod}-${this.node.name},labels."io.kubernetes.container.name"==${container}`;
    const id = (await this.ctr(`containers ls -q ${shellQuote(filter)}`)).trim();
    const tasks = await this.ctr('tasks ls');
    if (id === '' || !tasks.split('\n').some((line) => line.startsWith(id) && line.includes('RUNNING')))
      throw new Error(`${pod}/${container} doesn't run:\n${tasks}${await this.log()}`);
  }

  private log(): Promise<string> {
    return this.node.sh(`tail -n 30 ${FOLDER}/kubelet.log; tail -n 20 /var/log/pods/*/*/*.log 2>/dev/null || true`);
  }

  private async service(name: string, command: string, more: readonly string[]): Promise<void> {
    const log = `append:${FOLDER}/${name}.log`;
    const lines = ['[Service]', `ExecStart=${command}`, `StandardOutput=${log}`, 'StandardError=inherit', ...more];
    await this.node.write(`/run/systemd/system/${name}.service`, `${lines.join('\n')}\n`);
    await this.node.sh(`systemctl daemon-reload && systemctl start ${name}`);
  }

  private ctr(command: string): Promise<string> {
    return this.node.sh(`${PACKAGES}/usr/bin/ctr --address ${SOCKET} --namespace k8s.io ${command}`);
  }
}

function volumeName(path: string): string {
  return `path${path.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-')}`.slice(0, 63).replace(/-$/, '');
}

/** An image of busybox alone, as `docker save` makes one. */
function image(): Buffer {
  const folder = mkdtempSync(join(tmpdir(), 'scst-image-'));
  const tar = (root: string, output: string, names: readonly string[]) =>
    execFileSync('tar', ['-C', root, '-cf', join(folder, output), ...names]);
  try {
    const root = join(folder, 'root');
    mkdirSync(root);
    copyFileSync('/bin/busybox', join(root, 'busybox'));
    for (const name of ['bin', 'sbin', 'lib', 'lib64']) symlinkSync(`usr/${name}`, join(root, name));
    tar(root, 'layer.tar', ['.']);
    const digest = createHash('sha256')
      .update(readFileSync(join(folder, 'layer.tar')))
      .digest('hex');
    const config = {
      architecture: 'amd64',
      os: 'linux',
      config: { Cmd: ['/busybox', 'sh', '-c', IDLE.replaceAll('sleep', '/busybox sleep')] },
      rootfs: { type: 'layers', diff_ids: [`sha256:${digest}`] },
    };
    writeFileSync(join(folder, 'config.json'), JSON.stringify(config));
    const manifest = [{ Config: 'config.json', RepoTags: [IMAGE], Layers: ['layer.tar'] }];
    writeFileSync(join(folder, 'manifest.json'), JSON.stringify(manifest));
    tar(folder, 'image.tar', ['manifest.json', 'config.json', 'layer.tar']);
    return readFileSync(join(folder, 'image.tar'));
  } finally {
    rmSync(folder, { recursive: true });
  }
}
