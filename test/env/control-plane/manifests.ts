// The objects that a controller-manager, a scheduler and a kubelet would have made, as manifests.

/** What a kubelet registers. */
export function nodeManifest(name: string, labels: Readonly<Record<string, string>>): object {
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name, labels: { 'kubernetes.io/hostname': name, 'kubernetes.io/os': 'linux', ...labels } },
  };
}

export function namespaceManifest(name: string): object {
  return { apiVersion: 'v1', kind: 'Namespace', metadata: { name } };
}

export function serviceAccountManifest(namespace: string, name: string): object {
  return { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name, namespace } };
}

export interface BoundPod {
  readonly namespace: string;
  readonly podName: string;
  readonly nodeName: string;
  readonly serviceAccount: string;
}

/** A Pod that is on its node from the start; nothing runs it, it is what a token is bound to. */
export function podManifest({ namespace, podName, nodeName, serviceAccount }: BoundPod): object {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: podName, namespace },
    spec: {
      nodeName,
      serviceAccountName: serviceAccount,
      automountServiceAccountToken: false,
      containers: [{ name: 'main', image: 'localhost/never-run:1' }],
    },
  };
}
