// Makes the certificate authority, the certificates and the service account keys of one control plane.
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { outputOf, runCommand } from './command.js';
import { ControlPlaneError } from './errors.js';

interface Certificate {
  readonly name: string;
  readonly subject: string;
  readonly usage: 'clientAuth' | 'serverAuth' | 'serverAuth,clientAuth';
  readonly alternativeNames?: string;
}

/** 10.0.2.2 is what a QEMU guest calls its host, 10.96.0.1 the API's service address. */
const CERTIFICATES: readonly Certificate[] = [
  {
    name: 'apiserver',
    subject: '/CN=kube-apiserver',
    usage: 'serverAuth',
    alternativeNames:
      'DNS:localhost,DNS:kubernetes,DNS:kubernetes.default,DNS:kubernetes.default.svc,' +
      'DNS:kubernetes.default.svc.cluster.local,IP:127.0.0.1,IP:10.0.2.2,IP:10.96.0.1',
  },
  { name: 'etcd', subject: '/CN=etcd', usage: 'serverAuth,clientAuth', alternativeNames: 'DNS:localhost,IP:127.0.0.1' },
  { name: 'admin', subject: '/O=system:masters/CN=admin', usage: 'clientAuth' },
];

async function openssl(args: readonly string[]): Promise<void> {
  outputOf(`openssl ${args[0] ?? ''}`, await runCommand('openssl', args));
}

async function requireOpenssl3(): Promise<void> {
  const version = outputOf('openssl version', await runCommand('openssl', ['version']));
  if (!/^OpenSSL ([3-9]|\d\d)\./.test(version)) {
    throw new ControlPlaneError('MISSING_TOOL', `OpenSSL 3 or newer is needed, found: ${version.trim()}`);
  }
}

/** A configuration of our own: the machine's openssl.cnf would make every self-signed certificate an authority. */
function configuration(extensions: readonly string[]): string {
  return ['[req]', 'distinguished_name = name', 'x509_extensions = extensions', '[name]', '[extensions]', ...extensions]
    .map((line) => `${line}\n`)
    .join('');
}

async function issue(
  folder: string,
  name: string,
  subject: string,
  extensions: readonly string[],
  signer: readonly string[],
): Promise<void> {
  const settings = join(folder, `${name}.cnf`);
  writeFileSync(settings, configuration(extensions));
  await openssl([
    ...['req', '-x509', '-config', settings, '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'],
    ...['-days', '365', '-subj', subject, ...signer],
    ...['-keyout', join(folder, `${name}.key`), '-out', join(folder, `${name}.crt`)],
  ]);
}

async function makeAll(folder: string): Promise<void> {
  await issue(folder, 'ca', '/CN=scst-test-ca', ['basicConstraints = critical,CA:true', 'keyUsage = keyCertSign'], []);
  const signer = ['-CA', join(folder, 'ca.crt'), '-CAkey', join(folder, 'ca.key')];
  for (const { name, subject, usage, alternativeNames } of CERTIFICATES) {
    const names = alternativeNames === undefined ? [] : [`subjectAltName = ${alternativeNames}`];
    const extensions = ['basicConstraints = critical,CA:false', `extendedKeyUsage = ${usage}`, ...names];
    await issue(folder, name, subject, extensions, signer);
  }
  const key = join(folder, 'sa.key');
  await openssl(['genpkey', '-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-256', '-out', key]);
  await openssl(['pkey', '-in', key, '-pubout', '-out', join(folder, 'sa.pub')]);
}

/**
 * The folder with `ca`, `apiserver`, `etcd` and `admin` (`.crt`, `.key`) and `sa.key`, `sa.pub` under `directory`.
 * One that is there already is kept, so that kubeconfigs and tokens of an earlier run in the same directory stay good.
 */
export async function ensureCertificates(directory: string): Promise<string> {
  const folder = join(directory, 'pki');
  if (existsSync(folder)) {
    return folder;
  }
  await requireOpenssl3();
  // Renamed when complete: an interrupted run must not leave a folder that looks finished.
  const partial = `${folder}.partial`;
  rmSync(partial, { recursive: true, force: true });
  mkdirSync(partial, { recursive: true, mode: 0o700 });
  await makeAll(partial);
  renameSync(partial, folder);
  return folder;
}
