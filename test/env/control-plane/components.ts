// How etcd and kube-apiserver are started, and how each tells that it is ready.
import { readFileSync } from 'node:fs';
import { get } from 'node:https';
import { join } from 'node:path';
import { Component } from './process.js';

export interface Layout {
  readonly directory: string;
  readonly keys: string;
  readonly binaries: string;
  readonly ports: { readonly api: number; readonly etcd: number; readonly etcdPeer: number };
}

export function startEtcd({ directory, keys, binaries, ports }: Layout): Component {
  const client = `https://127.0.0.1:${ports.etcd}`;
  const peer = `http://127.0.0.1:${ports.etcdPeer}`;
  const args = [
    '--name=test',
    `--data-dir=${join(directory, 'etcd')}`,
    // The data outlives a stop, but not the machine: nothing to wait for the disk for.
    '--unsafe-no-fsync',
    '--log-level=warn',
    `--listen-client-urls=${client}`,
    `--advertise-client-urls=${client}`,
    `--listen-peer-urls=${peer}`,
    `--initial-advertise-peer-urls=${peer}`,
    `--initial-cluster=test=${peer}`,
    '--client-cert-auth',
    `--trusted-ca-file=${join(keys, 'ca.crt')}`,
    `--cert-file=${join(keys, 'etcd.crt')}`,
    `--key-file=${join(keys, 'etcd.key')}`,
  ];
  return new Component('etcd', join(binaries, 'etcd'), args, join(directory, 'etcd.log'));
}

export function startKubeApiServer({ directory, keys, binaries, ports }: Layout): Component {
  const issuer = 'https://kubernetes.default.svc';
  const args = [
    '--bind-address=127.0.0.1',
    `--secure-port=${ports.api}`,
    // Only written into the endpoints of kubernetes.default, where loopback isn't allowed: the host as a guest sees it.
    '--advertise-address=10.0.2.2',
    `--etcd-servers=https://127.0.0.1:${ports.etcd}`,
    `--etcd-cafile=${join(keys, 'ca.crt')}`,
    `--etcd-certfile=${join(keys, 'etcd.crt')}`,
    `--etcd-keyfile=${join(keys, 'etcd.key')}`,
    `--tls-cert-file=${join(keys, 'apiserver.crt')}`,
    `--tls-private-key-file=${join(keys, 'apiserver.key')}`,
    `--client-ca-file=${join(keys, 'ca.crt')}`,
    '--authorization-mode=Node,RBAC',
    // The second as some distributions have it: it asks for a permission to set an owner (operator-07).
    '--enable-admission-plugins=NodeRestriction,OwnerReferencesPermissionEnforcement',
    '--anonymous-auth=false',
    '--allow-privileged=true',
    `--service-account-issuer=${issuer}`,
    `--api-audiences=${issuer}`,
    `--service-account-signing-key-file=${join(keys, 'sa.key')}`,
    `--service-account-key-file=${join(keys, 'sa.pub')}`,
    '--service-cluster-ip-range=10.96.0.0/16',
    '--endpoint-reconciler-type=master-count',
    '--profiling=false',
  ];
  return new Component('kube-apiserver', join(binaries, 'kube-apiserver'), args, join(directory, 'kube-apiserver.log'));
}

function answersOk(keys: string, port: number, path: string, identity: 'admin' | 'etcd'): Promise<boolean> {
  return new Promise((resolve) => {
    const request = get(
      {
        host: '127.0.0.1',
        port,
        path,
        ca: readFileSync(join(keys, 'ca.crt')),
        cert: readFileSync(join(keys, `${identity}.crt`)),
        key: readFileSync(join(keys, `${identity}.key`)),
        agent: false,
        timeout: 5000,
      },
      (response) => {
        response.resume();
        response.once('close', () => resolve(response.statusCode === 200));
      },
    );
    request.once('timeout', () => request.destroy(new Error('no answer')));
    request.once('error', () => resolve(false));
  });
}

export function etcdIsReady({ keys, ports }: Layout): Promise<boolean> {
  return answersOk(keys, ports.etcd, '/health', 'etcd');
}

/** Ready, and the default namespace is there, which the API server makes by itself a moment later. */
export async function kubeApiServerIsReady({ keys, ports }: Layout): Promise<boolean> {
  return (
    (await answersOk(keys, ports.api, '/readyz', 'admin')) &&
    (await answersOk(keys, ports.api, '/api/v1/namespaces/default', 'admin'))
  );
}
