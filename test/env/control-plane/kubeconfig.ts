// Writes kubeconfig files that hold all they need, so that a copy in a guest works too.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';

export type Credentials = { readonly token: string } | { readonly certificateFile: string; readonly keyFile: string };

export interface KubeconfigContent {
  readonly directory: string;
  /** Of the file, `NAME.kubeconfig`, and of the user in it. */
  readonly name: string;
  readonly server: string;
  readonly authorityFile: string;
  readonly credentials: Credentials;
  readonly namespace: string;
}

function user(credentials: Credentials): Record<string, string> {
  if ('token' in credentials) {
    return { token: credentials.token };
  }
  return {
    'client-certificate-data': readFileSync(credentials.certificateFile).toString('base64'),
    'client-key-data': readFileSync(credentials.keyFile).toString('base64'),
  };
}

/** Answers the file's path; only its owner may read it. */
export function writeKubeconfigFile(content: KubeconfigContent): string {
  const path = join(content.directory, `${content.name}.kubeconfig`);
  const authority = readFileSync(content.authorityFile).toString('base64');
  const document = {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'test',
    clusters: [{ name: 'test', cluster: { server: content.server, 'certificate-authority-data': authority } }],
    users: [{ name: content.name, user: user(content.credentials) }],
    contexts: [{ name: 'test', context: { cluster: 'test', user: content.name, namespace: content.namespace } }],
  };
  writeFileSync(path, stringify(document), { mode: 0o600 });
  return path;
}
